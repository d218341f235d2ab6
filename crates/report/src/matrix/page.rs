//! The table as one page for browsers that needs nothing else: no script, no picture, no font.

use podfence_analysis::overview::{Row, Table};

use super::{HEAD, cells, notes};
use crate::ends;

const STYLE: &str = "\
:root { color-scheme: light dark; --line: #d0d7de; --dim: #59636e; --doubt: #9a6700; --back: #f6f8fa; }
@media (prefers-color-scheme: dark) { :root { --line: #3d444d; --dim: #9198a1; --doubt: #d29922; --back: #151b23; } }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 80rem; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th { background: var(--back); color: var(--dim); position: sticky; text-align: left; top: 0; }
th, td { border-bottom: 1px solid var(--line); overflow-wrap: anywhere; padding: .4rem .6rem; vertical-align: top; }
td.on { font-variant-numeric: tabular-nums; white-space: nowrap; }
td.doubt { color: var(--doubt); }
p { color: var(--dim); }";

/// A page of its own. Names of objects are text in it, whatever they hold.
pub fn html(table: &Table) -> String {
    let rows: String = table.rows.iter().map(row).collect();
    let head = HEAD.map(|word| format!("<th scope=\"col\">{word}</th>")).concat();
    let notes: Vec<String> = notes(table).iter().map(|note| format!("<p>{}</p>\n", escape(note))).collect();
    let notes = notes.concat();
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Who reaches whom</title>\n<style>\n{STYLE}\n</style>\n</head>\n<body>\n\
         <h1>Who reaches whom</h1>\n<table>\n<thead><tr>{head}</tr></thead>\n{rows}</table>\n{notes}</body>\n</html>\n"
    )
}

/// One destination: a body of its own, whose first cell spans its lines.
fn row(row: &Row) -> String {
    let cells = cells(row);
    let names: Vec<String> = row.to.iter().map(|name| escape(&ends::name(name))).collect();
    let first = format!("<td rowspan=\"{}\">{}</td>", cells.len(), names.join(",<br>"));
    let line = |(i, (ports, from)): (usize, &(String, String))| {
        let to = if i == 0 { first.as_str() } else { "" };
        let class = if ports.ends_with('?') { "on doubt" } else { "on" };
        format!("<tr>{to}<td class=\"{class}\">{}</td><td>{}</td></tr>\n", escape(ports), escape(from))
    };
    format!("<tbody>\n{}</tbody>\n", cells.iter().enumerate().map(line).collect::<String>())
}

fn escape(text: &str) -> String {
    let escaped = text.chars().map(|c| match c {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        '"' => "&quot;".to_owned(),
        '\'' => "&#39;".to_owned(),
        _ => c.to_string(),
    });
    escaped.collect()
}
