//! A grid of what two sources say of the same connections: engine and kernel, side by side in every cell.

use std::fmt::Write as _;

use crate::style::{BAD, BOLD, DIM, GOOD, paint};

/// What happens to a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sign {
    /// It is answered.
    Open,
    /// It passes, and is refused because nobody listens.
    Refused,
    /// It is dropped.
    Closed,
    /// It differs between the connections that the cell folds.
    Mixed,
    /// Nobody can say.
    Unknown,
}

impl Sign {
    fn letter(self) -> char {
        match self {
            Self::Open => '+',
            Self::Refused => 'r',
            Self::Closed => '-',
            Self::Mixed => '~',
            Self::Unknown => '?',
        }
    }
}

/// A cell: what each side says, and whether they agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    /// What the engine says.
    pub engine: Sign,
    /// What the kernel did.
    pub kernel: Sign,
    /// Whether both agree for every connection that the cell folds.
    pub agree: bool,
}

/// A row: one destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Who is reached.
    pub to: String,
    /// On what.
    pub on: String,
    /// One cell per column; `None` where there is no such connection.
    pub cells: Vec<Option<Cell>>,
}

/// Sources as columns, destinations as rows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Grid {
    /// Who sends.
    pub columns: Vec<String>,
    /// Who is reached.
    pub rows: Vec<Row>,
}

/// Columns wider than this get a number and a line in a legend instead.
const WIDEST: usize = 100;

/// The letters of the cells, in words.
pub const LEGEND: &str =
    "engine | kernel:  + open   - dropped   r passed, refused by the host   ~ differs inside";

/// The grid as styled text, with its legend.
pub fn render(grid: &Grid) -> String {
    let to = width(grid.rows.iter().map(|row| row.to.as_str()));
    let on = width(grid.rows.iter().map(|row| row.on.as_str()));
    let named: usize = grid.columns.iter().map(|c| c.chars().count().max(5) + 3).sum();
    let numbers = to + on + named > WIDEST;
    let heads: Vec<String> =
        (1..).zip(&grid.columns).map(|(n, c)| if numbers { n.to_string() } else { c.clone() }).collect();
    let mut out = String::new();
    if numbers {
        let legend: Vec<String> = (1..).zip(&grid.columns).map(|(n, c)| format!("{n} {c}")).collect();
        let _ = writeln!(out, "from   {}", legend.join("   ")); // writing to a String cannot fail
    }
    let head = heads.iter().fold(String::new(), |line, h| line + &format!("   {h:^5}"));
    let _ = writeln!(
        out,
        "{}",
        paint(DIM, format!("{:to$}  {:on$}{head}", "to", if numbers { "" } else { "from:" }))
    );
    for row in &grid.rows {
        let cells: String = row.cells.iter().zip(&heads).map(|(cell, head)| text(*cell, head)).collect();
        let _ = writeln!(out, "{:to$}  {:on$}{}", row.to, row.on, cells.trim_end());
    }
    out
}

fn width<'a>(texts: impl Iterator<Item = &'a str>) -> usize {
    texts.map(|t| t.chars().count()).max().unwrap_or(0)
}

fn text(cell: Option<Cell>, head: &str) -> String {
    let wide = head.chars().count().max(5);
    let Some(cell) = cell else { return format!("   {:^wide$}", "") };
    let signs = format!("{}|{}", cell.engine.letter(), cell.kernel.letter());
    let signs = if cell.agree { signs } else { format!("{signs}!!") };
    let (left, right) = ((wide - signs.len().min(wide)) / 2, wide.saturating_sub(signs.len()));
    let style = match (cell.agree, cell.engine) {
        (false, _) => BAD,
        (true, Sign::Open | Sign::Refused) => GOOD,
        (true, _) => BOLD,
    };
    format!("   {:left$}{}{:rest$}", "", paint(style, signs), "", rest = right - left.min(right))
}
