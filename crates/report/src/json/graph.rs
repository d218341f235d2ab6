//! A graph for programs.

use podfence_analysis::graph::{Card, Edge, Graph, Member, Unit, Who};
use podfence_engine::AddressRange;
use podfence_model::{NamespacedName, PortSet, Protocol};
use serde::Serialize;

use super::Document;
use crate::graph::{card_name, hidden, link_text};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GraphView {
    nodes: Vec<NodeView>,
    edges: Vec<EdgeView>,
    /// Pairs of nodes that no policy decides and that are left out.
    undecided_pairs: usize,
    notes: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NodeView {
    id: usize,
    kind: &'static str,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    members: Vec<MemberView>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ranges: Vec<RangeView>,
    isolated_by: IsolatedView,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MemberView {
    kind: String,
    name: String,
    pods: Vec<String>,
    /// How many pods it has in all.
    of: usize,
}

#[derive(Serialize)]
struct RangeView {
    first: String,
    last: String,
}

#[derive(Serialize)]
struct IsolatedView {
    egress: Vec<PolicyView>,
    ingress: Vec<PolicyView>,
}

#[derive(Serialize)]
struct PolicyView {
    namespace: String,
    name: String,
}

/// An end of an edge: a node, all nodes of a namespace, all nodes of pods, or all nodes.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
enum EndView {
    Node {
        id: usize,
    },
    Namespace {
        name: String,
    },
    EveryPod,
    Everybody,
    /// The pods, of a namespace or of all, that nothing isolates in a direction.
    NotIsolated {
        #[serde(skip_serializing_if = "Option::is_none")]
        namespace: Option<String>,
        direction: String,
    },
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EdgeView {
    from: EndView,
    to: EndView,
    #[serde(skip_serializing_if = "Option::is_none")]
    family: Option<String>,
    ports: Vec<PortView>,
    /// Ports of which it cannot be said, for a fact is missing.
    undecidable_ports: Vec<PortView>,
    text: String,
    /// Pairs of nodes that it stands for.
    pairs: usize,
}

/// A range of ports; none for ICMP.
#[derive(Serialize)]
struct PortView {
    protocol: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    first: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<u16>,
}

/// A graph as JSON.
pub fn graph(graph: &Graph) -> String {
    let shown = graph.cards_with_ids().filter(|(_, card)| card.shown);
    let view = GraphView {
        nodes: shown.map(|(id, card)| node(id.index(), card)).collect(),
        edges: graph.edges.iter().map(edge).collect(),
        undecided_pairs: graph.undecided,
        notes: hidden(graph),
    };
    Document::new("graph-v1", view).text()
}

fn node(id: usize, card: &Card) -> NodeView {
    let (kind, ranges) = match &card.who {
        Who::Pods { .. } => ("pods", &[][..]),
        Who::UnknownPods(ranges) => ("unknownPods", ranges.as_slice()),
        Who::Outside(ranges) => ("outside", ranges.as_slice()),
    };
    NodeView {
        id,
        kind,
        name: card_name(card),
        namespace: card.namespace().map(str::to_owned),
        members: card.members().iter().map(member).collect(),
        ranges: ranges.iter().map(range).collect(),
        isolated_by: IsolatedView { egress: policies(&card.egress), ingress: policies(&card.ingress) },
    }
}

fn member(member: &Member) -> MemberView {
    MemberView {
        kind: member.object.kind.to_string(),
        name: member.object.name.clone(),
        pods: member.pods.iter().map(|pod| pod.name.clone()).collect(),
        of: member.of,
    }
}

fn range(range: &AddressRange) -> RangeView {
    RangeView { first: range.first().to_string(), last: range.last().to_string() }
}

fn policies(names: &[NamespacedName]) -> Vec<PolicyView> {
    names.iter().map(|id| PolicyView { namespace: id.namespace.clone(), name: id.name.clone() }).collect()
}

fn end(unit: &Unit) -> EndView {
    match unit {
        Unit::Card(id) => EndView::Node { id: id.index() },
        Unit::Namespace(name) => EndView::Namespace { name: name.clone() },
        Unit::EveryPod => EndView::EveryPod,
        Unit::Everybody => EndView::Everybody,
        Unit::Free { namespace, direction } => {
            EndView::NotIsolated { namespace: namespace.clone(), direction: direction.to_string() }
        }
    }
}

fn edge(edge: &Edge) -> EdgeView {
    EdgeView {
        from: end(&edge.from),
        to: end(&edge.to),
        family: edge.link.family.map(|family| family.to_string()),
        ports: ports(&edge.link.certain),
        undecidable_ports: ports(&edge.link.open),
        text: link_text(&edge.link),
        pairs: edge.pairs.len(),
    }
}

fn ports(set: &PortSet) -> Vec<PortView> {
    let of = |protocol: Protocol| {
        let view = move |(first, last)| PortView {
            protocol: protocol.to_string(),
            first: Some(first),
            last: Some(last),
        };
        set.ranges(protocol).map(view)
    };
    let icmp = PortView { protocol: "ICMP".to_owned(), first: None, last: None };
    Protocol::ALL.into_iter().flat_map(of).chain(set.has_portless().then_some(icmp)).collect()
}
