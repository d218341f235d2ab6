//! Asking the engine about every pair of ends, and folding pairs whose answers are equal.

use std::net::IpAddr;

use podfence_engine::{Answer, Engine, Fact, FlowError, Outcome, Side};
use podfence_model::{Direction, Endpoint, Family, Flow, Layer4, World};

use crate::alike::{alike, facts};
use crate::folded::{OfPair, destinations, fold, sources};

/// An end that accepts connections, with the port that packets carry when they reach it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backend {
    /// Who.
    pub end: Endpoint,
    /// Protocol and port.
    pub layer4: Layer4,
}

/// Ends between which the answer is the same: every source to every destination, itself left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    /// Who opens the connection. An address is set only where the answer hangs on it.
    pub sources: Vec<Endpoint>,
    /// Who accepts it; addresses as for the sources.
    pub destinations: Vec<Endpoint>,
    /// Protocol and port at the destinations.
    pub layer4: Layer4,
    /// What the sources' policies see in place of the destinations, where a node translates later.
    pub leaves: Option<Backend>,
    /// What the destinations' policies see in place of the sources, where a node relays.
    pub arrives: Option<Endpoint>,
    /// The engine's answer for the first pair. The others differ at most in whose facts are missing.
    pub answer: Answer,
    /// What is missing for any pair, sorted; empty unless the outcome is undecidable.
    pub missing: Vec<Fact>,
}

impl Path {
    /// The peers that policies of a direction see, and the port.
    pub fn seen(&self, direction: Direction) -> (&[Endpoint], Layer4) {
        match (direction, &self.leaves, &self.arrives) {
            (Direction::Egress, Some(front), _) => (std::slice::from_ref(&front.end), front.layer4),
            (Direction::Egress, None, _) => (&self.destinations, self.layer4),
            (Direction::Ingress, _, Some(relay)) => (std::slice::from_ref(relay), self.layer4),
            (Direction::Ingress, _, None) => (&self.sources, self.layer4),
        }
    }
}

/// A flow to ask about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ask {
    pub source: Endpoint,
    pub backend: Backend,
    /// See [`Path::leaves`].
    pub leaves: Option<Backend>,
    /// See [`Path::arrives`].
    pub arrives: Option<Endpoint>,
}

impl Ask {
    /// A flow that nothing relays.
    pub(crate) fn direct(source: &Endpoint, backend: &Backend) -> Self {
        Self { source: source.clone(), backend: backend.clone(), leaves: None, arrives: None }
    }
}

/// A flow and its answer.
struct Pair {
    ask: Ask,
    answer: Answer,
}

/// Asks about every flow and folds equal answers. Ends without a common family are no flow, unless there
/// is no other.
pub(crate) fn judge(world: &World, engine: &Engine, asks: &[Ask]) -> Result<Vec<Path>, FlowError> {
    let mut pairs = Vec::new();
    let mut mixed = false;
    for ask in asks {
        match judge_one(world, engine, ask) {
            Ok(more) => pairs.extend(more),
            Err(FlowError::MixedFamilies) => mixed = true,
            Err(error) => return Err(error),
        }
    }
    if mixed && pairs.is_empty() {
        return Err(FlowError::MixedFamilies);
    }
    Ok(fold(pairs, same).into_iter().filter_map(path).collect())
}

/// One pair for every way to choose addresses, or a single one if they are all answered alike.
fn judge_one(world: &World, engine: &Engine, ask: &Ask) -> Result<Vec<Pair>, FlowError> {
    let arriving = arriving_addresses(world, ask);
    let ask = &relayed_from(&arriving, ask);
    let choices = choices(&arriving, &addresses(world, &ask.backend.end));
    let mut pairs: Vec<Pair> = Vec::new();
    for choice in &choices {
        let chosen = with_addresses(ask, *choice);
        let answer = answer(engine, &chosen)?;
        if !pairs.iter().any(|p| alike(&p.answer, &answer)) {
            pairs.push(Pair { ask: chosen, answer });
        }
    }
    // Without addresses on one end nobody knows which choices there really are.
    let half_known = choices.iter().any(|(from, to)| from.is_none() || to.is_none());
    let differ = pairs.iter().any(|p| p.answer.outcome != pairs[0].answer.outcome);
    match pairs.pop() {
        Some(only) if pairs.is_empty() => Ok(vec![Pair { ask: ask.clone(), ..only }]),
        Some(last) if !(half_known && differ) => {
            pairs.push(last);
            Ok(pairs)
        }
        Some(_) | None => Ok(vec![Pair { ask: ask.clone(), answer: answer(engine, ask)? }]),
    }
}

/// With the address that a relaying node uses, if only one of its addresses will do.
fn relayed_from(arriving: &[IpAddr], ask: &Ask) -> Ask {
    match (&ask.arrives, arriving) {
        (Some(relay), [only]) => Ask { arrives: Some(at(relay, *only)), ..ask.clone() },
        _ => ask.clone(),
    }
}

/// An address for the end that arrives and one for the backend; `None` where none is known.
type Choice = (Option<IpAddr>, Option<IpAddr>);

/// Every way to choose addresses of one family; of one end alone where the other has none yet.
fn choices(from: &[IpAddr], to: &[IpAddr]) -> Vec<Choice> {
    match (from, to) {
        (from, []) => from.iter().map(|a| (Some(*a), None)).collect(),
        ([], to) => to.iter().map(|b| (None, Some(*b))).collect(),
        _ => {
            let pairs = from.iter().flat_map(|a| to.iter().map(move |b| (*a, *b)));
            let pairs = pairs.filter(|(a, b)| Family::of(*a) == Family::of(*b));
            pairs.map(|(a, b)| (Some(a), Some(b))).collect()
        }
    }
}

/// The addresses that the backend may see: a node relays in the family in which the connection came.
fn arriving_addresses(world: &World, ask: &Ask) -> Vec<IpAddr> {
    let own = addresses(world, &ask.source);
    let Some(relay) = &ask.arrives else { return own };
    let comes = |ip: &IpAddr| own.is_empty() || own.iter().any(|own| Family::of(*own) == Family::of(*ip));
    addresses(world, relay).into_iter().filter(comes).collect()
}

fn with_addresses(ask: &Ask, (from, to): Choice) -> Ask {
    let choose = |end: &Endpoint, ip: Option<IpAddr>| ip.map_or_else(|| end.clone(), |ip| at(end, ip));
    let backend = Backend { end: choose(&ask.backend.end, to), layer4: ask.backend.layer4 };
    match &ask.arrives {
        Some(relay) => Ask { arrives: Some(choose(relay, from)), backend, ..ask.clone() },
        None => Ask { source: choose(&ask.source, from), backend, ..ask.clone() },
    }
}

/// The engine's answer: of one flow, or, where a node relays, egress of the flow that leaves the source
/// and ingress of the one that arrives.
pub(crate) fn answer(engine: &Engine, ask: &Ask) -> Result<Answer, FlowError> {
    let flow = |source: &Endpoint, to: &Backend| Flow {
        source: source.clone(),
        destination: to.end.clone(),
        layer4: to.layer4,
    };
    let arriving = engine.answer(&flow(ask.arrives.as_ref().unwrap_or(&ask.source), &ask.backend))?;
    if ask.arrives.is_none() && ask.leaves.is_none() {
        return Ok(arriving);
    }
    let leaving = engine.answer(&flow(&ask.source, ask.leaves.as_ref().unwrap_or(&ask.backend)))?;
    let outcome_of = |side: Option<&Side>| side.map_or(Outcome::Allowed, |s| s.outcome.clone());
    let ingress = match (&ask.arrives, arriving.always) {
        (Some(_), _) => arriving.outcome, // a node has no egress of its own, so this is ingress alone
        (None, Some(_)) => Outcome::Allowed,
        (None, None) => outcome_of(arriving.ingress.as_ref()),
    };
    Ok(Answer {
        source: leaving.source,
        destination: arriving.destination,
        outcome: outcome_of(leaving.egress.as_ref()).and(ingress),
        always: None,
        egress: leaving.egress,
        ingress: arriving.ingress,
    })
}

/// The known addresses of an end. A `hostNetwork` pod has its node's.
fn addresses(world: &World, end: &Endpoint) -> Vec<IpAddr> {
    let of_node = |name: &String| world.nodes.get(name).map(|n| n.addresses.clone()).unwrap_or_default();
    match end {
        Endpoint::Ip(ip)
        | Endpoint::Pod { address: Some(ip), .. }
        | Endpoint::Node { address: Some(ip), .. } => vec![*ip],
        Endpoint::Node { name, address: None } => of_node(name),
        Endpoint::Pod { id, address: None } => match world.pods.get(id) {
            Some(pod) if pod.host_network && pod.ips().is_empty() => {
                pod.node.as_ref().map(of_node).unwrap_or_default()
            }
            Some(pod) => pod.ips().to_vec(),
            None => Vec::new(),
        },
    }
}

/// The end with its address chosen.
pub(crate) fn at(end: &Endpoint, ip: IpAddr) -> Endpoint {
    match end {
        Endpoint::Pod { id, .. } => Endpoint::Pod { id: id.clone(), address: Some(ip) },
        Endpoint::Node { name, .. } => Endpoint::Node { name: name.clone(), address: Some(ip) },
        Endpoint::Ip(ip) => Endpoint::Ip(*ip),
    }
}

impl OfPair for Pair {
    fn source(&self) -> &Endpoint {
        &self.ask.source
    }

    fn destination(&self) -> &Endpoint {
        &self.ask.backend.end
    }
}

fn same(a: &Pair, b: &Pair) -> bool {
    a.ask.backend.layer4 == b.ask.backend.layer4
        && a.ask.leaves == b.ask.leaves
        && a.ask.arrives == b.ask.arrives
        && alike(&a.answer, &b.answer)
}

fn path(group: Vec<Pair>) -> Option<Path> {
    let (sources, destinations) = (sources(&group), destinations(&group));
    let mut missing: Vec<Fact> = group.iter().flat_map(|p| facts(&p.answer.outcome).to_vec()).collect();
    missing.sort_unstable();
    missing.dedup();
    let Pair { ask, answer } = group.into_iter().next()?;
    let Ask { backend: Backend { layer4, .. }, leaves, arrives, .. } = ask;
    Some(Path { sources, destinations, layer4, leaves, arrives, answer, missing })
}
