//! [`Suite`]s in the Test Anything Protocol, version 14: a line for each case, and a YAML block where there is more to say.
//!
//! Source of the rules: the TAP 14 specification. Names may hold anything: `#` and `\` are escaped, line ends and control
//! characters become spaces. A suite is a comment before its cases.

use std::fmt::Write;

use crate::results::{Case, Status, Suite, Trouble};

/// All suites as one stream of cases, numbered through.
pub fn tap(suites: &[Suite]) -> String {
    let total: usize = suites.iter().map(|suite| suite.cases.len()).sum();
    let mut out = format!("TAP version 14\n1..{total}\n");
    let mut number = 0;
    for suite in suites {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "# {}", one_line(&suite.name));
        for case in &suite.cases {
            number += 1;
            out += &point(number, case);
        }
    }
    out
}

fn point(number: usize, case: &Case) -> String {
    let verdict = match case.status {
        Status::Passed | Status::Skipped(_) => "ok",
        Status::Failed(_) | Status::Error(_) => "not ok",
    };
    let name = escaped(&case.name);
    let rest = match &case.status {
        Status::Passed => "\n".to_owned(),
        Status::Skipped(reason) => format!(" # SKIP {}\n", escaped(reason)),
        Status::Failed(trouble) => format!("\n{}", block("fail", case, trouble)),
        Status::Error(trouble) => format!("\n{}", block("error", case, trouble)),
    };
    format!("{verdict} {number} - {name}{rest}")
}

/// The YAML block below a case that did not pass.
fn block(severity: &str, case: &Case, trouble: &Trouble) -> String {
    let mut lines = vec![
        "---".to_owned(),
        format!("message: {}", quoted(&trouble.message)),
        format!("severity: {severity}"),
        format!("kind: {}", quoted(&trouble.kind)),
    ];
    if let Some((file, line)) = &case.place {
        lines.push(format!("at: {{file: {}, line: {line}}}", quoted(file)));
    }
    if trouble.details.lines().all(|line| !line.contains(is_odd)) && !trouble.details.is_empty() {
        // The width is stated, for the first line may begin with spaces of its own.
        lines.push("details: |2".to_owned());
        lines.extend(trouble.details.lines().map(|line| format!("  {line}")));
    } else if !trouble.details.is_empty() {
        lines.push(format!("details: {}", quoted(&trouble.details)));
    }
    lines.push("...".to_owned());
    let indented = lines.iter().map(|line| format!("  {line}").trim_end().to_owned() + "\n");
    indented.collect()
}

/// Text in double quotes: a JSON text is one of YAML's, but YAML wants more control characters escaped.
fn quoted(text: &str) -> String {
    let json = serde_json::Value::from(text).to_string();
    let escape = |c: char| if is_odd(c) { format!("\\u{:04x}", u32::from(c)) } else { c.to_string() };
    json.chars().map(escape).collect()
}

/// Whether a character may end a line or may not stand in YAML at all.
fn is_odd(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if is_odd(c) { ' ' } else { c }).collect()
}

/// Behind an unescaped `#` a reader looks for a directive.
fn escaped(text: &str) -> String {
    one_line(text).replace('\\', "\\\\").replace('#', "\\#")
}
