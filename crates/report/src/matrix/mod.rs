//! Who reaches whom: the table of an overview, for terminals, spreadsheets and pages.
//!
//! `text` fits a terminal, `list` writes CSV and Markdown, `page` a page for browsers; JSON is in `json::matrix`. All
//! show the same rows, and below them what is open to new pods and the outside, where that is asked for; the words for their
//! cells are here.

mod list;
mod page;
mod text;

use podfence_analysis::overview::{Exposure, Line, Missing, Row, Table};

use crate::{ends, new_pods, words};

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

/// What stands over what new pods and addresses outside reach.
const EXPOSED: &str = "What new pods and the outside may reach";
/// What stands over what pods reach outside.
const SENDS: &str = "What pods may reach outside";

/// The parts of the answer: rows with what stands over them.
fn sections<'t>(table: &'t Table, exposure: Option<&'t Exposure>) -> Vec<(Option<&'static str>, &'t [Row])> {
    let parts = exposure.map(|parts| [(Some(EXPOSED), &parts.rows[..]), (Some(SENDS), &parts.sends[..])]);
    std::iter::once((None, &table.rows[..])).chain(parts.into_iter().flatten()).collect()
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
fn notes(table: &Table, exposure: Option<&Exposure>) -> Vec<String> {
    let mut notes = Vec::new();
    let mut rows = sections(table, exposure).into_iter().flat_map(|(_, rows)| rows);
    if rows.any(|row| row.lines.iter().any(|line| !line.certain)) {
        notes.push(format!("? {UNDECIDABLE}"));
        notes.extend(missing(&table.missing));
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
    let untried = exposure.map(|exposure| exposure.untried.as_slice()).unwrap_or_default();
    if !untried.is_empty() {
        notes.push(format!(
            "not tried, since rules name too many: labels of different rules together in one new pod{}",
            new_pods::places_named(untried)
        ));
    }
    notes
}

/// Which facts, and where they are stated.
fn missing(missing: &Missing) -> Option<String> {
    let Missing { addresses, labels } = missing;
    let addresses = (!addresses.is_empty())
        .then(|| format!("the IP address of {} (a Pod's status.podIP states it)", ends::names(addresses)));
    let namespaces = if labels.len() == 1 { "namespace" } else { "namespaces" };
    let labels = (!labels.is_empty())
        .then(|| format!("the labels of {namespaces} {} (a Namespace states them)", words::list(labels)));
    let facts: Vec<String> = addresses.into_iter().chain(labels).collect();
    (!facts.is_empty()).then(|| format!("missing: {}", facts.join("; ")))
}
