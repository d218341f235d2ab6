//! Graphviz: `dot -Tsvg` draws it. Namespaces are clusters (<https://graphviz.org/doc/info/lang.html>).

use std::fmt::Write;

use podfence_analysis::graph::Graph;
use podfence_model::Direction;

use super::drawing::{Drawing, End, Fold, Line, Looks, Node};
use super::words::hidden;

/// A graph in the DOT language.
pub fn dot(graph: &Graph, fold: Fold) -> String {
    let drawing = Drawing::of(graph, fold);
    let mut text = String::new();
    for note in hidden(graph) {
        let _ = writeln!(text, "// {note}");
    }
    text.push_str(
        "digraph reachability {\n  rankdir=LR;\n  compound=true;\n  fontname=\"sans-serif\";\n  \
         node [shape=box, style=\"rounded,filled\", fillcolor=\"#ffffff\", fontname=\"sans-serif\", fontsize=11];\n  \
         edge [fontname=\"sans-serif\", fontsize=9, color=\"#44546a\"];\n",
    );
    for (index, name) in drawing.frames.iter().enumerate() {
        cluster(&mut text, &drawing, index, name);
    }
    for (index, node) in drawing.nodes.iter().enumerate().filter(|(_, node)| node.frame.is_none()) {
        let _ = writeln!(text, "  {}", node_text(index, node));
    }
    for line in &drawing.lines {
        let _ = writeln!(text, "  {}", edge(&drawing, line));
    }
    text + "}\n"
}

fn cluster(text: &mut String, drawing: &Drawing, index: usize, name: &str) {
    let name = quoted(&format!("namespace {name}"));
    let _ = writeln!(
        text,
        "  subgraph cluster_{index} {{\n    label={name};\n    color=\"#7f8ea3\";\n    bgcolor=\"#f3f5f9\";"
    );
    for (index, node) in drawing.inside(index) {
        let _ = writeln!(text, "    {}", node_text(index, node));
    }
    text.push_str("  }\n");
}

fn node_text(index: usize, node: &Node) -> String {
    let mut lines = node.lines.clone();
    lines.extend(isolation(node));
    let shape = match node.looks {
        Looks::Pods => "",
        Looks::Namespace => ", shape=folder",
        Looks::Wide => ", shape=ellipse, style=dashed",
    };
    format!("n{index} [label={}{shape}];", quoted(&lines.join("\n")))
}

/// `isolated: egress, ingress`.
pub(super) fn isolation(node: &Node) -> Option<String> {
    let names: Vec<String> = node.isolated.iter().map(Direction::to_string).collect();
    (!names.is_empty()).then(|| format!("isolated: {}", names.join(", ")))
}

/// Edges end at nodes in DOT; one to a cluster ends at a node in it and is cut at its border.
fn edge(drawing: &Drawing, line: &Line) -> String {
    let mut attributes = vec![format!("label={}", quoted(&line.label))];
    let from = anchor(drawing, line.from, "ltail", &mut attributes);
    let to = anchor(drawing, line.to, "lhead", &mut attributes);
    if line.open {
        attributes.push("style=dashed".to_owned());
    }
    format!("n{from} -> n{to} [{}];", attributes.join(", "))
}

fn anchor(drawing: &Drawing, end: End, attribute: &str, attributes: &mut Vec<String>) -> usize {
    match end {
        End::Node(index) => index,
        End::Frame(frame) => {
            attributes.push(format!("{attribute}=cluster_{frame}"));
            // A box is only made around nodes.
            drawing.inside(frame).map(|(index, _)| index).next().unwrap_or_default()
        }
    }
}

/// A quoted identifier: quotes and backslashes escaped, line breaks as DOT's own.
fn quoted(text: &str) -> String {
    let escaped: String = text
        .chars()
        .map(|c| match c {
            '"' => "\\\"".to_owned(),
            '\\' => "\\\\".to_owned(),
            '\n' => "\\n".to_owned(),
            c if c.is_control() => " ".to_owned(),
            c => c.to_string(),
        })
        .collect();
    format!("\"{escaped}\"")
}
