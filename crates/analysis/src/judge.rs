//! Asking the engine about every pair of ends, and folding pairs whose answers are equal.

use std::net::IpAddr;

use podfence_engine::{Answer, Engine, Fact, FlowError, Outcome, Side, TierEnd, TierTrace};
use podfence_model::{Endpoint, Family, Flow, Layer4, World};

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
    /// The engine's answer for the first pair. The others differ at most in whose facts are missing.
    pub answer: Answer,
    /// What is missing for any pair, sorted; empty unless the outcome is undecidable.
    pub missing: Vec<Fact>,
}

/// One pair of ends and its answer.
struct Pair {
    source: Endpoint,
    destination: Endpoint,
    layer4: Layer4,
    answer: Answer,
}

/// Paths, and whether pairs of a pod with itself were left out of them.
pub(crate) struct Judged {
    pub paths: Vec<Path>,
    pub itself_left_out: bool,
}

/// Asks about every source and backend. When there are several sources, a pod and itself are no pair: that
/// is always allowed and would only hide what was asked.
pub(crate) fn judge(
    world: &World,
    engine: &Engine,
    sources: &[Endpoint],
    backends: &[Backend],
) -> Result<Judged, FlowError> {
    let mut pairs = Vec::new();
    let mut itself_left_out = false;
    let mut refused = None;
    for source in sources {
        for backend in backends {
            if sources.len() > 1 && *source == backend.end {
                itself_left_out = true;
                continue;
            }
            match judge_pair(world, engine, source, backend) {
                Ok(more) => pairs.extend(more),
                Err(FlowError::MixedFamilies) => refused = Some(FlowError::MixedFamilies),
                Err(error) => return Err(error),
            }
        }
    }
    match refused.filter(|_| pairs.is_empty()) {
        Some(error) => Err(error),
        None => Ok(Judged { paths: fold(pairs), itself_left_out }),
    }
}

/// One pair for every way to choose addresses, or a single one if they are all answered alike.
fn judge_pair(
    world: &World,
    engine: &Engine,
    source: &Endpoint,
    backend: &Backend,
) -> Result<Vec<Pair>, FlowError> {
    let layer4 = backend.layer4;
    let ask = |source: Endpoint, destination: Endpoint| {
        let flow = Flow { source: source.clone(), destination: destination.clone(), layer4 };
        engine.answer(&flow).map(|answer| Pair { source, destination, layer4, answer })
    };
    let mut pairs: Vec<Pair> = Vec::new();
    for (from, to) in address_pairs(&addresses(world, source), &addresses(world, &backend.end)) {
        let pair = ask(at(source, from), at(&backend.end, to))?;
        if !pairs.iter().any(|p| alike(&p.answer, &pair.answer)) {
            pairs.push(pair);
        }
    }
    match pairs.len() {
        0 => Ok(vec![ask(source.clone(), backend.end.clone())?]),
        1 => {
            let alone = pairs.into_iter();
            let bare = |p| Pair { source: source.clone(), destination: backend.end.clone(), ..p };
            Ok(alone.map(bare).collect())
        }
        _ => Ok(pairs),
    }
}

fn address_pairs(from: &[IpAddr], to: &[IpAddr]) -> Vec<(IpAddr, IpAddr)> {
    let pairs = from.iter().flat_map(|a| to.iter().map(move |b| (*a, *b)));
    pairs.filter(|(a, b)| Family::of(*a) == Family::of(*b)).collect()
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
fn at(end: &Endpoint, ip: IpAddr) -> Endpoint {
    match end {
        Endpoint::Pod { id, .. } => Endpoint::Pod { id: id.clone(), address: Some(ip) },
        Endpoint::Node { name, .. } => Endpoint::Node { name: name.clone(), address: Some(ip) },
        Endpoint::Ip(ip) => Endpoint::Ip(*ip),
    }
}

/// Folds pairs with equal answers and ports.
fn fold(pairs: Vec<Pair>) -> Vec<Path> {
    let mut groups: Vec<Vec<Pair>> = Vec::new();
    for pair in pairs {
        let same = |g: &&mut Vec<Pair>| {
            g.first().is_some_and(|p| p.layer4 == pair.layer4 && alike(&p.answer, &pair.answer))
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.push(pair),
            None => groups.push(vec![pair]),
        }
    }
    groups
        .into_iter()
        .flat_map(|group| if is_whole(&group) { vec![group] } else { by_source(group) })
        .filter_map(path)
        .collect()
}

/// Whether a group holds every source with every destination, but for a pod with itself.
fn is_whole(group: &[Pair]) -> bool {
    let (sources, destinations) = (distinct(group, |p| &p.source), distinct(group, |p| &p.destination));
    let itself = sources.iter().filter(|s| destinations.contains(s)).count();
    let all = sources.len() * destinations.len();
    group.len() == all || group.len() == all - itself
}

fn by_source(group: Vec<Pair>) -> Vec<Vec<Pair>> {
    let mut parts: Vec<Vec<Pair>> = Vec::new();
    for pair in group {
        let same = |part: &&mut Vec<Pair>| part.first().is_some_and(|p| p.source == pair.source);
        match parts.iter_mut().find(same) {
            Some(part) => part.push(pair),
            None => parts.push(vec![pair]),
        }
    }
    parts
}

fn distinct<'a>(group: &'a [Pair], end: impl Fn(&'a Pair) -> &'a Endpoint) -> Vec<Endpoint> {
    let mut seen = std::collections::HashSet::new();
    group.iter().map(end).filter(|e| seen.insert(*e)).cloned().collect()
}

fn path(group: Vec<Pair>) -> Option<Path> {
    let (sources, destinations) = (distinct(&group, |p| &p.source), distinct(&group, |p| &p.destination));
    let mut missing: Vec<Fact> = group.iter().flat_map(|p| facts(&p.answer.outcome).to_vec()).collect();
    missing.sort_unstable();
    missing.dedup();
    let first = group.into_iter().next()?;
    Some(Path { sources, destinations, layer4: first.layer4, answer: first.answer, missing })
}

fn facts(outcome: &Outcome) -> &[Fact] {
    match outcome {
        Outcome::Undecidable(facts) => facts,
        Outcome::Allowed | Outcome::Denied => &[],
    }
}

/// Whether two answers say the same, whoever the ends are and whosever facts are missing.
fn alike(a: &Answer, b: &Answer) -> bool {
    alike_outcomes(&a.outcome, &b.outcome)
        && a.always == b.always
        && alike_sides(a.egress.as_ref(), b.egress.as_ref())
        && alike_sides(a.ingress.as_ref(), b.ingress.as_ref())
}

fn alike_outcomes(a: &Outcome, b: &Outcome) -> bool {
    std::mem::discriminant(a) == std::mem::discriminant(b) && alike_facts(facts(a), facts(b))
}

fn alike_facts(a: &[Fact], b: &[Fact]) -> bool {
    let kinds = |facts: &[Fact]| facts.iter().map(std::mem::discriminant).collect::<Vec<_>>();
    kinds(a) == kinds(b)
}

fn alike_sides(a: Option<&Side>, b: Option<&Side>) -> bool {
    match (a, b) {
        (None, None) => true,
        (Some(a), Some(b)) => {
            a.tiers.len() == b.tiers.len() && a.tiers.iter().zip(&b.tiers).all(|(a, b)| alike_tiers(a, b))
        }
        _ => false,
    }
}

fn alike_tiers(a: &TierTrace, b: &TierTrace) -> bool {
    let ends = match (&a.end, &b.end) {
        (TierEnd::Undecidable(a), TierEnd::Undecidable(b)) => alike_facts(a, b),
        (a, b) => a == b,
    };
    ends && a.tier == b.tier && a.selecting == b.selecting && a.nearest == b.nearest
}
