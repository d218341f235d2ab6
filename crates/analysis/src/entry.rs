//! Which flows a question comes to: who meets whom, and by which node a connection enters a Service.
//!
//! Policies of the source see where its packets go when they leave, policies of the backend see the source
//! that arrives at the backend's node. Behind a nodePort or a load balancer these are not the two ends of
//! the question: with `externalTrafficPolicy: Cluster` the node that a connection enters by sends it on, to
//! another node, under its own address. Under `Local` only that node's own backends are used and the source stays.

use podfence_engine::Engine;
use podfence_model::{Endpoint, NamespacedName, Service, ServiceType, TrafficPolicy, World};

use crate::dns::any_isolated;
use crate::error::AskError;
use crate::judge::{Ask, Backend};
use crate::notes::Note;
use crate::service::{LeftOut, ServiceStep, Via, WhyLeftOut, no_backends};

/// The flows of a question.
pub(crate) struct Flows {
    pub asks: Vec<Ask>,
    pub notes: Vec<Note>,
}

/// The two sides of a question.
#[derive(Clone, Copy)]
pub(crate) struct Sides<'a> {
    pub sources: &'a [Endpoint],
    pub backends: &'a [Backend],
    /// Whether a pod and itself are no pair: with several sources that would only hide what was asked, for
    /// it is always allowed.
    pub itself_left_out: bool,
}

/// Every source with every backend, by every way in.
pub(crate) fn flows(
    world: &World,
    engine: &Engine,
    sides: Sides<'_>,
    step: Option<&mut ServiceStep>,
) -> Result<Flows, AskError> {
    let service = step.as_ref().and_then(|s| world.services.get(&s.service));
    match (step, service) {
        (Some(step), Some(service)) if matches!(step.via, Via::NodePort { .. }) => {
            through_node(world, engine, sides, step, service)
        }
        (Some(_), Some(service)) if sides.sources.iter().all(|s| is_outside(world, s)) => {
            Ok(from_outside(world, sides, service))
        }
        _ => Ok(Flows { asks: directly(sides), notes: Vec::new() }),
    }
}

fn directly(sides: Sides<'_>) -> Vec<Ask> {
    let all = sides.sources.iter().flat_map(|s| sides.backends.iter().map(move |b| (s, b)));
    let pairs = all.filter(|(s, b)| !(sides.itself_left_out && **s == b.end));
    pairs.map(|(s, b)| Ask::direct(s, b)).collect()
}

/// Whether an end is an address outside the cluster.
fn is_outside(world: &World, end: &Endpoint) -> bool {
    matches!(end, Endpoint::Ip(ip) if !world.all_pod_ranges().any(|range| range.contains(*ip)))
}

/// From outside a connection enters by any node, unless the Service keeps it to the backends' own nodes.
fn from_outside(world: &World, sides: Sides<'_>, service: &Service) -> Flows {
    let mut flows = Flows { asks: directly(sides), notes: Vec::new() };
    let exposed = matches!(service.kind, ServiceType::NodePort | ServiceType::LoadBalancer)
        || !service.external_ips.is_empty();
    if !exposed {
        flows.notes.push(Note::NotExposed(service.meta.id.clone()));
    } else if service.external_traffic == TrafficPolicy::Cluster {
        flows.notes.push(Note::EntryNodes { stated: !world.nodes.is_empty() });
        for (source, backend) in sides.sources.iter().flat_map(|s| sides.backends.iter().map(move |b| (s, b)))
        {
            let others = world.nodes.keys().filter(|n| node_of(world, &backend.end) != Some(n.as_str()));
            let relayed = |n: &String| Ask { arrives: Some(node(n)), ..Ask::direct(source, backend) };
            flows.asks.extend(others.map(relayed));
        }
    }
    flows
}

/// To a nodePort of a node that was named.
fn through_node(
    world: &World,
    engine: &Engine,
    sides: Sides<'_>,
    step: &mut ServiceStep,
    service: &Service,
) -> Result<Flows, AskError> {
    let Via::NodePort { node: entry, layer4 } = &step.via else {
        return Ok(Flows { asks: directly(sides), notes: Vec::new() });
    };
    let front = Backend { end: node(entry), layer4: *layer4 };
    let local = service.external_traffic == TrafficPolicy::Local;
    let elsewhere = |b: &Backend| node_of(world, &b.end).is_some_and(|home| home != entry);
    if local {
        let (far, near): (Vec<_>, Vec<_>) = step.backends.drain(..).partition(elsewhere);
        step.backends = near;
        let left = |b: Backend| LeftOut { who: b.end.to_string(), why: WhyLeftOut::OtherNode };
        step.left_out.extend(far.into_iter().map(left));
    }
    if step.backends.is_empty() {
        return Err(no_backends(world, service, step));
    }
    let mut asks = Vec::new();
    for source in sides.sources {
        let leaves = ways_out(world, engine, source, &front);
        for backend in sides.backends.iter().filter(|b| !(local && elsewhere(b))) {
            let arrives = ways_in(world, backend, entry, local);
            let ways = leaves.iter().flat_map(|l| arrives.iter().map(move |a| (l, a)));
            asks.extend(ways.map(|(leaves, arrives)| Ask {
                leaves: leaves.clone(),
                arrives: arrives.clone(),
                ..Ask::direct(source, backend)
            }));
        }
    }
    Ok(Flows { asks, notes: Vec::new() })
}

/// Where the source's packets go when its policies see them: on the entry node itself they are translated
/// before that. Both where the pod's node is not known and its policies may tell them apart.
fn ways_out(world: &World, engine: &Engine, source: &Endpoint, front: &Backend) -> Vec<Option<Backend>> {
    let Endpoint::Node { name: entry, .. } = &front.end else { return vec![None] };
    match node_of(world, source) {
        _ if !any_isolated(engine, std::slice::from_ref(source)) => vec![None],
        Some(home) if home == entry => vec![None],
        Some(_) => vec![Some(front.clone())],
        None => vec![None, Some(front.clone())],
    }
}

/// Under whose address a connection that entered by a node arrives at a backend; both where nobody knows
/// which node the backend runs on.
fn ways_in(world: &World, backend: &Backend, entry: &str, local: bool) -> Vec<Option<Endpoint>> {
    match node_of(world, &backend.end) {
        _ if local => vec![None],
        Some(home) if home == entry => vec![None],
        Some(_) => vec![Some(node(entry))],
        None => vec![None, Some(node(entry))],
    }
}

fn node(name: &str) -> Endpoint {
    Endpoint::Node { name: name.to_owned(), address: None }
}

/// The node that an end is or runs on, if known.
pub fn node_of<'w>(world: &'w World, end: &'w Endpoint) -> Option<&'w str> {
    match end {
        Endpoint::Pod { id, .. } => world.pods.get(id)?.node.as_deref(),
        Endpoint::Node { name, .. } => Some(name),
        Endpoint::Ip(ip) => {
            let node = world.nodes.values().find(|node| node.addresses.contains(ip))?;
            Some(node.name.as_str())
        }
    }
}

/// The Service port that a port of every node stands for.
pub(crate) fn service_of_node_port(
    world: &World,
    layer4: podfence_model::Layer4,
) -> Option<(NamespacedName, podfence_model::Port)> {
    let podfence_model::Layer4::Port(protocol, number) = layer4 else { return None };
    world.services.values().find_map(|service| {
        let port = service.ports.iter().find(|p| p.protocol == protocol && p.node_port == Some(number))?;
        Some((service.meta.id.clone(), port.port))
    })
}
