//! Why an edge is there: the engine's answers for a few of the flows that it stands for.
//!
//! All members of a card are answered alike, so one pod of each is asked about. Of a set of ports the edges of its ranges are
//! asked, and equal answers told once: another rule may admit the next port. Where an edge folds many pairs of cards, those
//! that other rules decide are told, up to a few.

use podfence_engine::{Answer, Engine, RuleRef, TierEnd};
use podfence_model::{Endpoint, Family, Layer4, NamespacedName, Port, PortSet, Protocol, World};

use crate::graph::cards::{Card, CardId};
use crate::graph::{Edge, Graph};
use crate::judge::{Ask, Backend, Path, judge};

/// Pairs of cards asked about for one edge, and ports for one pair.
const ASKED: usize = 8;
/// The port asked about where all pass and none is declared.
const USUAL: u16 = 80;
/// Traces told for one edge.
const TOLD: usize = 4;

/// One answer for an edge.
#[derive(Debug, Clone)]
pub struct Trace {
    /// Whose cards were asked about.
    pub pair: (CardId, CardId),
    /// The answer, told of all pods of the first workload on either card.
    pub path: Path,
}

/// Answers for an edge, each decided by other rules than those before.
pub fn traces(world: &World, engine: &Engine, graph: &Graph, edge: &Edge) -> Vec<Trace> {
    let mut told: Vec<Trace> = Vec::new();
    let mut asked: Vec<Deciders> = Vec::new();
    for pair in spread(&edge.pairs) {
        for path in ask(world, engine, graph, edge, pair) {
            let deciders = deciders(&path.answer);
            if told.len() < TOLD && !asked.contains(&deciders) {
                asked.push(deciders);
                told.push(Trace { pair, path });
            }
        }
    }
    told
}

/// Some of many, from all over them.
fn spread<T: Copy>(all: &[T]) -> impl Iterator<Item = T> + '_ {
    let step = all.len().div_ceil(ASKED).max(1);
    all.iter().step_by(step).copied()
}

/// What decides each side: the rule, or nothing where nothing isolates.
type Deciders = [Option<Option<RuleRef>>; 2];

fn deciders(answer: &Answer) -> Deciders {
    [&answer.egress, &answer.ingress].map(|side| {
        let last = side.as_ref()?.tiers.iter().rev().find(|tier| tier.end != TierEnd::NotSelected)?;
        match &last.end {
            TierEnd::Allowed(rule) | TierEnd::Passed(rule) => Some(Some(rule.clone())),
            TierEnd::Denied(_) | TierEnd::Undecidable(_) | TierEnd::NotSelected => Some(None),
        }
    })
}

fn ask(world: &World, engine: &Engine, graph: &Graph, edge: &Edge, pair: (CardId, CardId)) -> Vec<Path> {
    let (from, to) = (graph.card(pair.0), graph.card(pair.1));
    let sources = ends(from);
    let destinations = if pair.0 == pair.1 { others(from, &sources) } else { ends(to) };
    let (Some(source), Some(destination)) = (sources.first(), destinations.first()) else {
        return Vec::new();
    };
    let mut paths = Vec::new();
    let [from, to] = [source, destination].map(|end| in_family(world, end, edge.link.family));
    for layer4 in samples(&edge.link.certain.union(&edge.link.open), &declared(world, destination)) {
        let ask = Ask::direct(&from, &Backend { end: to.clone(), layer4 });
        // The ends exist and share a family, or there would be no edge.
        paths.extend(judge(world, engine, &[ask]).unwrap_or_default());
    }
    for path in &mut paths {
        widen(&mut path.sources, &sources);
        widen(&mut path.destinations, &destinations);
    }
    paths
}

/// What is told of one pod holds for all, unless it is told of one address.
fn widen(told: &mut Vec<Endpoint>, all: &[Endpoint]) {
    if matches!(told.as_slice(), [Endpoint::Pod { address: None, .. }]) {
        *told = all.to_vec();
    }
}

/// A pod at its address of a family, where an edge holds for one family only.
fn in_family(world: &World, end: &Endpoint, family: Option<Family>) -> Endpoint {
    let Endpoint::Pod { id, .. } = end else { return end.clone() };
    let address = family.and_then(|family| world.pods.get(id)?.ip(family));
    Endpoint::Pod { id: id.clone(), address }
}

fn pod(id: &NamespacedName) -> Endpoint {
    Endpoint::Pod { id: id.clone(), address: None }
}

/// The pods of a card's first workload, or one address of it.
fn ends(card: &Card) -> Vec<Endpoint> {
    let pods = card.members().iter().take(1).flat_map(|member| member.pods.iter().map(pod));
    pods.chain(card.example.map(Endpoint::Ip)).collect()
}

/// Somebody else on the card, for its pods among each other.
fn others(card: &Card, sources: &[Endpoint]) -> Vec<Endpoint> {
    let mut pods = card.members().iter().flat_map(|m| m.pods.iter().map(pod));
    pods.find(|pod| Some(pod) != sources.first()).into_iter().collect()
}

/// The ports that a pod declares.
fn declared(world: &World, end: &Endpoint) -> Vec<Layer4> {
    let Endpoint::Pod { id, .. } = end else { return Vec::new() };
    let ports = world.pods.get(id).into_iter().flat_map(|pod| &pod.ports);
    ports.map(|port| Layer4::Port(port.protocol, port.number)).collect()
}

/// Flows to stand for a set of ports: both ends of each range, and where a whole protocol passes, a port that is declared.
fn samples(ports: &PortSet, declared: &[Layer4]) -> Vec<Layer4> {
    let ranges = |protocol| ports.ranges(protocol).map(move |range| (protocol, range));
    let of_ranges = Protocol::ALL.into_iter().flat_map(ranges).flat_map(|range| of_range(range, declared));
    let mut samples: Vec<Layer4> = of_ranges.chain(ports.has_portless().then_some(Layer4::Icmp)).collect();
    samples.dedup();
    samples.truncate(ASKED);
    samples
}

fn of_range((protocol, (first, last)): (Protocol, (u16, u16)), declared: &[Layer4]) -> Vec<Layer4> {
    let range = PortSet::range(protocol, first, last);
    if let Some(usual) = declared.iter().find(|layer4| range.contains(**layer4)) {
        return vec![*usual];
    }
    let whole = first <= 1 && last == u16::MAX;
    let edges = if whole { [USUAL, USUAL] } else { [first, last] };
    edges.into_iter().filter_map(Port::new).map(|port| Layer4::Port(protocol, port)).collect()
}
