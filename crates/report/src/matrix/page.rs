//! The table as one page for browsers that needs nothing else: no script, no picture, no font.

use podfence_analysis::overview::{Exposure, Row, Table};

use super::{HEAD, cells, notes, sections};
use crate::ends;
use crate::foreign::turns_order;

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
pub fn html(table: &Table, exposure: Option<&Exposure>) -> String {
    let parts: String = sections(table, exposure).into_iter().map(part).collect();
    let notes = notes(table, exposure);
    let notes: Vec<String> = notes.iter().map(|note| format!("<p>{}</p>\n", escape(note))).collect();
    let notes = notes.concat();
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Who reaches whom</title>\n<style>\n{STYLE}\n</style>\n</head>\n<body>\n\
         <h1>Who reaches whom</h1>\n{parts}{notes}</body>\n</html>\n"
    )
}

/// A table, and what stands over it.
fn part((title, rows): (Option<&str>, &[Row])) -> String {
    let title = title.map_or_else(String::new, |title| format!("<h2>{title}</h2>\n"));
    let head = HEAD.map(|word| format!("<th scope=\"col\">{word}</th>")).concat();
    let rows: String = rows.iter().map(row).collect();
    format!("{title}<table>\n<thead><tr>{head}</tr></thead>\n{rows}</table>\n")
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

/// Text that is nothing but text: no markup, and no mark that turns the order of what follows.
fn escape(text: &str) -> String {
    let escaped = text.chars().map(|c| match c {
        _ if turns_order(c) => c.escape_unicode().to_string(),
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        '"' => "&quot;".to_owned(),
        '\'' => "&#39;".to_owned(),
        _ => c.to_string(),
    });
    escaped.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use podfence_analysis::ends::EndName;
    use podfence_analysis::overview::Line;
    use podfence_analysis::{LabelSets, NewLabels, NewPlace, NewPlaces, NewPods};
    use podfence_model::{Labels, NamespacedName, PortSet};

    const HOSTILE: [&str; 5] = [
        "<img src=x onerror=alert(1)>",
        "\"><script>alert(2)</script>",
        "' onmouseover='alert(3)",
        "</td></tr></table>&lt;",
        "abc\u{202e}gnp.exe\u{2066}",
    ];

    /// A page with a text in every place that can hold an object's own.
    fn page(text: &str) -> String {
        let pod = || EndName::Pod(NamespacedName::new(text, text));
        let labels = Labels::from([(text.to_owned(), text.to_owned())]);
        let sets = LabelSets { including: vec![labels.clone()], exactly: Vec::new() };
        let places = NewPlaces::In(vec![NewPlace::Namespace(text.into()), NewPlace::NewNamespace(labels)]);
        let new = EndName::NewPods(NewPods { labels: NewLabels::With(sets), places });
        let line = Line { ports: PortSet::all(), family: None, certain: true, from: vec![pod(), new] };
        let row = Row {
            to: vec![pod(), EndName::Namespace { name: text.into(), but: vec![pod()] }],
            lines: vec![line],
        };
        let (assumed, on_host_network) = (vec![pod()], vec![pod()]);
        let table = Table { rows: vec![row.clone()], assumed, on_host_network, ..Table::default() };
        let exposure =
            Exposure { rows: vec![row.clone()], sends: vec![row], new_pods: Vec::new(), untried: Vec::new() };
        html(&table, Some(&exposure))
    }

    /// The tags of a page, and whether any of its text turns.
    fn tags(page: &str) -> Vec<String> {
        assert!(!page.chars().any(turns_order), "{page}");
        page.split('<').skip(1).map(|part| part.split('>').next().unwrap_or_default().to_owned()).collect()
    }

    #[test]
    fn hostile_names_stay_text() {
        let plain = page("name");
        for text in HOSTILE {
            assert_eq!(tags(&page(text)), tags(&plain), "{text}");
        }
        assert!(page(HOSTILE[4]).contains("abc\\u{202e}gnp.exe"), "a mark that turns is shown");
    }
}
