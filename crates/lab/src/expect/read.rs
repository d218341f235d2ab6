//! Markdown to rows. Prose is the reader's; every table must be one of verdicts, so that none is passed over.

use std::ops::Range;
use std::sync::Arc;

use podfence_model::Place;

use super::cells::{self, OUTCOMES, RECEIVERS, SENDERS, WAYS};
use super::{Cell, Cells, Expected, On, Party, Row, TableError};

const HEAD: [&str; 4] = ["from", "to", "on", "outcome"];

/// The rows of all tables in a text.
///
/// # Errors
/// Everything that is no row of verdicts where one should be, and a text without any.
pub fn read(file: &str, text: &str) -> Result<Vec<Row>, Vec<TableError>> {
    let file: Arc<str> = file.into();
    let (mut rows, mut wrong) = (Vec::new(), Vec::new());
    for table in tables(&file, text) {
        match table.split_first() {
            Some((head, body)) if is_head(head) => {
                for line in body.iter().filter(|line| !is_rule(line)) {
                    match row(line) {
                        Ok(row) => rows.push(row),
                        Err(error) => wrong.push(error),
                    }
                }
            }
            Some((head, _)) => wrong.push(no_head(head)),
            None => {}
        }
    }
    if rows.is_empty() && wrong.is_empty() {
        let place = Place { file, line: 1, column: 1, start: 0, end: 0 };
        let message = "there is no row of a table of verdicts here";
        wrong.push(TableError::new(place, message, "write a table | from | to | on | outcome |"));
    }
    if wrong.is_empty() { Ok(rows) } else { Err(wrong) }
}

/// A line of a table, cut into cells.
struct Line {
    place: Place,
    cells: Vec<Cell>,
}

/// The tables of a text: lines that begin with a bar, outside of fenced blocks.
fn tables(file: &Arc<str>, text: &str) -> Vec<Vec<Line>> {
    let mut tables: Vec<Vec<Line>> = Vec::new();
    let (mut fenced, mut inside, mut start) = (false, false, 0);
    for (number, line) in (1..).zip(text.split_inclusive('\n')) {
        fenced ^= line.trim_start().starts_with("```");
        let is_row = !fenced && line.trim_start().starts_with('|');
        if is_row {
            let line = cut(&At { file, line: number, start }, line.trim_end());
            match tables.last_mut().filter(|_| inside) {
                Some(table) => table.push(line),
                None => tables.push(vec![line]),
            }
        }
        inside = is_row;
        start += line.len();
    }
    tables
}

/// Where a line begins.
struct At<'a> {
    file: &'a Arc<str>,
    line: u32,
    start: usize,
}

impl At<'_> {
    fn place(&self, text: &str, bytes: Range<usize>) -> Place {
        let small = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Place {
            file: self.file.clone(),
            line: self.line,
            column: small(text[..bytes.start].chars().count() + 1),
            start: small(self.start + bytes.start),
            end: small(self.start + bytes.end),
        }
    }
}

fn cut(at: &At<'_>, text: &str) -> Line {
    let begin = text.len() - text.trim_start().len() + 1;
    let body = text[begin..].strip_suffix('|').unwrap_or(&text[begin..]);
    let mut offset = begin;
    let cells = body.split('|').map(|cell| {
        let start = offset + cell.len() - cell.trim_start().len();
        offset += cell.len() + 1;
        let trimmed = cell.trim();
        Cell { text: trimmed.replace('`', ""), place: at.place(text, start..start + trimmed.len()) }
    });
    Line { cells: cells.collect(), place: at.place(text, begin - 1..text.len()) }
}

fn is_head(line: &Line) -> bool {
    line.cells.iter().map(|cell| cell.text.as_str()).eq(HEAD)
}

/// The line under the head.
fn is_rule(line: &Line) -> bool {
    line.cells.iter().all(|cell| !cell.text.is_empty() && cell.text.chars().all(|c| "-: ".contains(c)))
}

fn no_head(line: &Line) -> TableError {
    let help = "its head must be | from | to | on | outcome |; other tables belong into the README";
    TableError::new(line.place.clone(), "this table is not one of verdicts", help)
}

fn row(line: &Line) -> Result<Row, TableError> {
    let [from, to, on, outcome] = line.cells.as_slice() else {
        let message = format!("this row has {} cells instead of four", line.cells.len());
        return Err(TableError::new(line.place.clone(), message, "write | from | to | on | outcome |"));
    };
    let cells = Cells { from: from.clone(), to: to.clone(), on: on.clone(), outcome: outcome.clone() };
    let (ways, families) = cells::families(&on.text);
    let row = Row {
        from: list(from, &from.text, cells::sender, SENDERS)?,
        to: list(to, &to.text, cells::receiver, RECEIVERS)?,
        on: list(on, ways, cells::on, WAYS)?,
        families,
        outcome: cells::outcome(&outcome.text).ok_or_else(|| unread(outcome, &outcome.text, OUTCOMES))?,
        cells,
    };
    fits(&row)?;
    Ok(row)
}

fn list<T>(
    cell: &Cell,
    text: &str,
    read: impl Fn(&str) -> Option<T>,
    known: &str,
) -> Result<Vec<T>, TableError> {
    cells::parts(text).map(|part| read(part).ok_or_else(|| unread(cell, part, known))).collect()
}

fn unread(cell: &Cell, part: &str, known: &str) -> TableError {
    let message =
        if part.is_empty() { "something is missing here".into() } else { format!("cannot read `{part}`") };
    TableError::new(cell.place.clone(), message, format!("write {known}"))
}

/// Names are looked up and resolve, Ingresses are asked by HTTP from outside, and everything else is connected to.
fn fits(row: &Row) -> Result<(), TableError> {
    let to = |wanted: fn(&Party) -> bool| row.to.iter().filter(|to| wanted(to)).count();
    let on = |wanted: fn(&On) -> bool| row.on.iter().filter(|on| wanted(on)).count();
    let is = |count: (usize, usize), also: bool, wanted: bool| {
        let all = count == (row.to.len(), row.on.len()) && also;
        all || (count == (0, 0) && !wanted)
    };
    let resolves = matches!(row.outcome, Expected::Resolves | Expected::DoesNotResolve);
    let names = (to(|to| matches!(to, Party::Name(_))), on(|on| *on == On::Dns));
    if !is(names, resolves, resolves) {
        let message = "only look-ups of names resolve or do not, and they do nothing else";
        let help = "write `name NAME` under to, `DNS` under on, and `resolves` or `does not resolve`";
        return Err(TableError::new(row.cells.to.place.clone(), message, help));
    }
    let requests = (to(|to| matches!(to, Party::Ingress(_))), on(|on| matches!(on, On::Http { .. })));
    if !is(requests, row.from == [Party::Outside], matches!(row.outcome, Expected::Status(_))) {
        let message = "Ingresses are asked by HTTP, from outside, and only they answer with a status";
        let help = "write `outside` under from, `ing/NAMESPACE/NAME` under to, and `HTTP HOST/PATH` under on";
        return Err(TableError::new(row.cells.to.place.clone(), message, help));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use podfence_model::{Family, NamespacedName, Protocol};

    use super::super::{Door, DoorKind};
    use super::*;

    const HEADS: &str = "| from | to | on | outcome |\n|---|---|---|---|\n";

    fn errors(row: &str) -> Vec<String> {
        let text = format!("A story.\n\n{HEADS}{row}\n");
        read("verdicts.md", &text).unwrap_err().iter().map(|e| format!("{e} ({})", e.help)).collect()
    }

    #[test]
    fn rows_are_lists_and_speak_about_both_families_unless_they_name_one() {
        let text = format!(
            "# Story\n\n{HEADS}| `dev/*`, outside | svc/a/b | TCP 80 IPv6 | open |\n\n```\n| no |\n```\n\n\
             {HEADS}| its node | a/b | ICMP, UDP 53 | times out |\n"
        );
        let rows = read("verdicts.md", &text).unwrap();
        assert_eq!(rows[0].from, [Party::Pods(NamespacedName::new("dev", "*")), Party::Outside]);
        assert_eq!(rows[0].families, [Family::V6]);
        assert_eq!(rows[1].on.len(), 2);
        assert_eq!(rows[1].families, Family::BOTH);
        let place = &rows[1].cells.to.place;
        assert_eq!((place.line, &text[place.start as usize..place.end as usize]), (13, "a/b"));
    }

    #[test]
    fn ways_into_services_and_requests_by_ingresses_are_read() {
        let text = format!(
            "{HEADS}| outside | svc/a/b | TCP 80 nodePort by node-2, SCTP 7 external address by any node IPv4 | open |\n\
             | outside | ing/a/b | HTTP b.example/api | status 504 |\n"
        );
        let rows = read("verdicts.md", &text).unwrap();
        let door = |kind, node: Option<&str>| Door { kind, node: node.map(str::to_owned) };
        let port = |number| podfence_model::Port::new(number).unwrap();
        let node_port = On::Entry(Protocol::Tcp, port(80), door(DoorKind::NodePort, Some("node-2")));
        let external = On::Entry(Protocol::Sctp, port(7), door(DoorKind::External, None));
        assert_eq!((&rows[0].on[..], &rows[0].families[..]), (&[node_port, external][..], &[Family::V4][..]));
        assert_eq!(rows[1].on, [On::Http { host: "b.example".into(), path: "/api".into() }]);
        assert_eq!(rows[1].outcome, Expected::Status(504));
    }

    #[test]
    fn what_cannot_be_read_is_named_with_its_place_and_the_mend() {
        let known = [
            ("| san | a/b | TCP 80 | open |", "verdicts.md:5: cannot read `san` (write a pod or workload"),
            ("| a/b | a/c | 80 | open |", "verdicts.md:5: cannot read `80` (write `TCP 80`"),
            ("| a/b | a/c | TCP 80 | denied |", "verdicts.md:5: cannot read `denied` (write `open`"),
            ("| metadata | a/c | TCP 80 | open |", "verdicts.md:5: cannot read `metadata` (write a pod"),
            ("| a/b | a/c, | TCP 80 | open |", "verdicts.md:5: something is missing here"),
            ("| a/b | a/c | TCP 80 |", "verdicts.md:5: this row has 3 cells instead of four"),
            ("| a/b | name x | TCP 80 | open |", "verdicts.md:5: only look-ups of names resolve"),
            ("| a/b | a/c | TCP 80 | resolves |", "verdicts.md:5: only look-ups of names resolve"),
            ("| a/b | ing/a/c | HTTP c.example/ | open |", "verdicts.md:5: Ingresses are asked by HTTP"),
            ("| outside | ing/a/c | TCP 80 | open |", "verdicts.md:5: Ingresses are asked by HTTP"),
            ("| outside | a/c | TCP 80 | status 504 |", "verdicts.md:5: Ingresses are asked by HTTP"),
            ("| outside | ing/a/c | HTTP c.example | open |", "verdicts.md:5: cannot read `HTTP c.example`"),
            (
                "| outside | svc/a/c | TCP 80 nodePort | open |",
                "verdicts.md:5: cannot read `TCP 80 nodePort`",
            ),
            ("", "verdicts.md:1: there is no row"),
        ];
        for (row, expected) in known {
            let found = errors(row);
            assert!(found.len() == 1 && found[0].starts_with(expected), "{row}: {found:?}");
        }
        let other = read("verdicts.md", "| pod | colour |\n|---|---|\n| a | b |\n").unwrap_err();
        assert_eq!(other[0].to_string(), "verdicts.md:1: this table is not one of verdicts");
    }
}
