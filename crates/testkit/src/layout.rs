//! One text in many layouts: manifests that say the same as people write it.
//!
//! Takes what [`crate::describe`] writes, whose lists and mappings have a line for each item and field, and draws comments behind
//! dashes and at the ends of lines, items that begin below their dash, empty lines, quotes, and lists in the column of their key.

use fastrand::Rng;

use crate::generate::draw::Draw;

/// The text in another layout. Whatever is drawn, it says the same.
pub fn drawn(text: &str, rng: &mut Rng) -> String {
    // Some authors never do it, some nearly always.
    let zeal = *rng.pick(&[0, 10, 60]);
    let mut lines = Vec::new();
    for line in text.lines() {
        if line.starts_with("---") || line.starts_with('#') {
            lines.push(line.to_owned());
            continue;
        }
        if rng.chance(zeal / 2) {
            let margin = " ".repeat(rng.usize(0..12));
            lines.push(rng.pick(&[String::new(), format!("{margin}# note")]).clone());
        }
        let line = quoted(line, zeal, rng);
        let indent = line.len() - line.trim_start().len();
        match line.trim_start().strip_prefix("- ").filter(|_| rng.chance(zeal)) {
            Some(item) if item != "{}" => {
                let dash = rng.pick(&["-", "- # why", "-   # - port: 1"]);
                lines.push(format!("{:indent$}{dash}", ""));
                lines.extend(rng.chance(20).then(|| "# between".to_owned()));
                lines.push(format!("{:indent$}  {item}", ""));
            }
            _ => lines.push(line),
        }
        if rng.chance(zeal / 2)
            && let Some(last) = lines.last_mut()
        {
            last.push_str(rng.pick::<&str>(&["  # so", " # a: b", "   "]));
        }
    }
    lines.join("\n") + *rng.pick::<&str>(&["\n", "", "\n\n# end\n"])
}

/// A line whose key may be in quotes.
fn quoted(line: &str, zeal: u32, rng: &mut Rng) -> String {
    let start = line.len() - line.trim_start_matches([' ', '-']).len();
    match line[start..].split_once(':') {
        Some((key, rest)) if key.chars().all(char::is_alphanumeric) && rng.chance(zeal / 3) => {
            format!("{}\"{key}\":{rest}", &line[..start])
        }
        _ => line.to_owned(),
    }
}
