//! Where engine, kernel and a table of expected verdicts differ, connection by connection.

use std::collections::BTreeMap;

use crate::json::{Compared, VerdictRow};
use crate::style::{BAD, BOLD, GOOD, paint};

/// Differences of a run that are shown in full.
const SHOWN: usize = 40;
/// Connections of one row that are shown in full.
const SHOWN_OF_A_ROW: usize = 6;

/// The comparisons that differ, each on a line; empty when all agree.
pub fn differing(compared: &[Compared]) -> String {
    lines(compared.iter().filter(|one| !one.agree), SHOWN)
}

/// The first connections, and how many more there are.
fn lines<'a>(connections: impl Iterator<Item = &'a Compared>, shown: usize) -> String {
    let all: Vec<String> = connections.map(connection).collect();
    let more = all.len().saturating_sub(shown);
    let first: String = all.into_iter().take(shown).collect();
    if more == 0 { first } else { format!("{first}    and {more} more\n") }
}

/// What was found of the connections that break a row, the first of them.
pub(crate) fn found(broken: &[Compared]) -> String {
    lines(broken.iter(), SHOWN_OF_A_ROW)
}

/// What became of the rows, a line for each file at least; empty when there are none.
pub fn render(rows: &[VerdictRow]) -> String {
    by_file(rows).into_iter().map(|(file, rows)| one_file(file, &rows, one_row)).collect()
}

/// As [`render`], without the connections that break a row.
pub fn brief(rows: &[VerdictRow]) -> String {
    by_file(rows).into_iter().map(|(file, rows)| one_file(file, &rows, title)).collect()
}

fn by_file(rows: &[VerdictRow]) -> BTreeMap<&str, Vec<&VerdictRow>> {
    let mut files: BTreeMap<&str, Vec<&VerdictRow>> = BTreeMap::new();
    for row in rows {
        files.entry(&row.file).or_default().push(row);
    }
    files
}

fn one_file(file: &str, rows: &[&VerdictRow], of_row: fn(&VerdictRow) -> String) -> String {
    let broken: Vec<&&VerdictRow> = rows.iter().filter(|row| !row.holds).collect();
    let tried = rows.iter().filter(|row| row.connections > 0).count();
    let rest = match rows.len() - tried {
        0 => String::new(),
        1 => " (1 more speaks about another --family)".into(),
        n => format!(" ({n} more speak about another --family)"),
    };
    let head = match (broken.len(), tried) {
        (0, 1) => format!("{}: the row of {file}{rest}\n", paint(GOOD, "HOLDS")),
        (0, n) => format!("{}: all {n} rows of {file}{rest}\n", paint(GOOD, "HOLD")),
        (wrong, n) => format!("{}: {wrong} of {n} rows of {file}{rest}\n", paint(BAD, "BROKEN")),
    };
    broken.into_iter().fold(head, |text, row| text + &of_row(row))
}

fn one_row(row: &VerdictRow) -> String {
    let VerdictRow { broken, connections, .. } = row;
    let several = match connections {
        1 => String::new(),
        n => format!("    not so for {} of {n} connections:\n", broken.len()),
    };
    format!("{}{several}{}", title(row), found(broken))
}

fn title(row: &VerdictRow) -> String {
    let VerdictRow { file, line, from, to, on, outcome, .. } = row;
    format!("  {file}:{line}: {}\n", paint(BOLD, format!("{from} → {to} on {on}: {outcome}")))
}

/// The steps in which something is broken or differs, of how many; empty if there are none.
pub fn summary(bad: &[String], steps: usize) -> String {
    let head = format!("NOT GOOD: {} of {steps} steps", bad.len());
    if bad.is_empty() { String::new() } else { format!("\n{}: {}\n", paint(BAD, head), bad.join(", ")) }
}

fn connection(one: &Compared) -> String {
    let Compared { from, to, on, engine, kernel, .. } = one;
    format!("    {from} → {to} {on}: engine {engine}, kernel {kernel}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_that_are_not_good_are_named_at_the_end() {
        assert_eq!(summary(&[], 3), "");
        let told = summary(&["2 (with dns)".into(), "3 (closed)".into()], 3);
        let told = anstream::adapter::strip_str(&told).to_string();
        assert_eq!(told, "\nNOT GOOD: 2 of 3 steps: 2 (with dns), 3 (closed)\n");
    }
}
