//! Mermaid, which GitHub and GitLab draw in Markdown (<https://mermaid.js.org/syntax/flowchart.html>).

use std::fmt::Write;

use podfence_analysis::graph::Graph;

use super::dot::isolation;
use super::drawing::{Drawing, End, Fold, Line, Looks, Node};
use super::words::hidden;

/// A graph as a Mermaid flowchart.
pub fn mermaid(graph: &Graph, fold: Fold) -> String {
    let drawing = Drawing::of(graph, fold);
    let mut text = String::new();
    for note in hidden(graph) {
        let _ = writeln!(text, "%% {note}");
    }
    text.push_str("flowchart LR\n");
    for (index, name) in drawing.frames.iter().enumerate() {
        let _ = writeln!(text, "  subgraph s{index}[{}]", quoted(&format!("namespace {name}")));
        for (index, node) in drawing.inside(index) {
            let _ = writeln!(text, "    {}", node_text(index, node));
        }
        text.push_str("  end\n");
    }
    for (index, node) in drawing.nodes.iter().enumerate().filter(|(_, node)| node.frame.is_none()) {
        let _ = writeln!(text, "  {}", node_text(index, node));
    }
    for line in &drawing.lines {
        let _ = writeln!(text, "  {}", edge(line));
    }
    text
}

fn node_text(index: usize, node: &Node) -> String {
    let mut lines = node.lines.clone();
    lines.extend(isolation(node));
    let label = quoted(&lines.join("\n"));
    match node.looks {
        Looks::Pods => format!("n{index}[{label}]"),
        Looks::Namespace => format!("n{index}[[{label}]]"),
        Looks::Wide => format!("n{index}([{label}])"),
    }
}

fn edge(line: &Line) -> String {
    let end = |end| match end {
        End::Node(index) => format!("n{index}"),
        End::Frame(index) => format!("s{index}"),
    };
    let arrow = if line.open { "-.->" } else { "-->" };
    format!("{} {arrow}|{}| {}", end(line.from), quoted(&line.label), end(line.to))
}

/// Quoted text in which everything that Mermaid, Markdown or HTML could read is an entity of Mermaid's (`#35;`).
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || " /.,:;()-_×".contains(c);
    let escaped: String = text
        .chars()
        .map(|c| match c {
            '\n' => "<br>".to_owned(),
            c if plain(c) => c.to_string(),
            c => format!("#{};", u32::from(c)),
        })
        .collect();
    format!("\"{escaped}\"")
}
