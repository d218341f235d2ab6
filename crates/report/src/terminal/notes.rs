//! What is missing, and what else is worth knowing.

use podfence_analysis::{Explanation, Note};

use crate::style::Sheet;
use crate::words;

/// The missing facts, and how to supply each.
pub(super) fn missing(sheet: &mut Sheet, explanation: &Explanation<'_>) {
    let facts = explanation.missing();
    if !facts.is_empty() {
        sheet.gap();
    }
    for fact in facts {
        sheet.entry("missing", &format!("{fact}: {}", words::supply(fact)));
    }
}

/// The notes.
pub(super) fn notes(sheet: &mut Sheet, explanation: &Explanation<'_>) {
    if !explanation.notes.is_empty() {
        sheet.gap();
    }
    for note in &explanation.notes {
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
        Note::NodePort { service, port } => format!(
            "this is a nodePort of Service {service}: what arrives there goes on to its pods; ask about \
             {}/svc/{}:{port} as well",
            service.namespace, service.name
        ),
    }
}
