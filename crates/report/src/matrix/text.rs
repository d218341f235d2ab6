//! The table for terminals.

use anstyle::Style;
use podfence_analysis::overview::Table;

use super::{HEAD, cells, destination, notes};
use crate::style::{BOLD, DIM, OPEN, WIDTH, paint, wrap};

/// What the first two columns may take of a line.
const WIDEST: [usize; 2] = [40, 24];
const PLAIN: Style = Style::new();
const GAP: usize = 2;

/// A table that fits a terminal, and what its marks mean.
pub fn text(table: &Table) -> String {
    if table.rows.is_empty() {
        return "nobody reaches anybody that was asked about\n".to_owned();
    }
    let blocks: Vec<Block> =
        table.rows.iter().map(|row| Block { to: destination(row), cells: cells(row) }).collect();
    let widths = widths(&blocks);
    let [to, on, _] = widths;
    let head = format!("{:to$}{:GAP$}{:on$}{:GAP$}{}", HEAD[0], "", HEAD[1], "", HEAD[2]);
    let mut lines = vec![paint(DIM, head)];
    for block in &blocks {
        lines.extend(block.lines(widths));
    }
    let notes = notes(table);
    if !notes.is_empty() {
        lines.push(String::new());
        lines.extend(notes.iter().flat_map(|note| fit(note, WIDTH)));
    }
    lines.join("\n") + "\n"
}

/// A destination and who reaches it.
struct Block {
    to: String,
    cells: Vec<(String, String)>,
}

impl Block {
    fn lines(&self, [to, on, from]: [usize; 3]) -> Vec<String> {
        let sources =
            self.cells.iter().flat_map(|(ports, sources)| side_by_side(&fit(ports, on), &fit(sources, from)));
        let sources: Vec<[String; 2]> = sources.collect();
        let names = fit(&self.to, to);
        let line = |i: usize| {
            let name = names.get(i).map_or("", String::as_str);
            let [ports, sources] =
                sources.get(i).map_or(["", ""], |pair| [pair[0].as_str(), pair[1].as_str()]);
            let style = if ports.ends_with('?') { OPEN } else { PLAIN };
            format!("{}{:GAP$}{}{:GAP$}{sources}", cell(BOLD, name, to), "", cell(style, ports, on), "")
        };
        (0..names.len().max(sources.len())).map(|i| line(i).trim_end().to_owned()).collect()
    }
}

/// A styled text in a column.
fn cell(style: Style, text: &str, width: usize) -> String {
    let rest = width.saturating_sub(text.chars().count());
    let text = if text.is_empty() || style == PLAIN { text.to_owned() } else { paint(style, text) };
    format!("{text}{:rest$}", "")
}

/// Lines of a column; those after the first stand back, and a name that is too long for one is cut.
fn fit(text: &str, width: usize) -> Vec<String> {
    let back = |(i, line): (usize, String)| if i == 0 { line } else { format!("  {line}") };
    let wrapped = wrap(text, width).into_iter().enumerate().map(back);
    let letters = wrapped.map(|line| line.chars().collect::<Vec<char>>());
    letters.flat_map(|line| line.chunks(width).map(String::from_iter).collect::<Vec<_>>()).collect()
}

/// Two columns, line by line.
fn side_by_side(left: &[String], right: &[String]) -> Vec<[String; 2]> {
    let cell = |lines: &[String], i: usize| lines.get(i).cloned().unwrap_or_default();
    (0..left.len().max(right.len())).map(|i| [cell(left, i), cell(right, i)]).collect()
}

fn widths(blocks: &[Block]) -> [usize; 3] {
    let longest =
        |texts: &mut dyn Iterator<Item = &String>| texts.map(|text| text.chars().count()).max().unwrap_or(0);
    let to = longest(&mut blocks.iter().map(|block| &block.to)).clamp(HEAD[0].len(), WIDEST[0]);
    let on = longest(&mut blocks.iter().flat_map(|block| &block.cells).map(|(ports, _)| ports));
    let on = on.clamp(HEAD[1].len(), WIDEST[1]);
    [to, on, WIDTH - to - on - 2 * GAP]
}
