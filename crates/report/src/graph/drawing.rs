//! Boxes, nodes and lines with their words: what all pictures have in common.

use std::collections::BTreeMap;

use podfence_analysis::graph::{CardId, Edge, Graph, Unit};
use podfence_model::Direction;

use super::words::{card_lines, link_text, unit_lines};
use crate::words::count;

/// How much of a graph is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fold {
    /// Everything.
    Nothing,
    /// Every namespace as one node.
    Namespaces,
}

/// What a node stands for, which decides its looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Looks {
    /// Pods.
    Pods,
    /// A folded namespace.
    Namespace,
    /// Addresses, every pod, everybody.
    Wide,
}

/// A node: some lines of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    pub lines: Vec<String>,
    pub looks: Looks,
    /// The box it is in.
    pub frame: Option<usize>,
    /// The directions it is isolated for.
    pub isolated: Vec<Direction>,
}

/// A node or a box.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum End {
    Node(usize),
    Frame(usize),
}

/// A line from one end to another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Line {
    pub from: End,
    pub to: End,
    pub label: String,
    /// Nothing on it is certain.
    pub open: bool,
}

/// A picture before it has a layout.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Drawing {
    /// The names of the namespaces that are boxes.
    pub frames: Vec<String>,
    pub nodes: Vec<Node>,
    pub lines: Vec<Line>,
}

impl Drawing {
    pub(super) fn of(graph: &Graph, fold: Fold) -> Self {
        match fold {
            Fold::Nothing => whole(graph),
            Fold::Namespaces => folded(graph),
        }
    }

    /// The nodes of a box.
    pub(super) fn inside(&self, frame: usize) -> impl Iterator<Item = (usize, &Node)> {
        self.nodes.iter().enumerate().filter(move |(_, node)| node.frame == Some(frame))
    }
}

/// Where the units of a graph have gone.
#[derive(Default)]
struct Places(BTreeMap<Unit, End>);

fn whole(graph: &Graph) -> Drawing {
    let shown = || graph.cards_with_ids().filter(|(_, card)| card.shown);
    let mut frames: Vec<String> =
        shown().filter_map(|(_, card)| card.namespace()).map(str::to_owned).collect();
    frames.dedup();
    let mut drawing = Drawing { frames, ..Drawing::default() };
    let mut places = Places::default();
    for (index, name) in drawing.frames.iter().enumerate() {
        places.0.insert(Unit::Namespace(name.clone()), End::Frame(index));
    }
    for (id, _) in shown() {
        let node = card_node(graph, id, &drawing.frames);
        places.0.insert(Unit::Card(id), End::Node(drawing.nodes.len()));
        drawing.nodes.push(node);
    }
    lines(graph, &mut drawing, places);
    drawing
}

fn card_node(graph: &Graph, id: CardId, frames: &[String]) -> Node {
    let card = graph.card(id);
    let isolated = Direction::BOTH.into_iter().filter(|direction| !card.isolating(*direction).is_empty());
    Node {
        lines: card_lines(card),
        looks: if card.namespace().is_some() { Looks::Pods } else { Looks::Wide },
        frame: card.namespace().and_then(|name| frames.iter().position(|frame| frame == name)),
        isolated: isolated.collect(),
    }
}

/// A node for many cards at once.
fn wide(graph: &Graph, unit: &Unit, frame: Option<usize>) -> Node {
    Node { lines: unit_lines(graph, unit), looks: Looks::Wide, frame, isolated: Vec::new() }
}

/// The edges, with a node for "every pod" and "everybody" where they are needed.
fn lines(graph: &Graph, drawing: &mut Drawing, mut places: Places) {
    for edge in &graph.edges {
        let (Some(from), Some(to)) =
            (places.end(graph, drawing, &edge.from), places.end(graph, drawing, &edge.to))
        else {
            continue;
        };
        drawing.lines.push(Line {
            from,
            to,
            label: link_text(&edge.link),
            open: edge.link.certain.is_empty(),
        });
    }
}

impl Places {
    fn end(&mut self, graph: &Graph, drawing: &mut Drawing, unit: &Unit) -> Option<End> {
        let known = self.0.get(unit).copied();
        if known.is_some() || matches!(unit, Unit::Card(_) | Unit::Namespace(_)) {
            return known;
        }
        let frame = match unit {
            Unit::Free { namespace: Some(name), .. } => drawing.frames.iter().position(|frame| frame == name),
            _ => None,
        };
        let end = End::Node(drawing.nodes.len());
        drawing.nodes.push(wide(graph, unit, frame));
        self.0.insert(unit.clone(), end);
        Some(end)
    }
}

fn folded(graph: &Graph) -> Drawing {
    let mut drawing = Drawing::default();
    let mut places = Places::default();
    let mut sizes: BTreeMap<&str, usize> = BTreeMap::new();
    for (id, card) in graph.cards_with_ids().filter(|(_, card)| card.shown) {
        if let Some(name) = card.namespace() {
            *sizes.entry(name).or_default() += card.members().len();
        } else {
            places.0.insert(Unit::Card(id), End::Node(drawing.nodes.len()));
            drawing.nodes.push(card_node(graph, id, &[]));
        }
    }
    for (name, size) in sizes {
        places.0.insert(Unit::Namespace(name.to_owned()), End::Node(drawing.nodes.len()));
        let lines = vec![name.to_owned(), count(size, "workload", "workloads")];
        drawing.nodes.push(Node { lines, looks: Looks::Namespace, frame: None, isolated: Vec::new() });
    }
    bundles(graph, &mut drawing, places);
    drawing
}

/// One line for all edges between two namespaces, with their ports if they agree. What stays inside is not told.
fn bundles(graph: &Graph, drawing: &mut Drawing, mut places: Places) {
    let mut bundles: BTreeMap<(End, End), Vec<&Edge>> = BTreeMap::new();
    for edge in &graph.edges {
        let ends = [&edge.from, &edge.to].map(|unit| places.end(graph, drawing, &home(graph, unit)));
        if let [Some(from), Some(to)] = ends
            && from != to
        {
            bundles.entry((from, to)).or_default().push(edge);
        }
    }
    for ((from, to), edges) in bundles {
        let mut labels: Vec<String> = edges.iter().map(|edge| link_text(&edge.link)).collect();
        labels.sort();
        labels.dedup();
        let label =
            if let [only] = labels.as_slice() { only.clone() } else { count(edges.len(), "edge", "edges") };
        let open = edges.iter().all(|edge| edge.link.certain.is_empty());
        drawing.lines.push(Line { from, to, label, open });
    }
}

/// The namespace of a card with pods; any other unit stays what it is.
fn home(graph: &Graph, unit: &Unit) -> Unit {
    match unit {
        Unit::Card(id) => {
            let namespace = graph.card(*id).namespace();
            namespace.map_or_else(|| unit.clone(), |name| Unit::Namespace(name.to_owned()))
        }
        Unit::Free { namespace: Some(name), .. } => Unit::Namespace(name.clone()),
        _ => unit.clone(),
    }
}
