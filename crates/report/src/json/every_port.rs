//! Every port between two ends, and every port of a Service, for programs.

use podfence_analysis::{EveryPort, PairPorts, PortsPart, ServicePorts};
use podfence_model::World;
use serde::Serialize;

use super::path::PathView;
use super::ports::{PortsView, view as ports_view};
use super::question::{DnsView, EndView, PortView, service_port};
use super::{Document, ExplanationView, MissingView, answer_view};
use crate::terminal::note_text;
use crate::{ports, words};

#[derive(Serialize)]
struct EveryPortView {
    verdict: &'static str,
    source: EndView,
    destination: EndView,
    #[serde(skip_serializing_if = "Option::is_none")]
    protocol: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dns: Option<DnsView>,
    pairs: Vec<PairView>,
    missing: Vec<MissingView>,
    notes: Vec<String>,
}

#[derive(Serialize)]
struct PairView {
    sources: Vec<String>,
    destinations: Vec<String>,
    parts: Vec<PartView>,
}

#[derive(Serialize)]
struct PartView {
    verdict: &'static str,
    ports: Vec<PortsView>,
    declared: Vec<DeclaredView>,
    /// The answer for one of the ports.
    path: PathView,
}

#[derive(Serialize)]
struct DeclaredView {
    protocol: String,
    port: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

/// An answer about every port as JSON.
pub fn every_port(answer: &EveryPort<'_>) -> String {
    let missing = words::missing_of_ports(answer).into_iter();
    let view = EveryPortView {
        verdict: words::verdict(&answer.verdict),
        source: EndView::new(&answer.source),
        destination: EndView::new(&answer.destination),
        protocol: answer.protocol.map(|protocol| protocol.to_string()),
        dns: answer.dns.as_ref().map(DnsView::new),
        pairs: answer.pairs.iter().map(|one| pair(answer.world, one)).collect(),
        missing: missing.map(|(fact, supply)| MissingView { fact, supply }).collect(),
        notes: answer.notes.iter().map(note_text).collect(),
    };
    Document::new("explain-ports-v1", view).text()
}

fn pair(world: &World, pair: &PairPorts) -> PairView {
    PairView {
        sources: pair.sources.iter().map(words::end).collect(),
        destinations: pair.destinations.iter().map(words::end).collect(),
        parts: pair.parts.iter().map(|one| part(world, one)).collect(),
    }
}

fn part(world: &World, part: &PortsPart) -> PartView {
    let declared = ports::declared(world, part).into_iter().map(|port| DeclaredView {
        protocol: port.protocol.to_string(),
        port: port.number.get(),
        name: port.name,
    });
    PartView {
        verdict: words::outcome(&part.path.answer.outcome),
        ports: ports_view(&part.ports),
        declared: declared.collect(),
        path: PathView::new(world, &part.path),
    }
}

#[derive(Serialize)]
struct ServicePortsView {
    verdict: &'static str,
    namespace: String,
    name: String,
    ports: Vec<ServicePortView>,
}

#[derive(Serialize)]
struct ServicePortView {
    port: PortView,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<ExplanationView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// An answer about all ports of a Service as JSON.
pub fn service_ports(answer: &ServicePorts<'_>) -> String {
    let ports = answer.ports.iter().map(|(port, reply)| ServicePortView {
        port: service_port(port),
        answer: reply.as_ref().ok().map(answer_view),
        error: reply.as_ref().err().map(ToString::to_string),
    });
    let view = ServicePortsView {
        verdict: words::verdict(&answer.verdict),
        namespace: answer.service.namespace.clone(),
        name: answer.service.name.clone(),
        ports: ports.collect(),
    };
    Document::new("explain-service-v1", view).text()
}
