//! The table for terminals.

use anstyle::Style;
use podfence_analysis::overview::{Exposure, Row, Table};
use podfence_analysis::parallel;

use super::{HEAD, cells, destination, notes, sections};
use crate::style::{BOLD, DIM, OPEN, paint, wrapped};

/// What the first two columns may take of a line.
const WIDEST: [usize; 2] = [40, 24];
/// The fewest columns of a line that the table can do with.
const NARROWEST: usize = 80;
const PLAIN: Style = Style::new();
const GAP: usize = 2;
const BLANK: &str = "                                                ";

/// A table that fits a terminal of `width` columns (80 at least), what is open to new pods and the outside below it if that is
/// given, and what its marks mean.
pub fn text(table: &Table, exposure: Option<&Exposure>, width: usize) -> String {
    let width = width.max(NARROWEST);
    let mut text = String::new();
    for (title, rows) in sections(table, exposure) {
        if let Some(title) = title {
            text.push('\n');
            text.push_str(&paint(BOLD, title));
            text.push('\n');
        }
        if rows.is_empty() {
            text.push_str("nobody reaches anybody that was asked about\n");
        } else {
            push_table(&mut text, rows, width);
        }
    }
    let notes = notes(table, exposure);
    let is_asked_in_vain = table.rows.is_empty() && exposure.is_none();
    if !notes.is_empty() && !is_asked_in_vain {
        text.push('\n');
        for (indent, line) in notes.iter().flat_map(|note| fit(note, width)) {
            push_padded(&mut text, PLAIN, (indent, line), 0);
            text.push('\n');
        }
    }
    text
}

fn push_table(text: &mut String, rows: &[Row], width: usize) {
    let blocks = parallel::map(rows, |row| Block { to: destination(row), cells: cells(row) });
    let widths = widths(&blocks, width);
    let [to, on, _] = widths;
    let head = format!("{:to$}{:GAP$}{:on$}{:GAP$}{}", HEAD[0], "", HEAD[1], "", HEAD[2]);
    text.push_str(&paint(DIM, head));
    text.push('\n');
    for some in blocks.chunks(AT_ONCE) {
        text.extend(parallel::map(some, |block| block.text(widths)));
    }
}

/// How many blocks are laid out at a time, so that the text is not held twice.
const AT_ONCE: usize = 1024;

/// A destination and who reaches it.
struct Block {
    to: String,
    cells: Vec<(String, String)>,
}

/// A line of a column: how far it stands back, and what it says.
type Cell<'t> = (usize, &'t str);

impl Block {
    fn text(&self, [to, on, from]: [usize; 3]) -> String {
        let mut text = String::new();
        let names = fit(&self.to, to);
        let mut sources: Vec<[Cell<'_>; 2]> = Vec::new();
        for (ports, reaching) in &self.cells {
            let (ports, reaching) = (fit(ports, on), fit(reaching, from));
            sources.extend((0..ports.len().max(reaching.len())).map(|i| [at(&ports, i), at(&reaching, i)]));
        }
        for i in 0..names.len().max(sources.len()) {
            let [ports, reaching] = sources.get(i).copied().unwrap_or_default();
            let style = if ports.1.ends_with('?') { OPEN } else { PLAIN };
            push_padded(&mut text, BOLD, at(&names, i), to + GAP);
            push_padded(&mut text, style, ports, on + GAP);
            push_padded(&mut text, PLAIN, reaching, 0);
            text.truncate(text.trim_end_matches(' ').len());
            text.push('\n');
        }
        text
    }
}

/// A line of a column; nothing where it has ended.
fn at<'t>(cells: &[Cell<'t>], i: usize) -> Cell<'t> {
    cells.get(i).copied().unwrap_or_default()
}

/// A styled text in a column.
fn push_padded(line: &mut String, style: Style, (indent, text): Cell<'_>, width: usize) {
    let used = indent + text.chars().count();
    if style == PLAIN || text.is_empty() {
        push_blank(line, indent);
        line.push_str(text);
    } else {
        line.push_str(&paint(style, format_args!("{:indent$}{text}", "")));
    }
    push_blank(line, width.saturating_sub(used));
}

fn push_blank(line: &mut String, mut columns: usize) {
    while columns > 0 {
        let some = columns.min(BLANK.len());
        line.push_str(&BLANK[..some]);
        columns -= some;
    }
}

/// Lines of a column; those after the first stand back, and a name that is too long for one is cut.
fn fit(text: &str, width: usize) -> Vec<Cell<'_>> {
    let mut cells = Vec::new();
    for (i, line) in wrapped(text, width).enumerate() {
        let (mut indent, mut rest) = (if i == 0 { 0 } else { 2 }, line);
        while let Some((cut, _)) = rest.char_indices().nth(width - indent) {
            let (head, tail) = rest.split_at(cut);
            cells.push((indent, head));
            (indent, rest) = (0, tail);
        }
        cells.push((indent, rest));
    }
    cells
}

fn widths(blocks: &[Block], width: usize) -> [usize; 3] {
    let longest =
        |texts: &mut dyn Iterator<Item = &String>| texts.map(|text| text.chars().count()).max().unwrap_or(0);
    let to = longest(&mut blocks.iter().map(|block| &block.to)).clamp(HEAD[0].len(), WIDEST[0]);
    let on = longest(&mut blocks.iter().flat_map(|block| &block.cells).map(|(ports, _)| ports));
    let on = on.clamp(HEAD[1].len(), WIDEST[1]);
    [to, on, width - to - on - 2 * GAP]
}
