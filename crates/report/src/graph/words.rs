//! What nodes and edges are called.

use podfence_analysis::ends::EndName;
use podfence_analysis::graph::{Card, Graph, Link, Member, Unit, Who};
use podfence_analysis::short_kind;

use crate::ends;
use crate::words::{count, list};

/// `deploy/web`, `deploy/web ×3`, `sts/db (2 of its 3 pods)`.
fn member_name(member: &Member) -> String {
    let name = format!("{}/{}", short_kind(&member.object.kind), member.object.name);
    match (member.pods.len(), member.of) {
        (1, 1) => name,
        (some, all) if some == all => format!("{name} ×{all}"),
        (1, _) => format!("{name}: {}", member.pods[0].name),
        (some, all) => format!("{name} ({some} of its {all} pods)"),
    }
}

/// A card in one line: `shop/deploy/web and shop/deploy/api`.
pub(crate) fn card_name(card: &Card) -> String {
    list(&card.names.iter().map(ends::name).collect::<Vec<_>>())
}

/// The lines on a card.
pub(super) fn card_lines(card: &Card) -> Vec<String> {
    match &card.who {
        Who::Pods { members, .. } => members.iter().map(member_name).collect(),
        Who::UnknownPods(_) | Who::Outside(_) => card.names.iter().map(ends::name).collect(),
    }
}

/// An end of an edge in one line.
pub(crate) fn unit_name(graph: &Graph, unit: &Unit) -> String {
    let but = Vec::new();
    match unit {
        Unit::Card(id) => card_name(graph.card(*id)),
        Unit::Namespace(name) => ends::name(&EndName::Namespace { name: name.clone(), but }),
        Unit::EveryPod => ends::name(&EndName::EveryPod { but }),
        Unit::Everybody => ends::name(&EndName::Everybody { but }),
        Unit::Free { namespace: None, direction } => format!("every pod not isolated for {direction}"),
        Unit::Free { namespace: Some(name), direction } => {
            format!("pods of {name} not isolated for {direction}")
        }
    }
}

/// The lines on a node that stands for a unit of many cards.
pub(super) fn unit_lines(graph: &Graph, unit: &Unit) -> Vec<String> {
    let Unit::Free { namespace, direction } = unit else { return vec![unit_name(graph, unit)] };
    let who = if namespace.is_some() { "its pods" } else { "every pod" };
    vec![who.to_owned(), format!("not isolated for {direction}")]
}

/// `TCP 80`, `all ports`, `TCP 80; perhaps UDP 53 (IPv6)`.
pub(crate) fn link_text(link: &Link) -> String {
    let ports =
        |set: &podfence_model::PortSet| if set.is_all() { "all ports".to_owned() } else { set.to_string() };
    let text = match (link.certain.is_empty(), link.open.is_empty()) {
        (_, true) => ports(&link.certain),
        (true, false) => format!("perhaps {}", ports(&link.open)),
        (false, false) => format!("{}; perhaps {}", ports(&link.certain), ports(&link.open)),
    };
    link.family.map_or(text.clone(), |family| format!("{text} ({family})"))
}

/// What the graph does not show, in sentences.
pub(crate) fn hidden(graph: &Graph) -> Vec<String> {
    let mut notes = Vec::new();
    if graph.undecided > 0 {
        let pairs = count(
            graph.undecided,
            "connection that no policy decides is",
            "connections that no policy decides are",
        );
        notes.push(format!(
            "{pairs} left out: nothing isolates the sender for egress, nor the receiver for ingress, so all ports are open \
             (--all shows them)"
        ));
    }
    if graph.on_host > 0 {
        let pods = count(
            graph.on_host,
            "pod uses its node's network and is",
            "pods use their node's network and are",
        );
        notes.push(format!("{pods} left out: policies do not see hostNetwork pods"));
    }
    notes
}
