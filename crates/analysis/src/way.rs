//! The ways of a connection through a Service: which backends it may be sent to, and whom the policies of both ends see.
//!
//! As kube-proxy has it. Every node translates cluster addresses, external and load-balancer addresses for itself and its own
//! pods; for others the last two, and its node ports. Under traffic policy Cluster any backend is taken, and what comes by an
//! external front goes on under the address of the node it entered by, unless the backend runs there, whose policies see it
//! before that. Under Local only backends on the entry node are taken and the source stays; the node's own pods and the node
//! itself still reach every backend. Start at [`passage`].

use podfence_engine::{Engine, FlowError, Outcome};
use podfence_model::{Endpoint, Family, Flow, Layer4, Node, Pod, Service, ServicePort, TrafficPolicy, World};

use crate::judge::{Ask, Backend, answer, at};
use crate::service::{backends, pod_end};

/// Where a connection comes into a Service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Front {
    /// At a cluster address.
    Cluster(std::net::IpAddr),
    /// At an external or load-balancer address; from outside of the cluster by this node.
    External(std::net::IpAddr, String),
    /// At this number of this node.
    NodePort(String, podfence_model::Port),
}

/// A way to one backend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// Where packets go.
    pub backend: Backend,
    /// What the source's policies see in place of the backend, where a node translates later.
    pub leaves: Option<Backend>,
    /// What the backend's policies see in place of the source, where a node relays.
    pub arrives: Option<Endpoint>,
    /// What the policies say.
    pub outcome: Outcome,
}

/// What becomes of a connection to a Service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Passage {
    /// One of these ways is taken; never empty.
    Ways(Vec<Way>),
    /// There is no backend at all: the connection is rejected, unless the source's policies drop it before.
    NoBackend(Outcome),
    /// The traffic policy keeps it to a node that has no backend: dropped.
    NoneHere,
}

/// What becomes of a connection from a source, whose address is stated, to a port of a Service. The world must be complete:
/// nodes of all pods and all addresses.
pub fn passage(
    world: &World,
    engine: &Engine,
    (service, port): (&Service, &ServicePort),
    source: &Endpoint,
    front: &Front,
) -> Result<Passage, FlowError> {
    let Some(family) = source.address().map(Family::of) else { return Err(FlowError::MixedFamilies) };
    let home = node_of(world, source);
    let behind = backends(world, service, port);
    let behind = behind.iter().filter_map(|one| in_family(world, one, family));
    let behind: Vec<Backend> = behind.map(|one| held(engine, one)).collect();
    if behind.is_empty() {
        let Some(destination) = place(world, &end_of(front), family) else {
            return Err(FlowError::MixedFamilies);
        };
        let flow = Flow { source: source.clone(), destination, layer4: layer4_of(port, front) };
        return Ok(Passage::NoBackend(engine.answer(&flow)?.outcome));
    }
    let entry = Entry::of(service, port, front, home);
    let ways = behind.into_iter().filter_map(|backend| {
        let near = entry.is_at(node_of(world, &backend.end));
        entry.way(source, &backend, Place { from_here: entry.is_at(home), near })
    });
    let in_family = |ask: Ask| Ask {
        arrives: ask.arrives.and_then(|end| place(world, &end, family)),
        leaves: ask.leaves.and_then(|front| in_family(world, &front, family)),
        ..ask
    };
    let judged = ways.map(in_family).map(|ask| {
        let outcome = answer(engine, &ask)?.outcome;
        Ok(Way { backend: ask.backend, leaves: ask.leaves, arrives: ask.arrives, outcome })
    });
    let ways: Vec<Way> = judged.collect::<Result<_, FlowError>>()?;
    Ok(if ways.is_empty() { Passage::NoneHere } else { Passage::Ways(ways) })
}

/// Where a connection is translated.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// By which node it enters, where that is known.
    pub node: Option<String>,
    /// The traffic policy that counts.
    pub policy: TrafficPolicy,
    /// Whether it is open to everybody, so that the node hides the source.
    pub external: bool,
    /// What a source elsewhere sends to.
    pub front: Option<Backend>,
}

/// Where the ends of a connection are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    /// The source is the entry node, or a pod on it.
    pub from_here: bool,
    /// The backend runs on the entry node.
    pub near: bool,
}

impl Entry {
    fn of(service: &Service, port: &ServicePort, front: &Front, home: Option<&str>) -> Self {
        let home = home.map(str::to_owned);
        match front {
            Front::Cluster(_) => {
                Self { node: home, policy: service.internal_traffic, external: false, front: None }
            }
            Front::External(_, entry) => {
                let node = home.or(Some(entry.clone()));
                Self { node, policy: service.external_traffic, external: true, front: None }
            }
            Front::NodePort(entry, _) => {
                let front = Backend { end: end_of(front), layer4: layer4_of(port, front) };
                let node = Some(entry.clone());
                Self { node, policy: service.external_traffic, external: true, front: Some(front) }
            }
        }
    }

    /// Whether it is this node.
    pub(crate) fn is_at(&self, node: Option<&str>) -> bool {
        node.is_some() && node == self.node.as_deref()
    }

    /// The way to a backend; `None` where the traffic policy keeps the connection from it.
    pub(crate) fn way(&self, source: &Endpoint, backend: &Backend, place: Place) -> Option<Ask> {
        let spared = self.external && place.from_here;
        if self.policy == TrafficPolicy::Local && !place.near && !spared {
            return None;
        }
        let relayed = self.external && self.policy == TrafficPolicy::Cluster && !place.near;
        let relay = self.node.clone().filter(|_| relayed);
        Some(Ask {
            leaves: self.front.clone().filter(|_| !place.from_here),
            arrives: relay.map(|name| Endpoint::Node { name, address: None }),
            ..Ask::direct(source, backend)
        })
    }
}

fn end_of(front: &Front) -> Endpoint {
    match front {
        Front::Cluster(ip) | Front::External(ip, _) => Endpoint::Ip(*ip),
        Front::NodePort(node, _) => Endpoint::Node { name: node.clone(), address: None },
    }
}

fn layer4_of(port: &ServicePort, front: &Front) -> Layer4 {
    match front {
        Front::NodePort(_, number) => Layer4::Port(port.protocol, *number),
        Front::Cluster(_) | Front::External(..) => Layer4::Port(port.protocol, port.port),
    }
}

fn in_family(world: &World, backend: &Backend, family: Family) -> Option<Backend> {
    Some(Backend { end: place(world, &backend.end, family)?, layer4: backend.layer4 })
}

/// The end at its first address of a family.
fn place(world: &World, end: &Endpoint, family: Family) -> Option<Endpoint> {
    let first = |node: &Node| node.addresses.iter().copied().find(|ip| Family::of(*ip) == family);
    let ip = match end {
        Endpoint::Pod { id, .. } => world.pods.get(id).and_then(|pod: &Pod| pod.ip(family))?,
        Endpoint::Node { name, .. } => world.nodes.get(name).and_then(first)?,
        Endpoint::Ip(ip) => (Family::of(*ip) == family).then_some(*ip)?,
    };
    Some(at(end, ip))
}

/// The backend as who really has its address: a terminating pod's may be another pod's by now.
fn held(engine: &Engine, backend: Backend) -> Backend {
    let (Endpoint::Pod { .. }, Some(ip)) = (&backend.end, backend.end.address()) else { return backend };
    let owner = engine.pod_with_address(ip).map(|id| pod_end(engine.pod(id), Some(ip)));
    Backend { end: owner.unwrap_or(backend.end), ..backend }
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
