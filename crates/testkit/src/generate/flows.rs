//! Flows worth asking about: their ends and ports lie on the edges of what a world's policies name.

use std::collections::BTreeSet;
use std::net::IpAddr;

use fastrand::Rng;
use podfence_model::{
    Addresses, Direction, Endpoint, Family, Flow, Layer4, Life, Pod, Port, PortSpec, Protocol, World,
};

use super::addresses;
use super::draw::Draw;
use crate::build::port;
use crate::reference::{Decision, judge};

/// Per cent of random flows that are drawn until a rule admits them.
const AIMED: u32 = 40;

/// An end of a flow that can be drawn.
#[derive(Clone)]
struct End<'w> {
    endpoint: Endpoint,
    /// The pod, if it is one: its declared ports are worth asking for.
    pod: Option<&'w Pod>,
}

impl End<'_> {
    /// Whether the two ends can talk: an end without address can talk to every family.
    fn can_talk_to(&self, other: &Self) -> bool {
        match (self.endpoint.address(), other.endpoint.address()) {
            (Some(one), Some(two)) => Family::of(one) == Family::of(two),
            _ => true,
        }
    }

    fn is_policed_pod(&self) -> bool {
        self.pod.is_some_and(Pod::is_policed)
    }

    fn is_same_pod(&self, other: &Self) -> bool {
        matches!((self.pod, other.pod), (Some(one), Some(two)) if one.meta.id == two.meta.id)
    }

    fn lacks_address(&self) -> bool {
        self.endpoint.address().is_none()
    }
}

/// `n` random flows of a world, most of them to or from pods that policies can select.
///
/// Left to chance, few flows would be allowed by a rule: most are denied or meet no policy. So a share of
/// them is drawn again, a few times, until a rule admits them.
/// Both ends have one family. A pod or node is named by its name or, now and then, by its address.
/// A pod without an address yet only meets ends for which that leaves no question open.
pub fn flows(world: &World, rng: &mut Rng, n: usize) -> Vec<Flow> {
    let ends = Ends::of(world);
    let ports: Vec<Port> = interesting_ports(world).into_iter().collect();
    (0..n).map(|_| ends.balanced_flow(world, &ports, rng)).collect()
}

/// Every pair of interesting ends of one family, for every interesting port of every protocol and for ICMP.
///
/// At least one end is a pod that policies can select; the others are always allowed. A hundred thousand
/// flows are usual for one world.
pub fn all_interesting_flows(world: &World) -> Vec<Flow> {
    let ends = Ends::of(world);
    let layers = interesting_layers(world);
    let mut flows = Vec::new();
    for source in &ends.all {
        for destination in ends.all.iter().filter(|end| ends.askable(source, end)) {
            let flow = |layer4: &Layer4| Flow {
                source: source.endpoint.clone(),
                destination: destination.endpoint.clone(),
                layer4: *layer4,
            };
            flows.extend(layers.iter().map(flow));
        }
    }
    flows
}

struct Ends<'w> {
    all: Vec<End<'w>>,
    has_blocks: bool,
}

impl<'w> Ends<'w> {
    fn of(world: &'w World) -> Self {
        let mut all: Vec<End<'w>> = world.pods.values().flat_map(pod_ends).collect();
        for node in world.nodes.values() {
            all.extend(node.addresses.iter().map(|address| End {
                endpoint: Endpoint::Node { name: node.name.clone(), address: Some(*address) },
                pod: None,
            }));
        }
        let named: BTreeSet<IpAddr> = all.iter().filter_map(|end| end.endpoint.address()).collect();
        let bare = addresses::interesting(world).into_iter().filter(|address| !named.contains(address));
        all.extend(bare.map(|address| End { endpoint: Endpoint::Ip(address), pod: None }));
        Self { all, has_blocks: addresses::blocks(world).next().is_some() }
    }

    /// Whether a flow between the two is worth asking: one family, one end policed, and no block that
    /// would have to be matched with an address that nobody knows.
    fn askable(&self, one: &End<'_>, other: &End<'_>) -> bool {
        let policed = one.is_policed_pod() || other.is_policed_pod();
        let unknown =
            one.lacks_address() && other.is_policed_pod() || other.lacks_address() && one.is_policed_pod();
        policed && one.can_talk_to(other) && !(unknown && self.has_blocks && !one.is_same_pod(other))
    }

    fn balanced_flow(&self, world: &World, ports: &[Port], rng: &mut Rng) -> Flow {
        let mut flow = self.random_flow(ports, rng);
        let draws = if rng.chance(AIMED) { 8 } else { 0 };
        for _ in 0..draws {
            if is_allowed_by_a_rule(world, &flow) {
                break;
            }
            flow = self.random_flow(ports, rng);
        }
        flow
    }

    fn random_flow(&self, ports: &[Port], rng: &mut Rng) -> Flow {
        let policed: Vec<&End<'_>> = self.all.iter().filter(|end| end.is_policed_pod()).collect();
        let one = if policed.is_empty() || rng.chance(4) { rng.pick(&self.all) } else { *rng.pick(&policed) };
        let partners: Vec<&End<'_>> = self
            .all
            .iter()
            .filter(|end| self.askable(one, end) || !one.is_policed_pod() && one.can_talk_to(end))
            .collect();
        let known: Vec<&End<'_>> = partners.iter().filter(|end| end.pod.is_some()).copied().collect();
        let other = if known.is_empty() || rng.chance(35) { *rng.pick(&partners) } else { *rng.pick(&known) };
        let (source, destination) = if rng.bool() { (one, other) } else { (other, one) };
        Flow {
            layer4: random_layer4(destination, ports, rng),
            source: spelling(source, rng),
            destination: spelling(destination, rng),
        }
    }
}

fn is_allowed_by_a_rule(world: &World, flow: &Flow) -> bool {
    let judgement = judge(world, flow);
    judgement.decision() == Decision::Allowed && judgement.admitting().next().is_some()
}

/// By name, or by an address that means the same.
fn spelling(end: &End<'_>, rng: &mut Rng) -> Endpoint {
    match end.endpoint.address() {
        Some(address) if rng.chance(30) => Endpoint::Ip(address),
        _ => end.endpoint.clone(),
    }
}

/// A pod once per address; a finished one is nobody and left out, one without address has no address.
fn pod_ends(pod: &Pod) -> Vec<End<'_>> {
    let end = |address| End { endpoint: Endpoint::Pod { id: pod.meta.id.clone(), address }, pod: Some(pod) };
    match &pod.addresses {
        _ if pod.life == Life::Finished => vec![],
        Addresses::Known(ips) => ips.iter().map(|ip| end(Some(*ip))).collect(),
        Addresses::Unstated | Addresses::NotYet => vec![end(None)],
    }
}

fn random_layer4(destination: &End<'_>, ports: &[Port], rng: &mut Rng) -> Layer4 {
    if rng.chance(12) {
        return Layer4::Icmp;
    }
    let declared = destination.pod.map(|pod| pod.ports.as_slice()).unwrap_or_default();
    if !declared.is_empty() && rng.chance(60) {
        let served = rng.pick(declared);
        return Layer4::Port(served.protocol, served.number);
    }
    let protocol = *rng.weighted(&[(60, Protocol::Tcp), (25, Protocol::Udp), (15, Protocol::Sctp)]);
    Layer4::Port(protocol, *rng.pick(ports))
}

/// ICMP, and every interesting port of every protocol.
fn interesting_layers(world: &World) -> Vec<Layer4> {
    let ports = interesting_ports(world);
    let of = |protocol| ports.iter().map(move |port| Layer4::Port(protocol, *port));
    Protocol::ALL.into_iter().flat_map(of).chain([Layer4::Icmp]).collect()
}

/// Every port that a verdict may turn on: declared ones, the first and last of each range that a policy
/// names, and their neighbours outside it.
pub fn interesting_ports(world: &World) -> BTreeSet<Port> {
    let mut numbers: BTreeSet<u16> = [1, 80, u16::MAX].into();
    numbers.extend(world.pods.values().flat_map(|pod| &pod.ports).map(|p| p.number.get()));
    for policy in world.policies.values() {
        for rule in Direction::BOTH.into_iter().flat_map(|direction| policy.rules(direction)) {
            numbers.extend(rule.ports.iter().flat_map(|item| port_edges(&item.ports)));
        }
    }
    numbers.into_iter().filter(|number| *number > 0).map(port).collect()
}

fn port_edges(spec: &PortSpec) -> Vec<u16> {
    let PortSpec::Range(range) = spec else { return vec![] };
    let (first, last) = (range.first().get(), range.last().get());
    vec![first - 1, first, last, last.saturating_add(1)]
}
