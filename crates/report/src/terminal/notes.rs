//! What is missing, and what else is worth knowing.

use podfence_analysis::{Explanation, Note, Verdict};
use podfence_model::Port;

use crate::style::Sheet;
use crate::words;

/// Missing facts named before the rest is only counted.
const FACTS: usize = 4;

/// The missing facts, and how to supply each.
pub(super) fn missing(sheet: &mut Sheet, explanation: &Explanation<'_>) {
    if explanation.verdict == Verdict::Undecidable {
        facts(sheet, &words::missing(explanation));
    }
}

/// Missing facts, each with how to supply it.
pub(super) fn facts(sheet: &mut Sheet, facts: &[(String, String)]) {
    if facts.is_empty() {
        return;
    }
    sheet.gap();
    for (fact, supply) in facts.iter().take(FACTS) {
        sheet.entry("missing", &format!("{fact}: {supply}"));
    }
    if let Some(rest) = facts.len().checked_sub(FACTS).filter(|rest| *rest > 0) {
        sheet.more(&format!("and {}", words::count(rest, "more fact", "more facts")));
    }
}

/// The notes.
pub(super) fn notes(sheet: &mut Sheet, notes: &[Note]) {
    if !notes.is_empty() {
        sheet.gap();
    }
    for note in notes {
        sheet.entry("note", &text(note));
    }
}

/// A note as one sentence.
pub(crate) fn text(note: &Note) -> String {
    match note {
        Note::HostNetwork { pod, node } => {
            let node = node.as_ref().map_or_else(|| "its node".to_owned(), |n| format!("node {n}"));
            format!(
                "{pod} has hostNetwork: its traffic is that of {node}, and policies do not see it as a pod"
            )
        }
        Note::HeadlessPort { port, target } => format!(
            "nothing translates the ports of a headless Service: clients dial {port} on the pod itself, \
             although targetPort says {target}"
        ),
        Note::OtherProtocol(protocol) => {
            let option = protocol.to_string().to_lowercase();
            format!("the Service has this port for {protocol} too: ask with --protocol {option}")
        }
        Note::LocalBackendsOnly => {
            "internalTrafficPolicy is Local: only backends on the source's own node get its traffic".into()
        }
        Note::ItselfLeftOut => "a pod always reaches itself; that is left out above".into(),
        Note::Undeclared { pod, layer4, declared } => {
            format!("{pod} declares {}, not {layer4}: perhaps nothing listens there", words::list(declared))
        }
        Note::NotExposed(service) => format!(
            "Service {service} is not exposed outside the cluster; this is judged as if the connection had \
             arrived all the same"
        ),
        Note::EntryNodes { stated: true } => {
            "a connection from outside may enter by any node (externalTrafficPolicy: Cluster); entering by \
             another node than the pod's, it arrives under that node's address"
                .into()
        }
        Note::EntryNodes { stated: false } => {
            "this holds when the connection enters by the pod's own node; entering by another \
             (externalTrafficPolicy: Cluster) it arrives under that node's address, and no input states nodes"
                .into()
        }
        Note::NodePorts { node, ports } => node_ports(node, ports),
    }
}

fn node_ports(node: &str, ports: &[Port]) -> String {
    let numbers: Vec<String> = ports.iter().map(ToString::to_string).collect();
    let leads = if ports.len() == 1 { "leads on to a Service" } else { "lead on to Services" };
    let noun = if ports.len() == 1 { "port" } else { "ports" };
    let first = numbers.first().cloned().unwrap_or_default();
    format!(
        "{noun} {} of node {node} {leads}, where the policies of its pods count: ask about node/{node}:{first}",
        words::list(&numbers)
    )
}
