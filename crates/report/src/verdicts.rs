//! How a table of expected verdicts fared: one line when it holds, every broken row in full when not.

use std::collections::BTreeMap;

use crate::json::{Compared, VerdictRow};
use crate::style::{BAD, BOLD, GOOD, paint};

/// Connections of one row that are shown in full.
const SHOWN: usize = 6;

/// What became of the rows, a line for each file at least; empty when there are none.
pub fn render(rows: &[VerdictRow]) -> String {
    let mut files: BTreeMap<&str, Vec<&VerdictRow>> = BTreeMap::new();
    for row in rows {
        files.entry(&row.file).or_default().push(row);
    }
    files.into_iter().map(|(file, rows)| one_file(file, &rows)).collect()
}

fn one_file(file: &str, rows: &[&VerdictRow]) -> String {
    let broken: Vec<&&VerdictRow> = rows.iter().filter(|row| !row.holds).collect();
    let head = match (broken.len(), rows.len()) {
        (0, 1) => format!("{}: the row of {file}\n", paint(GOOD, "HOLDS")),
        (0, n) => format!("{}: all {n} rows of {file}\n", paint(GOOD, "HOLD")),
        (wrong, n) => format!("{}: {wrong} of {n} rows of {file}\n", paint(BAD, "BROKEN")),
    };
    broken.into_iter().fold(head, |text, row| text + &one_row(row))
}

fn one_row(row: &VerdictRow) -> String {
    let VerdictRow { file, line, from, to, on, outcome, broken, connections, .. } = row;
    let title = paint(BOLD, format!("{from} → {to} on {on}: {outcome}"));
    let mut lines = vec![format!("  {file}:{line}: {title}")];
    if *connections > 1 {
        lines.push(format!("    not so for {} of {connections} connections:", broken.len()));
    }
    lines.extend(broken.iter().take(SHOWN).map(connection));
    if broken.len() > SHOWN {
        lines.push(format!("    and {} more", broken.len() - SHOWN));
    }
    lines.join("\n") + "\n"
}

fn connection(one: &Compared) -> String {
    let Compared { from, to, on, engine, kernel, .. } = one;
    format!("    {from} → {to} {on}: engine {engine}, kernel {kernel}")
}
