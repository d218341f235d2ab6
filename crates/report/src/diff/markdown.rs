//! A difference as a comment on a pull request.

use std::fmt::Write;

use podfence_analysis::diff::{Change, Difference, Scope};

use super::phrases::{Told, host, label, objects, remark, summary, whose};
use super::reasons::because;
use crate::foreign::markdown as markdown_text;
use crate::ports;

/// Changes that are shown before the rest is folded away.
const SHOWN: usize = 12;
/// Changes of a scope that are written at all: a comment has a limit of its own.
const WRITTEN: usize = 200;

/// A difference as GitHub-flavoured Markdown: a table of what changes, long lists folded away.
pub fn markdown(difference: &Difference<'_>) -> String {
    let told = Told::new(difference);
    if difference.is_empty() {
        let folded = objects_text(difference);
        return format!(
            "**Network policies: nothing changes.** Every connection is judged as before.\n{folded}"
        );
    }
    let mut text = format!("**Network policies: {}**\n", summary(difference));
    for change in &difference.hosts {
        let (label, words) = host(change);
        let _ = write!(text, "\n- **{label}** {}", markdown_text(&words));
    }
    if !difference.hosts.is_empty() {
        text.push('\n');
    }
    let existing: Vec<&Change> = difference.in_scope(Scope::Existing).collect();
    let (shown, folded) = existing.split_at(existing.len().min(SHOWN));
    if !shown.is_empty() {
        text.push('\n');
        text += &table(&told, shown);
    }
    text += &details(&told, &format!("{} more", folded.len()), folded);
    for scope in [Scope::New, Scope::Gone] {
        let changes: Vec<&Change> = difference.in_scope(scope).collect();
        let title = format!("Connections of {}: {}", whose(difference, scope), changes.len());
        text += &details(&told, &title, &changes);
    }
    text + &objects_text(difference)
}

fn details(told: &Told<'_>, title: &str, changes: &[&Change]) -> String {
    let left = changes.len().saturating_sub(WRITTEN);
    let more = if left > 0 { format!("\nand {left} more; `-o json` has them all\n") } else { String::new() };
    let written = &changes[..changes.len() - left];
    if written.is_empty() { String::new() } else { folded(title, &(table(told, written) + &more)) }
}

fn folded(title: &str, body: &str) -> String {
    format!("\n<details><summary>{title}</summary>\n\n{body}\n</details>\n")
}

fn table(told: &Told<'_>, changes: &[&Change]) -> String {
    let mut text = "|  | from | to | ports | because |\n|---|---|---|---|---|\n".to_owned();
    for change in changes {
        let [from, to] = told.sides(change);
        let ports = format!("{}{}", ports::text(&change.ports), remark(change));
        let reasons = because(told.difference, change);
        let reasons: Vec<String> = reasons.iter().map(|reason| markdown_text(reason)).collect();
        let [from, to, ports] = [from, to, ports].map(|cell| markdown_text(&cell));
        let cells = [format!("**{}**", label(change)), from, to, ports, reasons.join("<br>")];
        // Writing to a string cannot fail.
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
    text
}

fn objects_text(difference: &Difference<'_>) -> String {
    let mut list = String::new();
    for (fate, names) in objects(difference) {
        let _ = writeln!(list, "- {fate}: {}", markdown_text(&names.join(", ")));
    }
    if list.is_empty() { list } else { folded("Objects", &list) }
}
