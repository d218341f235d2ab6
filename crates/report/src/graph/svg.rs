//! A picture without any other program: one SVG file, light and dark, with the texts as text.

use std::fmt::Write;

use podfence_analysis::graph::Graph;
use podfence_model::Direction;

use super::drawing::{Drawing, End, Fold, Line, Looks, Node};
use super::layout::{Layout, Placed, ROW, Rect, cut, text_width};
use super::route::{Ends, path, signed};
use super::words::hidden;

const STYLE: &str = include_str!("svg.css");

/// A graph as SVG.
pub fn svg(graph: &Graph, fold: Fold) -> String {
    let drawing = Drawing::of(graph, fold);
    let layout = Layout::of(&drawing);
    let notes = hidden(graph);
    let longest = notes.iter().map(|note| text_width(note)).max().unwrap_or_default();
    let width = layout.width.max(longest + 40).max(LEGEND);
    let height = layout.height + (notes.len() + 1) * ROW + 16;
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         role=\"img\" aria-label=\"Who reaches whom\">\n<style>\n{STYLE}</style>\n{MARKERS}\
         <rect class=\"ground\" width=\"{width}\" height=\"{height}\"/>\n"
    );
    for frame in &layout.frames {
        frame_text(&mut text, frame);
    }
    let obstacles = layout.obstacles();
    for line in drawing.lines.iter().enumerate() {
        edge(&mut text, &layout, &obstacles, line);
    }
    for (node, placed) in drawing.nodes.iter().zip(&layout.nodes) {
        node_text(&mut text, node, placed);
    }
    legend(&mut text, layout.height, &notes);
    text + "</svg>\n"
}

/// Lines that keep apart in one gap.
const LANES: usize = 5;
/// Pixels that the legend needs.
const LEGEND: usize = 640;

const MARKERS: &str = "<defs>\
    <marker id=\"head\" viewBox=\"0 0 8 8\" refX=\"7.5\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" \
    markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path class=\"head\" d=\"M0 0L8 4L0 8z\"/></marker>\
    <marker id=\"head-open\" viewBox=\"0 0 8 8\" refX=\"7.5\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" \
    markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path class=\"head open\" d=\"M0 0L8 4L0 8z\"/></marker></defs>\n";

fn rect(text: &mut String, class: &str, rect: Rect, radius: usize) {
    let Rect { x, y, width, height } = rect;
    let _ = writeln!(
        text,
        "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"{radius}\"/>"
    );
}

fn words(text: &mut String, class: &str, (x, y): (usize, usize), content: &str) {
    let _ = writeln!(text, "<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{}</text>", escaped(content));
}

fn frame_text(text: &mut String, frame: &Placed) {
    rect(text, "frame", frame.rect, 9);
    rows(text, frame, "title");
    pins(text, frame);
}

fn node_text(text: &mut String, node: &Node, placed: &Placed) {
    let (class, radius) = match node.looks {
        Looks::Pods => ("card", 6),
        Looks::Namespace => ("card folded", 6),
        Looks::Wide => ("card wide", 14),
    };
    rect(text, class, placed.rect, radius);
    rows(text, placed, if node.looks == Looks::Namespace { "title" } else { "" });
    for (index, direction) in node.isolated.iter().rev().enumerate() {
        let word = if *direction == Direction::Ingress { "IN" } else { "OUT" };
        let x = placed.rect.x + placed.rect.width - 36 - 32 * (node.isolated.len() - 1 - index);
        badge(text, (x, placed.rect.y + 8), word);
    }
    pins(text, placed);
}

fn rows(text: &mut String, placed: &Placed, first: &str) {
    for (index, row) in placed.rows.iter().enumerate() {
        let class = if index == 0 { first } else { "" };
        words(text, class, (placed.rect.x + 12, placed.rect.y + 19 + index * ROW), row);
    }
}

fn badge(text: &mut String, (x, y): (usize, usize), word: &str) {
    rect(text, "badge", Rect { x, y, width: 28, height: 13 }, 6);
    words(text, "badge", (x + 14, y + 10), word);
}

fn pins(text: &mut String, placed: &Placed) {
    for (index, pin) in placed.pins.iter().enumerate() {
        let (x, y) = (placed.rect.x, placed.first_pin() + index * ROW);
        rect(text, "pin", Rect { x, y: y + 1, width: text_width(pin) + 14, height: ROW - 2 }, 3);
        words(text, "pin", (x + 8, y + 13), pin);
    }
}

fn placed(layout: &Layout, end: End) -> &Placed {
    match end {
        End::Node(index) => &layout.nodes[index],
        End::Frame(index) => &layout.frames[index],
    }
}

fn edge(text: &mut String, layout: &Layout, obstacles: &[Rect], (index, line): (usize, &Line)) {
    let (from, to) = (placed(layout, line.from), placed(layout, line.to));
    let path = path(
        Ends {
            from: from.rect,
            leaves: signed(from.rect.y + 6 + ROW / 2),
            to: to.rect,
            enters: signed(to.pin(&cut(&line.label))),
            lane: signed(index % LANES * 2) - signed(LANES - 1),
        },
        obstacles,
    );
    let (class, head) = if line.open { ("edge open", "head-open") } else { ("edge", "head") };
    let label = escaped(&line.label);
    let _ = writeln!(
        text,
        "<path class=\"{class}\" d=\"{path}\" marker-end=\"url(#{head})\"><title>{label}</title></path>"
    );
}

fn legend(text: &mut String, top: usize, notes: &[String]) {
    let y = top + 8;
    let _ = writeln!(text, "<path class=\"edge\" d=\"M32 {y}h34\" marker-end=\"url(#head)\"/>");
    words(text, "small", (74, y + 4), "may connect");
    let _ = writeln!(text, "<path class=\"edge open\" d=\"M170 {y}h34\" marker-end=\"url(#head-open)\"/>");
    words(text, "small", (212, y + 4), "undecidable: a fact is missing");
    badge(text, (410, y - 7), "IN");
    badge(text, (442, y - 7), "OUT");
    words(text, "small", (478, y + 4), "isolated for ingress, egress");
    for (index, note) in notes.iter().enumerate() {
        words(text, "small", (32, y + 4 + (index + 1) * ROW), note);
    }
}

/// Text that is no markup. Characters that XML 1.0 forbids become spaces.
fn escaped(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '<' => "&lt;".to_owned(),
            '>' => "&gt;".to_owned(),
            '&' => "&amp;".to_owned(),
            '"' => "&quot;".to_owned(),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => " ".to_owned(),
            c => c.to_string(),
        })
        .collect()
}
