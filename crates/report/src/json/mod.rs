//! Answers for programs: serde values of our own, under a version, so that the engine's types may change.
//!
//! Every answer is a [`Document`], whose first field names its schema; the schemas are `docs/schemas/NAME.json`, and
//! `docs/json.md` says what may change under one name. Rules and items count from 0 here, as in the objects themselves.

mod change;
mod diff;
mod ends;
mod every_port;
mod expectations;
mod graph;
mod ingress;
mod lab;
mod learn;
mod matrix;
mod new_pods;
mod path;
mod portrait;
mod ports;
mod question;
mod status;

use podfence_analysis::Explanation;
use serde::Serialize;

use crate::mend::{Change, none};
use crate::terminal::note_text;
use crate::words;
use change::ChangeView;
pub use diff::diff;
pub use every_port::{every_port, service_ports};
pub use expectations::expectations;
pub use graph::graph;
pub use ingress::ingress;
pub use lab::{Compared, LabStep, VerdictRow, lab};
pub use learn::checked;
pub use matrix::matrix;
use path::PathView;
pub use portrait::portrait;
use question::{DnsView, EndView, ServiceView};
pub use status::{
    LabStatus, StatusChange, StatusCompared, StatusIngress, StatusNode, StatusPod, StatusService, lab_status,
};

/// A value under the name of its schema.
#[derive(Debug, Serialize)]
pub struct Document<T> {
    /// The schema: the name of a file in `docs/schemas`, without `.json`.
    pub schema: &'static str,
    /// What it describes.
    #[serde(flatten)]
    pub value: T,
}

impl<T: Serialize> Document<T> {
    /// A value under the name of its schema, for instance `explain-v1`.
    pub fn new(schema: &'static str, value: T) -> Self {
        Self { schema, value }
    }

    /// Pretty-printed, ending in a line break.
    pub fn text(&self) -> String {
        // Only strings, numbers and lists: nothing in it can fail to be written.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExplanationView {
    verdict: &'static str,
    source: EndView,
    destination: EndView,
    #[serde(flatten)]
    layer4: Layer4View,
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<ServiceView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dns: Option<DnsView>,
    paths: Vec<PathView>,
    missing: Vec<MissingView>,
    notes: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    change: Option<ChangeView>,
    /// Why there is no change to tell of.
    #[serde(skip_serializing_if = "Option::is_none")]
    no_change: Option<&'static str>,
}

/// Protocol and port; both absent when they differ from pod to pod.
#[derive(Serialize)]
struct Layer4View {
    #[serde(skip_serializing_if = "Option::is_none")]
    protocol: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    port: Option<u16>,
}

impl From<Option<podfence_model::Layer4>> for Layer4View {
    fn from(layer4: Option<podfence_model::Layer4>) -> Self {
        use podfence_model::Layer4::{Icmp, Port};
        match layer4 {
            Some(Port(protocol, port)) => {
                Self { protocol: Some(protocol.to_string()), port: Some(port.get()) }
            }
            Some(Icmp) => Self { protocol: Some("ICMP".into()), port: None },
            None => Self { protocol: None, port: None },
        }
    }
}

#[derive(Serialize)]
struct MissingView {
    fact: String,
    supply: String,
}

/// An explanation as pretty-printed JSON, ending in a line break.
pub fn explain(explanation: &Explanation<'_>, change: Option<&Change<'_>>) -> String {
    let mut document = view(explanation);
    document.value.change = change.and_then(|change| ChangeView::new(explanation.world, change));
    document.value.no_change =
        change.and_then(|change| none(change.found.as_ref().err().copied()?, change.goal));
    document.text()
}

fn view(explanation: &Explanation<'_>) -> Document<ExplanationView> {
    Document::new("explain-v1", answer_view(explanation))
}

/// An explanation without a change.
fn answer_view(explanation: &Explanation<'_>) -> ExplanationView {
    let missing = words::missing(explanation).into_iter();
    ExplanationView {
        verdict: words::verdict(&explanation.verdict),
        source: EndView::new(&explanation.source),
        destination: EndView::new(&explanation.destination),
        layer4: words::asked_layer4(explanation).into(),
        service: explanation.service.as_ref().map(ServiceView::new),
        dns: explanation.dns.as_ref().map(DnsView::new),
        paths: explanation.paths.iter().map(|p| PathView::new(explanation.world, p)).collect(),
        missing: missing.map(|(fact, supply)| MissingView { fact, supply }).collect(),
        notes: explanation.notes.iter().map(note_text).collect(),
        change: None,
        no_change: None,
    }
}
