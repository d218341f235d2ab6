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
use crate::way::{Entry, Place, node_of};

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
        (Some(step), Some(service)) if matches!(step.via, Via::Virtual(_)) => {
            through_own_node(world, engine, sides, step, service)
        }
        _ => Ok(Flows { asks: directly(sides), notes: Vec::new() }),
    }
}

/// Every source with every backend, whatever stands between.
pub(crate) fn directly(sides: Sides<'_>) -> Vec<Ask> {
    let all = sides.sources.iter().flat_map(|s| sides.backends.iter().map(move |b| (s, b)));
    let pairs = all.filter(|(s, b)| !(sides.itself_left_out && **s == b.end));
    pairs.map(|(s, b)| Ask::direct(s, b)).collect()
}

/// Whether an end is an address outside the cluster.
pub(crate) fn is_outside(world: &World, end: &Endpoint) -> bool {
    matches!(end, Endpoint::Ip(ip) if !world.all_pod_ranges().any(|range| range.contains(*ip)))
}

/// Whether a Service has a front for the world outside.
pub(crate) fn is_exposed(service: &Service) -> bool {
    matches!(service.kind, ServiceType::NodePort | ServiceType::LoadBalancer)
        || !service.external_ips.is_empty()
}

/// From outside a connection enters by any node, unless the Service keeps it to the backends' own nodes.
fn from_outside(world: &World, sides: Sides<'_>, service: &Service) -> Flows {
    let mut flows = Flows { asks: directly(sides), notes: Vec::new() };
    if !is_exposed(service) {
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
    let front = Some(Backend { end: node(entry), layer4: *layer4 });
    let entry = Entry { node: Some(entry.clone()), policy: service.external_traffic, external: true, front };
    through(world, engine, sides, (step, service), &WhyLeftOut::OtherNode, |_| Some(entry.clone()))
}

/// Inside of the cluster every source's own node translates, at a cluster address or an external one.
fn through_own_node(
    world: &World,
    engine: &Engine,
    sides: Sides<'_>,
    step: &mut ServiceStep,
    service: &Service,
) -> Result<Flows, AskError> {
    let external = step.external.is_some();
    let policy = if external { service.external_traffic } else { service.internal_traffic };
    let entry = |source: &Endpoint| {
        Some(Entry { node: Some(node_of(world, source)?.to_owned()), policy, external, front: None })
    };
    through(world, engine, sides, (step, service), &WhyLeftOut::NotOnItsNode, entry)
}

/// By the nodes that the sources enter by; backends that none of them may be sent to are left out of the step.
fn through(
    world: &World,
    engine: &Engine,
    sides: Sides<'_>,
    (step, service): (&mut ServiceStep, &Service),
    why: &WhyLeftOut,
    entry: impl Fn(&Endpoint) -> Option<Entry>,
) -> Result<Flows, AskError> {
    let asks = by_entries(world, engine, sides, &entry);
    leave_out(world, sides, step, why, entry);
    if step.backends.is_empty() {
        return Err(no_backends(world, service, step));
    }
    Ok(Flows { asks, notes: Vec::new() })
}

/// Every source with every backend, by the node that the source enters by; directly where nobody knows which.
fn by_entries(
    world: &World,
    engine: &Engine,
    sides: Sides<'_>,
    entry: impl Fn(&Endpoint) -> Option<Entry>,
) -> Vec<Ask> {
    let mut asks: Vec<Ask> = Vec::new();
    for source in sides.sources {
        let entry = entry(source);
        for backend in sides.backends.iter().filter(|b| !(sides.itself_left_out && *source == b.end)) {
            let ways = entry.as_ref().map(|entry| ways(world, engine, entry, source, backend));
            asks.extend(ways.unwrap_or_else(|| vec![Ask::direct(source, backend)]));
        }
    }
    asks
}

/// Takes out of a step the backends that the traffic policy keeps every source from.
fn leave_out(
    world: &World,
    sides: Sides<'_>,
    step: &mut ServiceStep,
    why: &WhyLeftOut,
    entry: impl Fn(&Endpoint) -> Option<Entry>,
) {
    let entries: Vec<_> = sides.sources.iter().map(|source| (source, entry(source))).collect();
    let is_reached = |backend: &Backend| {
        entries.iter().any(|(source, entry)| {
            let Some(entry) = entry else { return true };
            places(world, entry, source, backend).any(|place| entry.way(source, backend, place).is_some())
        })
    };
    let (near, far): (Vec<_>, Vec<_>) = step.backends.drain(..).partition(is_reached);
    step.backends = near;
    step.left_out.extend(far.into_iter().map(|b| LeftOut { who: b.end.to_string(), why: why.clone() }));
}

/// The ways from a source to a backend; several where nobody knows which nodes they run on.
fn ways(world: &World, engine: &Engine, entry: &Entry, source: &Endpoint, backend: &Backend) -> Vec<Ask> {
    let isolated = any_isolated(engine, std::slice::from_ref(source));
    let mut asks: Vec<Ask> = Vec::new();
    for place in places(world, entry, source, backend) {
        let way = entry.way(source, backend, place);
        let way = way.map(|ask| Ask { leaves: ask.leaves.filter(|_| isolated), ..ask });
        asks.extend(way.filter(|ask| !asks.contains(ask)));
    }
    asks
}

fn places(world: &World, entry: &Entry, source: &Endpoint, backend: &Backend) -> impl Iterator<Item = Place> {
    let outside = matches!(source, Endpoint::Ip(_)) && node_of(world, source).is_none();
    let sources = if outside { vec![false] } else { is_on(world, entry, source) };
    let backends = is_on(world, entry, &backend.end);
    let place =
        |from_here: bool| backends.iter().map(|near| Place { from_here, near: *near }).collect::<Vec<_>>();
    sources.into_iter().flat_map(place).collect::<Vec<_>>().into_iter()
}

/// Whether an end is on the entry node: both, where nobody knows.
fn is_on(world: &World, entry: &Entry, end: &Endpoint) -> Vec<bool> {
    node_of(world, end).map_or_else(|| vec![false, true], |home| vec![entry.is_at(Some(home))])
}

fn node(name: &str) -> Endpoint {
    Endpoint::Node { name: name.to_owned(), address: None }
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
