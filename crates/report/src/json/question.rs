//! The question's side of an explanation: its ends, the Service and the DNS.

use podfence_analysis::resolve::Resolved;
use podfence_analysis::{Asked, Backend, DnsStep, LeftOut, Path, ServiceStep, Via};
use podfence_engine::Outcome;
use podfence_model::ServicePort;
use serde::Serialize;

use super::Layer4View;
use crate::words;

/// One end: what was typed, and what it means.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EndView {
    text: String,
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pods: Vec<String>,
}

impl EndView {
    pub(super) fn new(asked: &Asked) -> Self {
        let bare = |kind: &str| Self {
            text: asked.text.clone(),
            kind: kind.to_owned(),
            namespace: None,
            name: None,
            address: None,
            pods: Vec::new(),
        };
        match &asked.means {
            Resolved::Pods { of, pods } => Self {
                namespace: Some(of.namespace.clone()).filter(|n| !n.is_empty()),
                name: Some(of.name.clone()),
                pods: pods.iter().map(ToString::to_string).collect(),
                ..bare(of.kind.as_str())
            },
            Resolved::Service { id, address } => Self {
                namespace: Some(id.namespace.clone()),
                name: Some(id.name.clone()),
                address: address.map(|ip| ip.to_string()),
                ..bare("Service")
            },
            Resolved::Node(name) => Self { name: Some(name.clone()), ..bare("Node") },
            Resolved::Ip(ip) => Self { address: Some(ip.to_string()), ..bare("Address") },
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ServiceView {
    namespace: String,
    name: String,
    via: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    addresses: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alias_of: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    port: Option<PortView>,
    from_endpoint_slices: bool,
    backends: Vec<BackendView>,
    not_used: Vec<NotUsedView>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PortView {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    protocol: String,
    port: u16,
    target_port: String,
}

#[derive(Serialize)]
pub(super) struct BackendView {
    end: String,
    #[serde(flatten)]
    layer4: Layer4View,
}

#[derive(Serialize)]
struct NotUsedView {
    who: String,
    why: String,
}

impl ServiceView {
    pub(super) fn new(step: &ServiceStep) -> Self {
        let (via, addresses, alias_of) = match &step.via {
            Via::Virtual(ips) => ("virtual", ips.iter().map(ToString::to_string).collect(), None),
            Via::NodePort { node, .. } => ("nodePort", vec![format!("node/{node}")], None),
            Via::Headless => ("headless", Vec::new(), None),
            Via::Alias(name) => ("alias", Vec::new(), Some(name.clone())),
        };
        Self {
            namespace: step.service.namespace.clone(),
            name: step.service.name.clone(),
            via,
            addresses,
            alias_of,
            port: step.port.as_ref().map(service_port),
            from_endpoint_slices: step.from_slices,
            backends: step.backends.iter().map(backend).collect(),
            not_used: step.left_out.iter().map(not_used).collect(),
        }
    }
}

pub(super) fn service_port(port: &ServicePort) -> PortView {
    PortView {
        name: port.name.clone(),
        protocol: port.protocol.to_string(),
        port: port.port.get(),
        target_port: words::target_port(&port.target),
    }
}

pub(super) fn backend(backend: &Backend) -> BackendView {
    BackendView { end: words::end(&backend.end), layer4: Some(backend.layer4).into() }
}

fn not_used(left: &LeftOut) -> NotUsedView {
    NotUsedView { who: left.who.clone(), why: left.why.to_string() }
}

/// Whether the source may ask the DNS; one word for each way.
#[derive(Serialize)]
pub(super) struct DnsView {
    servers: Vec<String>,
    assumed: bool,
    udp: &'static str,
    tcp: &'static str,
}

impl DnsView {
    pub(super) fn new(step: &DnsStep) -> Self {
        Self {
            servers: step.servers.iter().map(ToString::to_string).collect(),
            assumed: step.assumed,
            udp: worst(&step.udp),
            tcp: worst(&step.tcp),
        }
    }
}

/// The outcome that breaks most: a denial before an open question before an allowance.
fn worst(paths: &[Path]) -> &'static str {
    let rank = |outcome: &&Outcome| match outcome {
        Outcome::Allowed => 0,
        Outcome::Undecidable(_) => 1,
        Outcome::Denied => 2,
    };
    paths.iter().map(|p| &p.answer.outcome).max_by_key(rank).map_or("allowed", words::outcome)
}
