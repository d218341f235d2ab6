//! A frozen world as a file of expectations.

use podfence_analysis::expect::{Frozen, FrozenReach};

const HEAD: &str = "\
# Who reaches whom, as `podfence test --freeze` found it. Every end reaches what is listed, and nothing else:
# `podfence test THIS-FILE -f MANIFESTS` fails when anything opens or closes. Who is new reaches no more than
# what is listed for `*` and `NAMESPACE/*`, if that fits, and otherwise nobody.
podfence: expectations/v1
expect:
";

/// The file.
pub fn yaml(frozen: &Frozen) -> String {
    let mut text = HEAD.to_owned();
    for claim in &frozen.claims {
        text.push_str("  - exactly:\n");
        field(&mut text, 6, "from", &claim.from);
        if let Some(family) = claim.family {
            line(&mut text, 6, &format!("family: {family}"));
        }
        list(&mut text, "reaches", &claim.reaches);
        if !claim.undecided.is_empty() {
            line(&mut text, 6, "# these hang on facts that the manifests do not state");
            list(&mut text, "undecided", &claim.undecided);
        }
    }
    text.push_str("  - hostNetwork:\n");
    match frozen.on_host.as_slice() {
        [] => line(&mut text, 6, "pods: []"),
        pods => field(&mut text, 6, "pods", pods),
    }
    text
}

fn list(text: &mut String, name: &str, reaches: &[FrozenReach]) {
    if reaches.is_empty() {
        return line(text, 6, &format!("{name}: []"));
    }
    line(text, 6, &format!("{name}:"));
    for reach in reaches {
        let before = text.len();
        field(text, 10, "to", &reach.to);
        text.replace_range(before..before + 10, "        - ");
        if !reach.ports.is_empty() {
            field(text, 10, "ports", &reach.ports);
        }
    }
}

/// One word on the line of its field, a few as a list on one line, many on lines of their own.
fn field(text: &mut String, indent: usize, name: &str, words: &[String]) {
    let quoted: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    let on_one_line = format!("{name}: [{}]", quoted.join(", "));
    match quoted.as_slice() {
        [one] => line(text, indent, &format!("{name}: {one}")),
        _ if indent + on_one_line.len() <= 100 => line(text, indent, &on_one_line),
        many => {
            line(text, indent, &format!("{name}:"));
            for word in many {
                line(text, indent + 2, &format!("- {word}"));
            }
        }
    }
}

fn line(text: &mut String, indent: usize, content: &str) {
    text.push_str(&" ".repeat(indent));
    text.push_str(content);
    text.push('\n');
}

/// A word as YAML reads it back: quoted where it could be taken for something else.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/-._* ".contains(c);
    let begins = word.starts_with(|c: char| c.is_ascii_alphanumeric());
    let is_text = word.contains(['/', ' ']) || word.chars().all(|c| c.is_ascii_alphabetic());
    if begins && is_text && word.chars().all(plain) { word.to_owned() } else { format!("\"{word}\"") }
}
