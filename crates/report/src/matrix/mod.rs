//! Who reaches whom: the table of an overview, for terminals, spreadsheets and pages.
//!
//! `text` fits a terminal, `list` writes CSV and Markdown, `page` a page for browsers; JSON is in `json::matrix`. All
//! show the same rows; the words for their cells are here.

mod list;
mod page;
mod text;

use podfence_analysis::overview::{Line, Row, Table};

use crate::ends;

pub use list::{csv, markdown};
pub use page::html;
pub use text::text;

/// What stands over the columns.
const HEAD: [&str; 3] = ["TO", "ON", "FROM"];

/// What the mark of an uncertain line means.
const UNDECIDABLE: &str = "a fact is missing: with it, these ports would be open or closed";

/// The ports of a line: `TCP 80`, `TCP 80 on IPv6`, `TCP 80 ?`.
fn ports(line: &Line) -> String {
    let family = line.family.map(|family| format!(" on {family}")).unwrap_or_default();
    let doubt = if line.certain { "" } else { " ?" };
    format!("{}{family}{doubt}", line.ports)
}

fn destination(row: &Row) -> String {
    ends::names(&row.to)
}

/// The cells of a row after its destination: ports and sources.
fn cells(row: &Row) -> Vec<(String, String)> {
    if row.lines.is_empty() {
        return vec![("-".to_owned(), "nobody".to_owned())];
    }
    row.lines.iter().map(|line| (ports(line), ends::names(&line.from))).collect()
}

/// What a reader of the table should know.
fn notes(table: &Table) -> Vec<String> {
    let mut notes = Vec::new();
    if table.rows.iter().flat_map(|row| &row.lines).any(|line| !line.certain) {
        notes.push(format!("? {UNDECIDABLE}"));
    }
    if !table.assumed.is_empty() {
        notes
            .push(format!("assumed, since no input states the cluster DNS: {}", ends::names(&table.assumed)));
    }
    if !table.on_host_network.is_empty() {
        let names = ends::names(&table.on_host_network);
        notes.push(format!(
            "not shown, since hostNetwork pods are their nodes and no policy selects them: {names}"
        ));
    }
    notes
}
