//! Where answers may change from one port to the next: at the ports that rules name.

use std::collections::BTreeSet;

use podfence_engine::Engine;
use podfence_model::{
    Direction, Endpoint, Layer4, NetworkPolicy, Pod, Port, PortMatch, PortSet, PortSpec, Protocol, World,
};

use crate::judge::Backend;

/// Ports that no rule tells apart.
pub(super) struct Stretch {
    pub(super) ports: PortSet,
    /// One of them.
    pub(super) asked: Layer4,
}

/// The ports of one protocol, or of all with ICMP behind them, cut where a rule that isolates one of the ends names ports.
pub(super) fn stretches(
    world: &World,
    engine: &Engine,
    (sources, backends): (&[Endpoint], &[Backend]),
    protocol: Option<Protocol>,
) -> Vec<Stretch> {
    let out = isolating(engine, sources.iter(), Direction::Egress);
    let into = isolating(engine, backends.iter().map(|backend| &backend.end), Direction::Ingress);
    let rules = out.flat_map(|policy| &policy.egress).chain(into.flat_map(|policy| &policy.ingress));
    let items: Vec<&PortMatch> = rules.flat_map(|rule| &rule.ports).collect();
    let pods: Vec<&Pod> = backends.iter().filter_map(|backend| pod(world, &backend.end)).collect();
    let asked = Protocol::ALL.into_iter().filter(|one| protocol.is_none_or(|only| only == *one));
    let icmp = Stretch { ports: PortSet::portless(), asked: Layer4::Icmp };
    let of = |protocol| of_protocol(protocol, &cuts(protocol, &items, &pods));
    asked.flat_map(of).chain(protocol.is_none().then_some(icmp)).collect()
}

fn isolating<'e>(
    engine: &'e Engine,
    ends: impl Iterator<Item = &'e Endpoint>,
    direction: Direction,
) -> impl Iterator<Item = &'e NetworkPolicy> {
    let policies: BTreeSet<_> = ends
        .filter_map(|end| match end {
            Endpoint::Pod { id, .. } => engine.pod_id(id),
            Endpoint::Node { .. } | Endpoint::Ip(_) => None,
        })
        .flat_map(|pod| engine.isolating(pod, direction))
        .collect();
    policies.into_iter().map(|policy| engine.policy(policy))
}

fn pod<'w>(world: &'w World, end: &Endpoint) -> Option<&'w Pod> {
    match end {
        Endpoint::Pod { id, .. } => world.pods.get(id),
        Endpoint::Node { .. } | Endpoint::Ip(_) => None,
    }
}

/// The first ports of all stretches; port names mean what the destinations declare.
fn cuts(protocol: Protocol, items: &[&PortMatch], pods: &[&Pod]) -> BTreeSet<u32> {
    let mut cuts = BTreeSet::from([0]);
    let mut cut = |first: Port, last: Port| cuts.extend([u32::from(first.get()), u32::from(last.get()) + 1]);
    for item in items.iter().filter(|item| item.protocol == protocol) {
        match &item.ports {
            PortSpec::All => {}
            PortSpec::Range(range) => cut(range.first(), range.last()),
            PortSpec::Named(name) => {
                let numbers = pods.iter().flat_map(|pod| pod.named_port(name, protocol));
                numbers.for_each(|number| cut(number, number));
            }
        }
    }
    cuts
}

fn of_protocol(protocol: Protocol, cuts: &BTreeSet<u32>) -> Vec<Stretch> {
    let ends = cuts.iter().skip(1).map(|next| next - 1).chain([u32::from(u16::MAX)]);
    let stretch = |(first, last): (u32, u32)| {
        let (first, last) = (u16::try_from(first).ok()?, u16::try_from(last).ok()?);
        // Nobody can ask about port 0; it goes with its neighbours.
        let asked = Port::new(first.max(1)).filter(|port| port.get() <= last)?;
        Some(Stretch { ports: PortSet::range(protocol, first, last), asked: Layer4::Port(protocol, asked) })
    };
    cuts.iter().copied().zip(ends).filter_map(stretch).collect()
}
