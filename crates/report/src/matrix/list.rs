//! The table for spreadsheets and for pull requests.

use std::fmt::Write;

use podfence_analysis::overview::Table;

use super::{cells, destination, notes};
use crate::ends;

/// Comma-separated values (RFC 4180): one line per pair of a destination's name and a source's name, and ports.
pub fn csv(table: &Table) -> String {
    let mut text = "to,ports,family,certain,from\r\n".to_owned();
    for row in &table.rows {
        for line in &row.lines {
            let family = line.family.map(|family| family.to_string()).unwrap_or_default();
            let certain = if line.certain { "yes" } else { "no" };
            for (to, from) in row.to.iter().flat_map(|to| line.from.iter().map(move |from| (to, from))) {
                let cells = [
                    ends::name(to),
                    line.ports.to_string(),
                    family.clone(),
                    certain.into(),
                    ends::name(from),
                ];
                text.push_str(&cells.map(|cell| csv_cell(&cell)).join(","));
                text.push_str("\r\n");
            }
        }
    }
    text
}

/// A cell in quotes where it needs them. Names of objects never begin with what spreadsheets take for a formula.
fn csv_cell(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

/// A Markdown table, one line per destination and ports.
pub fn markdown(table: &Table) -> String {
    let mut text = "| to | on | from |\n|---|---|---|\n".to_owned();
    for row in &table.rows {
        for (i, (ports, from)) in cells(row).into_iter().enumerate() {
            let to = if i == 0 { destination(row) } else { String::new() };
            let cells = [to, ports, from].map(|cell| markdown_cell(&cell));
            let _ = writeln!(text, "| {} |", cells.join(" | "));
        }
    }
    for note in notes(table) {
        let _ = writeln!(text, "\n{}", markdown_cell(&note));
    }
    text
}

fn markdown_cell(text: &str) -> String {
    let escaped = text.chars().map(|c| match c {
        '|' | '*' | '_' | '`' | '<' | '>' | '[' | ']' | '\\' => format!("\\{c}"),
        '\n' | '\r' => " ".to_owned(),
        _ => c.to_string(),
    });
    escaped.collect()
}
