//! What is worth knowing beside the answer and decides nothing.

use std::collections::{BTreeSet, HashSet};

use podfence_model::{
    Endpoint, Layer4, NamespacedName, Pod, Port, Protocol, ServicePort, TargetPort, TrafficPolicy, World,
};

use crate::judge::Backend;
use crate::port::port_text;
use crate::resolve::Resolved;
use crate::service::{ServiceStep, Via};

/// Something worth knowing that decides nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// The pod shares its node's network: policies neither select it nor admit it as a pod.
    HostNetwork {
        /// The pod.
        pod: NamespacedName,
        /// Its node, if known.
        node: Option<String>,
    },
    /// The Service is headless, so nothing translates its port to the pods' one.
    HeadlessPort {
        /// The Service's port.
        port: Port,
        /// What its `targetPort` says.
        target: String,
    },
    /// The Service has the port under another protocol too.
    OtherProtocol(Protocol),
    /// `internalTrafficPolicy: Local`: only backends on the source's own node are used.
    LocalBackendsOnly,
    /// A pod with itself was left out; that is always allowed.
    ItselfLeftOut,
    /// The pods declare ports, but not this one. Declaring is not listening, but it hints at it.
    Undeclared {
        /// The pod.
        pod: NamespacedName,
        /// Protocol and port of the flow.
        layer4: Layer4,
        /// What it declares.
        declared: Vec<String>,
    },
    /// A connection from outside to a Service that is not exposed: judged as if it had arrived.
    NotExposed(NamespacedName),
    /// From outside a connection may enter by any node, and arrives under that node's address unless the
    /// backend runs there (`externalTrafficPolicy: Cluster`).
    EntryNodes {
        /// Whether the world states any node, so that each could be asked about.
        stated: bool,
    },
    /// Every port of a node was asked about, and some of them lead on to Services.
    NodePorts {
        /// The node.
        node: String,
        /// Those ports, rising.
        ports: Vec<Port>,
    },
}

/// All notes on the ends of a question and the Service between them.
pub(crate) fn notes(
    world: &World,
    sources: &[Endpoint],
    backends: &[Backend],
    service: Option<&ServiceStep>,
) -> Vec<Note> {
    let mut notes = Vec::new();
    notes.extend(service.into_iter().flat_map(|step| service_notes(world, step)));
    let ends = sources.iter().chain(backends.iter().map(|b| &b.end));
    notes.extend(ends.filter_map(|end| host_network(world, end)));
    notes.extend(backends.iter().find_map(|b| undeclared(world, b)));
    notes.dedup();
    notes
}

/// The note that a node has ports of Services.
pub(crate) fn node_ports(world: &World, destination: &Resolved) -> Option<Note> {
    let Resolved::Node(node) = destination else { return None };
    let ports: BTreeSet<Port> =
        world.services.values().flat_map(|s| &s.ports).filter_map(|p| p.node_port).collect();
    (!ports.is_empty()).then(|| Note::NodePorts { node: node.clone(), ports: ports.into_iter().collect() })
}

/// The note that a pod stands on both sides.
pub(crate) fn itself_note(sources: &[Endpoint], backends: &[Backend]) -> Option<Note> {
    let sources: HashSet<&Endpoint> = sources.iter().collect();
    backends.iter().any(|b| sources.contains(&b.end)).then_some(Note::ItselfLeftOut)
}

fn service_notes(world: &World, step: &ServiceStep) -> Vec<Note> {
    let (Some(port), Some(service)) = (&step.port, world.services.get(&step.service)) else {
        return Vec::new();
    };
    let mut notes: Vec<Note> = headless_port(world, step, port).into_iter().collect();
    let twin = service.ports.iter().find(|p| p.port == port.port && p.protocol != port.protocol);
    notes.extend(twin.map(|p| Note::OtherProtocol(p.protocol)));
    let local = service.internal_traffic == TrafficPolicy::Local && step.via != Via::Headless;
    notes.extend(local.then_some(Note::LocalBackendsOnly));
    notes
}

/// The note on a headless Service whose port is dialled although its pods listen on another.
fn headless_port(world: &World, step: &ServiceStep, port: &ServicePort) -> Option<Note> {
    let dialled = Layer4::Port(port.protocol, port.port);
    if step.via != Via::Headless || step.backends.iter().all(|b| b.layer4 != dialled) {
        return None;
    }
    let target = match &port.target {
        TargetPort::Number(number) => (*number != port.port).then(|| number.to_string()),
        TargetPort::Named(name) => {
            let pods = step.backends.iter().filter_map(|b| pod(world, &b.end));
            let means = |p: &Pod| p.named_port(name, port.protocol).any(|number| number == port.port);
            (!pods.into_iter().all(means)).then(|| name.clone())
        }
    };
    target.map(|target| Note::HeadlessPort { port: port.port, target })
}

fn pod<'w>(world: &'w World, end: &Endpoint) -> Option<&'w Pod> {
    match end {
        Endpoint::Pod { id, .. } => world.pods.get(id),
        Endpoint::Node { .. } | Endpoint::Ip(_) => None,
    }
}

fn host_network(world: &World, end: &Endpoint) -> Option<Note> {
    let pod = pod(world, end).filter(|p| p.host_network)?;
    Some(Note::HostNetwork { pod: pod.meta.id.clone(), node: pod.node.clone() })
}

fn undeclared(world: &World, backend: &Backend) -> Option<Note> {
    let (pod, Layer4::Port(protocol, number)) = (pod(world, &backend.end)?, backend.layer4) else {
        return None;
    };
    if pod.ports.is_empty() || pod.ports.iter().any(|p| (p.protocol, p.number) == (protocol, number)) {
        return None;
    }
    let declared = pod.ports.iter().map(|p| port_text(p.number, p.protocol, p.name.as_deref())).collect();
    Some(Note::Undeclared { pod: pod.meta.id.clone(), layer4: backend.layer4, declared })
}
