//! Coordinates for a drawing: nodes in columns inside their boxes, boxes in columns on the sheet.
//!
//! The words on a line stand where it enters its target, in a row of the node's own (a *pin*), so no label can lie on another.
//! Text is measured by its number of characters, generously: no font is at hand. Start with [`Layout::of`].

use super::arrange::{Spot, arrange};
use super::drawing::{Drawing, End, Node};

/// Height of a row of text, in pixels.
pub(super) const ROW: usize = 18;
/// Characters of a row at most; longer ones are cut.
const MOST_COLUMNS: usize = 44;
/// Rows of a node at most.
const MOST_ROWS: usize = 12;
/// Space inside of boxes.
const PAD: usize = 16;
/// Space between nodes of a box: beside and below each other.
const BETWEEN_NODES: (usize, usize) = (74, 16);
/// Space between boxes.
const BETWEEN_FRAMES: (usize, usize) = (90, 34);

/// A rectangle, in pixels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Rect {
    pub x: usize,
    pub y: usize,
    pub width: usize,
    pub height: usize,
}

/// A rectangle with rows of text, and rows where lines enter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Placed {
    pub rect: Rect,
    pub rows: Vec<String>,
    /// The labels of the lines that enter, each once.
    pub pins: Vec<String>,
}

impl Placed {
    /// The middle of the row of a pin, in pixels from the top of the sheet.
    pub(super) fn pin(&self, label: &str) -> usize {
        let index = self.pins.iter().position(|pin| pin == label).unwrap_or_default();
        self.first_pin() + index * ROW + ROW / 2
    }

    /// The top of the first pin.
    pub(super) fn first_pin(&self) -> usize {
        self.rect.y + 6 + self.rows.len() * ROW
    }
}

/// Where everything is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Layout {
    pub nodes: Vec<Placed>,
    pub frames: Vec<Placed>,
    pub width: usize,
    pub height: usize,
}

/// Something with a size that waits for its place.
struct Item {
    spot: Spot,
    size: (usize, usize),
}

impl Layout {
    pub(super) fn of(drawing: &Drawing) -> Self {
        let mut layout = Self {
            nodes: drawing
                .nodes
                .iter()
                .map(|node| Placed { rows: rows(node), ..Placed::default() })
                .collect(),
            frames: drawing
                .frames
                .iter()
                .map(|name| Placed { rows: vec![cut(name)], ..Placed::default() })
                .collect(),
            ..Self::default()
        };
        layout.pin(drawing);
        for (index, node) in drawing.nodes.iter().enumerate() {
            let badges = node.isolated.len();
            layout.nodes[index].rect = measured(&layout.nodes[index], badges);
        }
        for frame in 0..drawing.frames.len() {
            layout.fill(drawing, frame);
        }
        layout.spread(drawing);
        layout
    }

    /// What lines go around: nodes, and the titles of boxes.
    pub(super) fn obstacles(&self) -> Vec<Rect> {
        let title = |frame: &Placed| {
            let width = frame.rows.first().map_or(0, |row| text_width(row)) + 30;
            Rect { x: frame.rect.x, y: frame.rect.y, width: width.min(frame.rect.width), height: 6 + ROW }
        };
        self.nodes.iter().map(|node| node.rect).chain(self.frames.iter().map(title)).collect()
    }

    fn end(&mut self, end: End) -> &mut Placed {
        match end {
            End::Node(index) => &mut self.nodes[index],
            End::Frame(index) => &mut self.frames[index],
        }
    }

    fn pin(&mut self, drawing: &Drawing) {
        for line in &drawing.lines {
            let label = cut(&line.label);
            let placed = self.end(line.to);
            if !placed.pins.contains(&label) {
                placed.pins.push(label);
            }
        }
    }

    /// Places the nodes of a box relative to it, and gives it its size.
    fn fill(&mut self, drawing: &Drawing, frame: usize) {
        let inside: Vec<usize> = drawing.inside(frame).map(|(index, _)| index).collect();
        let place = |end| match end {
            End::Node(index) => inside.iter().position(|node| *node == index),
            End::Frame(_) => None,
        };
        let lines: Vec<(usize, usize)> =
            drawing.lines.iter().filter_map(|line| Some((place(line.from)?, place(line.to)?))).collect();
        let spots = arrange(inside.len(), &lines);
        let size = |node: &usize| (self.nodes[*node].rect.width, self.nodes[*node].rect.height);
        let items: Vec<Item> =
            inside.iter().zip(spots).map(|(node, spot)| Item { spot, size: size(node) }).collect();
        let head = measured(&self.frames[frame], 1);
        let (places, (width, height)) =
            columns(&items, limit(&items, 14, BETWEEN_NODES).max(260), BETWEEN_NODES);
        for (node, (x, y)) in inside.iter().zip(&places) {
            let column = inside.iter().zip(&places).filter(|(_, place)| place.0 == *x);
            let widest = column.map(|(node, _)| self.nodes[*node].rect.width).max().unwrap_or_default();
            self.nodes[*node].rect = Rect {
                x: x + PAD,
                y: y + PAD + head.height,
                width: widest,
                height: self.nodes[*node].rect.height,
            };
        }
        self.frames[frame].rect = Rect {
            width: width.max(head.width) + 2 * PAD,
            height: height + head.height + 2 * PAD,
            ..Rect::default()
        };
    }

    /// Places boxes, and nodes that are in none, on the sheet.
    fn spread(&mut self, drawing: &Drawing) {
        let free: Vec<usize> =
            (0..drawing.nodes.len()).filter(|node| drawing.nodes[*node].frame.is_none()).collect();
        let frames = drawing.frames.len();
        let home = |end| match end {
            End::Frame(index) => index,
            End::Node(index) => {
                drawing.nodes[index].frame.unwrap_or_else(|| frames + free.partition_point(|n| *n < index))
            }
        };
        let lines: Vec<(usize, usize)> =
            drawing.lines.iter().map(|line| (home(line.from), home(line.to))).collect();
        let spots = arrange(frames + free.len(), &lines);
        let rects =
            self.frames.iter().map(|frame| frame.rect).chain(free.iter().map(|node| self.nodes[*node].rect));
        let items: Vec<Item> =
            rects.zip(spots).map(|(rect, spot)| Item { spot, size: (rect.width, rect.height) }).collect();
        let (places, (width, height)) = columns(&items, limit(&items, 14, BETWEEN_FRAMES), BETWEEN_FRAMES);
        for (index, (x, y)) in places.into_iter().enumerate() {
            self.put(drawing, index, &free, (x + 2 * PAD, y + 2 * PAD));
        }
        (self.width, self.height) = (width + 4 * PAD, height + 4 * PAD);
    }

    fn put(&mut self, drawing: &Drawing, index: usize, free: &[usize], (x, y): (usize, usize)) {
        let Some(frame) = self.frames.get_mut(index) else {
            let node = free[index - self.frames.len()];
            (self.nodes[node].rect.x, self.nodes[node].rect.y) = (x, y);
            return;
        };
        (frame.rect.x, frame.rect.y) = (x, y);
        for (node, _) in drawing.inside(index) {
            self.nodes[node].rect.x += x;
            self.nodes[node].rect.y += y;
        }
    }
}

fn rows(node: &Node) -> Vec<String> {
    let rest = node.lines.len().saturating_sub(MOST_ROWS - 1);
    if rest < 2 {
        return node.lines.iter().map(|line| cut(line)).collect();
    }
    let shown = node.lines.iter().take(MOST_ROWS - 1).map(|line| cut(line));
    shown.chain([format!("and {rest} more")]).collect()
}

/// A row of text that fits.
pub(super) fn cut(text: &str) -> String {
    let clean = |c: char| if c.is_control() { ' ' } else { c };
    if text.chars().count() <= MOST_COLUMNS {
        return text.chars().map(clean).collect();
    }
    text.chars().map(clean).take(MOST_COLUMNS - 1).chain(['…']).collect()
}

/// Pixels that a text may need, at 12 pixels a letter's height.
pub(super) fn text_width(text: &str) -> usize {
    text.chars().count() * 7
}

fn measured(placed: &Placed, badges: usize) -> Rect {
    let first = placed.rows.first().map_or(0, |row| text_width(row)) + badges * 34;
    let rows = placed.rows.iter().skip(1).map(|row| text_width(row));
    let pins = placed.pins.iter().map(|pin| text_width(pin) + 8);
    let width = rows.chain(pins).chain([first, 90]).max().unwrap_or_default() + 24;
    Rect { width, height: 12 + (placed.rows.len() + placed.pins.len()) * ROW, ..Rect::default() }
}

/// The height of columns at which the whole is `aspect` tenths as wide as it is high.
fn limit(items: &[Item], aspect: usize, gap: (usize, usize)) -> usize {
    let area: usize = items.iter().map(|item| (item.size.0 + gap.0) * (item.size.1 + gap.1)).sum();
    let highest = items.iter().map(|item| item.size.1).max().unwrap_or_default();
    (area * 10 / aspect).isqrt().max(highest)
}

/// Puts items into columns by rank; a column higher than `limit` goes on beside itself. Also gives the size of it all.
fn columns(items: &[Item], limit: usize, gap: (usize, usize)) -> (Vec<(usize, usize)>, (usize, usize)) {
    let mut sorted: Vec<usize> = (0..items.len()).collect();
    sorted.sort_by_key(|index| items[*index].spot);
    let mut places = vec![(0, 0); items.len()];
    let (mut x, mut y, mut widest, mut height) = (0, 0, 0, 0);
    let mut before: Option<usize> = None;
    for index in sorted {
        let Item { spot, size } = &items[index];
        let next = before.is_some_and(|rank| rank != spot.rank) || y > 0 && y + size.1 > limit;
        if next {
            (x, y, widest) = (x + widest + gap.0, 0, 0);
        }
        before = Some(spot.rank);
        places[index] = (x, y);
        widest = widest.max(size.0);
        height = height.max(y + size.1);
        y += size.1 + gap.1;
    }
    (places, (x + widest, height))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::drawing::Fold;
    use podfence_analysis::graph::{Choice, Graph};
    use podfence_engine::Engine;
    use podfence_testkit::generate;

    fn apart(a: Rect, b: Rect) -> bool {
        a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y
    }

    fn inside(a: Rect, b: Rect) -> bool {
        a.x >= b.x && a.y >= b.y && a.x + a.width <= b.x + b.width && a.y + a.height <= b.y + b.height
    }

    fn check(drawing: &Drawing, seed: u64) {
        let layout = Layout::of(drawing);
        let sheet = Rect { width: layout.width, height: layout.height, ..Rect::default() };
        let frame_of = |index: usize| drawing.nodes[index].frame;
        for (a, placed) in layout.nodes.iter().enumerate() {
            assert!(inside(placed.rect, sheet), "seed {seed}: node {a} is on the sheet");
            assert!(
                placed.first_pin() + placed.pins.len() * ROW <= placed.rect.y + placed.rect.height,
                "seed {seed}"
            );
            assert!(
                placed.rows.iter().chain(&placed.pins).all(|text| text_width(text) + 8 <= placed.rect.width)
            );
            for (b, other) in layout.nodes.iter().enumerate().skip(a + 1) {
                assert!(apart(placed.rect, other.rect), "seed {seed}: nodes {a} and {b}");
            }
            for (index, frame) in layout.frames.iter().enumerate() {
                let fits = if frame_of(a) == Some(index) { inside } else { apart };
                assert!(fits(placed.rect, frame.rect), "seed {seed}: node {a} and box {index}");
            }
        }
        for (a, frame) in layout.frames.iter().enumerate() {
            assert!(inside(frame.rect, sheet), "seed {seed}: box {a} is on the sheet");
            let first = drawing.inside(a).map(|(index, _)| layout.nodes[index].rect.y).min();
            assert!(
                first.is_none_or(|y| frame.first_pin() + frame.pins.len() * ROW <= y),
                "seed {seed}: labels of {a}"
            );
            assert!(
                layout.frames[a + 1..].iter().all(|other| apart(frame.rect, other.rect)),
                "seed {seed}: box {a}"
            );
        }
    }

    #[test]
    fn nothing_overlaps_in_any_world() {
        for seed in 0..200 {
            let world = generate::world(seed);
            let graph = Graph::new(&world, &Engine::new(&world), &Choice::default()).expect("a small world");
            check(&Drawing::of(&graph, Fold::Nothing), seed);
            check(&Drawing::of(&graph, Fold::Namespaces), seed);
        }
    }
}
