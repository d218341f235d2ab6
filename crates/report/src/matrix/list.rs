//! The table for spreadsheets and for pull requests.

use std::fmt::Write;

use podfence_analysis::overview::{Exposure, Row, Table};

use super::{cells, destination, notes, sections};
use crate::{ends, foreign};

/// Comma-separated values (RFC 4180): one line per pair of a destination's name and a source's name, and ports. With an
/// exposure, a first column says which part of the answer a line belongs to: `now`, `exposed` or `sends`.
pub fn csv(table: &Table, exposure: Option<&Exposure>) -> String {
    let mut text = "to,ports,family,certain,from\r\n".to_owned();
    let Some(parts) = exposure else {
        csv_rows(&mut text, "", &table.rows);
        return text;
    };
    text.insert_str(0, "part,");
    for (part, rows) in [("now,", &table.rows), ("exposed,", &parts.rows), ("sends,", &parts.sends)] {
        csv_rows(&mut text, part, rows);
    }
    text
}

fn csv_rows(text: &mut String, start: &str, rows: &[Row]) {
    for (row, line) in rows.iter().flat_map(|row| row.lines.iter().map(move |line| (row, line))) {
        let family = line.family.map(|family| family.to_string()).unwrap_or_default();
        let certain = if line.certain { "yes" } else { "no" };
        for (to, from) in row.to.iter().flat_map(|to| line.from.iter().map(move |from| (to, from))) {
            let cells =
                [ends::name(to), line.ports.to_string(), family.clone(), certain.into(), ends::name(from)];
            let _ = write!(text, "{start}{}\r\n", cells.map(|cell| csv_cell(&cell)).join(","));
        }
    }
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
pub fn markdown(table: &Table, exposure: Option<&Exposure>) -> String {
    let mut text = String::new();
    for (title, rows) in sections(table, exposure) {
        let _ = title.map(|title| write!(text, "\n**{title}**\n\n"));
        markdown_table(&mut text, rows);
    }
    for note in notes(table, exposure) {
        let _ = writeln!(text, "\n{}", foreign::markdown(&note));
    }
    text
}

fn markdown_table(text: &mut String, rows: &[Row]) {
    text.push_str("| to | on | from |\n|---|---|---|\n");
    for row in rows {
        for (i, (ports, from)) in cells(row).into_iter().enumerate() {
            let to = if i == 0 { destination(row) } else { String::new() };
            let cells = [to, ports, from].map(|cell| foreign::markdown(&cell));
            let _ = writeln!(text, "| {} |", cells.join(" | "));
        }
    }
}
