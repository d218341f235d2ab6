//! A grid of what two sources say of the same connections: engine and kernel, side by side in every cell.

use anstyle::Style;

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

/// Lines longer than this get numbers instead of names over their columns, and a legend of them.
const WIDEST: usize = 100;

/// The letters of the cells, in words.
pub const LEGEND: &str =
    "engine | kernel:  + open   - dropped   r passed, refused by the host   ~ differs inside";

/// The grid as styled text, with its legend.
pub fn render(grid: &Grid) -> String {
    let frame = Frame::of(grid);
    let mut lines = if frame.numbered { legend(&grid.columns) } else { Vec::new() };
    lines.push(frame.head());
    let mut before = "";
    for row in &grid.rows {
        // The name stands before the first of its rows only.
        let to = if row.to == before { "" } else { &row.to };
        lines.push(frame.line(to, row));
        before = &row.to;
    }
    lines.join("\n") + "\n"
}

/// How wide everything is.
struct Frame {
    to: usize,
    on: usize,
    /// What stands over each column, and how wide it is.
    columns: Vec<(String, usize)>,
    gap: usize,
    numbered: bool,
}

impl Frame {
    fn of(grid: &Grid) -> Self {
        let to = width(grid.rows.iter().map(|row| row.to.as_str()));
        let on = width(grid.rows.iter().map(|row| row.on.as_str()));
        let of_cells = |column: usize| {
            let cells = grid.rows.iter().filter_map(|row| row.cells.get(column).copied().flatten());
            cells.map(|cell| signs(cell).len()).max().unwrap_or(0)
        };
        let column = |(i, name): (usize, String)| {
            let wide = name.chars().count().max(of_cells(i));
            (name, wide)
        };
        let make = |names: Vec<String>, gap, numbered| {
            let columns = names.into_iter().enumerate().map(column).collect();
            Self { to, on, columns, gap, numbered }
        };
        let named = make(grid.columns.clone(), 3, false);
        if named.width() <= WIDEST {
            return named;
        }
        let numbers = |gap| make((1..=grid.columns.len()).map(|n| n.to_string()).collect(), gap, true);
        let loose = numbers(2);
        if loose.width() <= WIDEST { loose } else { numbers(1) }
    }

    fn width(&self) -> usize {
        self.to
            + 2
            + self.on.max("from:".len())
            + self.columns.iter().map(|(_, wide)| wide + self.gap).sum::<usize>()
    }

    fn head(&self) -> String {
        let (to, on, gap) = (self.to, self.on, self.gap);
        let names = self.columns.iter().map(|(name, wide)| format!("{:gap$}{name:^wide$}", ""));
        let line = format!("{:to$}  {:on$}{}", "to", "from:", names.collect::<String>());
        paint(DIM, line.trim_end())
    }

    fn line(&self, to: &str, row: &Row) -> String {
        let cells = row.cells.iter().zip(&self.columns);
        let cells: String = cells.map(|(cell, (_, wide))| self.cell(*cell, *wide)).collect();
        let (wide, on) = (self.to, self.on.max("from:".len()));
        format!("{to:wide$}  {:on$}{}", row.on, cells.trim_end())
    }

    fn cell(&self, cell: Option<Cell>, wide: usize) -> String {
        let gap = self.gap;
        let Some(cell) = cell else { return " ".repeat(gap + wide) };
        let text = signs(cell);
        let left = (wide - text.len().min(wide)) / 2;
        let right = wide.saturating_sub(text.len() + left);
        format!("{:gap$}{:left$}{}{:right$}", "", "", paint(style(cell), text), "")
    }
}

/// Which number stands for which column, in lines that are not too long.
fn legend(columns: &[String]) -> Vec<String> {
    const LABEL: &str = "from   ";
    const GAP: &str = "   ";
    let entries: Vec<String> = (1..).zip(columns).map(|(n, name)| format!("{n:>2} {name}")).collect();
    let wide = width(entries.iter().map(String::as_str));
    let on_a_line = ((WIDEST - LABEL.len() + GAP.len()) / (wide + GAP.len())).max(1);
    let line = |(i, entries): (usize, &[String])| {
        let label = if i == 0 { LABEL } else { &" ".repeat(LABEL.len()) };
        let entries: Vec<String> = entries.iter().map(|entry| format!("{entry:wide$}")).collect();
        format!("{label}{}", entries.join(GAP).trim_end())
    };
    entries.chunks(on_a_line).enumerate().map(line).collect()
}

fn width<'a>(texts: impl Iterator<Item = &'a str>) -> usize {
    texts.map(|t| t.chars().count()).max().unwrap_or(0)
}

fn signs(cell: Cell) -> String {
    let loud = if cell.agree { "" } else { "!!" };
    format!("{}|{}{loud}", cell.engine.letter(), cell.kernel.letter())
}

fn style(cell: Cell) -> Style {
    match (cell.agree, cell.engine) {
        (false, _) => BAD,
        (true, Sign::Open | Sign::Refused) => GOOD,
        (true, _) => BOLD,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(columns: usize, expected: &str) {
        let cell = |n: usize| {
            let kernel = if n == 1 { Sign::Closed } else { Sign::Open };
            (n != 0).then_some(Cell { engine: Sign::Open, kernel, agree: n != 1 })
        };
        let row = |to: &str, on: &str| Row {
            to: to.into(),
            on: on.into(),
            cells: (0..columns).map(cell).collect(),
        };
        let rows = vec![row("shop/web", "TCP 80"), row("shop/web", "ICMP"), row("outside", "ICMP")];
        let columns = (1..=columns).map(|n| format!("shop/client-{n}")).collect();
        let text = anstream::adapter::strip_str(&render(&Grid { columns, rows })).to_string();
        assert_eq!(text, expected);
    }

    #[test]
    fn few_columns_have_names() {
        check(
            3,
            "\
to        from:    shop/client-1   shop/client-2   shop/client-3
shop/web  TCP 80                       +|-!!            +|+
          ICMP                         +|-!!            +|+
outside   ICMP                         +|-!!            +|+
",
        );
    }

    #[test]
    fn many_columns_have_numbers() {
        check(
            7,
            "\
from    1 shop/client-1    2 shop/client-2    3 shop/client-3    4 shop/client-4    5 shop/client-5
        6 shop/client-6    7 shop/client-7
to        from:   1    2     3    4    5    6    7
shop/web  TCP 80     +|-!!  +|+  +|+  +|+  +|+  +|+
          ICMP       +|-!!  +|+  +|+  +|+  +|+  +|+
outside   ICMP       +|-!!  +|+  +|+  +|+  +|+  +|+
",
        );
    }
}
