//! A few connections of a change, to ask the engine about.

use std::collections::BTreeSet;
use std::net::IpAddr;

use podfence_engine::Engine;
use podfence_model::{Endpoint, Family, Flow, Layer4, Pod, Port, PortSet, Protocol};

use super::Difference;
use super::aligned::free_address;
use super::change::Change;
use crate::AddressSet;
use crate::ends::Ends;

/// Ends that are taken of each side, and ports.
const ENDS: usize = 4;
const LAYERS: usize = 3;
/// Connections that are taken of a change.
const ASKED: usize = 24;

/// An end of a connection.
#[derive(Clone, Copy)]
enum End<'w> {
    Pod(&'w Pod),
    Ip(IpAddr),
}

/// A connection, in terms of one of the worlds.
pub(super) struct Sample<'w> {
    from: End<'w>,
    to: End<'w>,
    family: Option<Family>,
    layer4: Layer4,
}

impl Sample<'_> {
    /// The connection in a world; `None` where it has no such pods.
    pub(super) fn flow(&self, engine: &Engine) -> Option<Flow> {
        let (source, destination) = (self.from.within(engine)?, self.to.within(engine)?);
        let common = |family: &Family| source.has(*family) && destination.has(*family);
        let family = self.family.or_else(|| Family::BOTH.into_iter().find(common));
        let [source, destination] = [source, destination].map(|end| end.endpoint(family));
        Some(Flow { source, destination, layer4: self.layer4 })
    }
}

impl End<'_> {
    /// The same end in a world.
    fn within(self, engine: &Engine) -> Option<End<'_>> {
        match self {
            Self::Ip(ip) => Some(End::Ip(ip)),
            Self::Pod(pod) => pod_in(pod, engine).map(End::Pod),
        }
    }

    /// Whether it is known to have addresses of a family.
    fn has(self, family: Family) -> bool {
        match self {
            Self::Ip(ip) => Family::of(ip) == family,
            Self::Pod(pod) => pod.ip(family).is_some(),
        }
    }

    fn endpoint(self, family: Option<Family>) -> Endpoint {
        match self {
            Self::Ip(ip) => Endpoint::Ip(ip),
            Self::Pod(pod) => {
                let address = family.and_then(|family| pod.ip(family));
                Endpoint::Pod { id: pod.meta.id.clone(), address }
            }
        }
    }
}

/// Some connections of a change, of as many different ends as possible.
pub(super) fn of<'w>(difference: &Difference<'w>, change: &Change) -> Vec<Sample<'w>> {
    let engine = difference.side(change.scope).engine;
    let taken =
        difference.old.engine.known_addresses().chain(difference.new.engine.known_addresses()).collect();
    let (from, to) = (ends(engine, &change.from, &taken), ends(engine, &change.to, &taken));
    let mut samples = Vec::new();
    for layer4 in layers(&change.ports) {
        for from in &from {
            for to in to.iter().filter(|to| !is_same(*from, **to)) {
                let family = change.family.or(family_of(*from)).or(family_of(*to));
                samples.push(Sample { from: *from, to: *to, family, layer4 });
            }
        }
    }
    samples.truncate(ASKED);
    samples
}

fn ends<'w>(engine: &'w Engine, ends: &Ends, taken: &BTreeSet<IpAddr>) -> Vec<End<'w>> {
    let step = ends.pods.len().div_ceil(ENDS).max(1);
    let known = |name| engine.pod_id(name).map(|pod| End::Pod(engine.pod(pod)));
    let pods = ends.pods.iter().step_by(step).filter_map(known);
    let free = |(first, last)| free_address(first, last, taken).map(End::Ip);
    let of = |set: &AddressSet| set.stretches().filter_map(free).take(ENDS).collect::<Vec<_>>();
    of(&ends.outside).into_iter().chain(of(&ends.unknown)).chain(pods).collect()
}

/// The first port of each range, those of TCP before others.
pub(crate) fn layers(ports: &PortSet) -> Vec<Layer4> {
    let ranges = Protocol::ALL
        .into_iter()
        .flat_map(|protocol| ports.ranges(protocol).map(move |range| (protocol, range)));
    let layer = |(protocol, (first, last)): (Protocol, (u16, u16))| {
        Some(Layer4::Port(protocol, Port::new(first).or_else(|| Port::new(last.min(1)))?))
    };
    let icmp = ports.has_portless().then_some(Layer4::Icmp);
    ranges.filter_map(layer).chain(icmp).take(LAYERS).collect()
}

fn is_same(from: End<'_>, to: End<'_>) -> bool {
    matches!((from, to), (End::Pod(from), End::Pod(to)) if from.meta.id == to.meta.id)
}

fn family_of(end: End<'_>) -> Option<Family> {
    match end {
        End::Ip(ip) => Some(Family::of(ip)),
        End::Pod(_) => None,
    }
}

/// The same pod in a world, or another one of its workload.
fn pod_in<'e>(pod: &Pod, engine: &'e Engine) -> Option<&'e Pod> {
    let of_name = engine.pod_id(&pod.meta.id).map(|id| engine.pod(id)).filter(|pod| pod.is_policed());
    let of_workload = || {
        let mut pods = engine.pod_ids().map(|id| engine.pod(id));
        pods.find(|other| pod.workload.is_some() && other.workload == pod.workload)
    };
    of_name.or_else(of_workload)
}
