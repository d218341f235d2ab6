//! From a world to what can be expected of it: who reaches whom today, as `exactly` claims.
//!
//! Senders that reach the same are one claim, and ends are named as people name them: whole namespaces and workloads before pods. All
//! that is not listed is refused, so that a claim breaks whichever way a policy changes. Pods that come later are held to what
//! the wildcards say that fit them; where none does, they reach nobody. Which pods have `hostNetwork` is a claim of its own.

use std::collections::{BTreeMap, BTreeSet};

use podfence_model::{Family, Pod, PortSet, World};

use super::host_network::is_on_host;
use super::judge::{Judge, Row, Who};
use super::ports::{every_port, port_words};
use super::selection::{Selection, pod_text};
use crate::AddressSet;
use crate::ends::{EndName, Ends};
use crate::matrix::{GroupId, Members};
use crate::resolve::full_name;
use crate::target::kind_of;

/// Everything that holds in a world.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frozen {
    /// Who reaches whom; none where policies can see no pod.
    pub claims: Vec<FrozenClaim>,
    /// Who has `hostNetwork`, in the words of expectations: policies see none of them.
    pub on_host: Vec<String>,
}

/// One claim: senders that reach the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrozenClaim {
    /// Who sends, in the words of expectations.
    pub from: Vec<String>,
    /// Whom they reach.
    pub reaches: Vec<FrozenReach>,
    /// What hangs on missing facts.
    pub undecided: Vec<FrozenReach>,
    /// The family, where there are several.
    pub family: Option<Family>,
}

/// Some ends and the ports on which they are reached, in the words of expectations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrozenReach {
    /// Who.
    pub to: Vec<String>,
    /// The ports; none for all.
    pub ports: Vec<String>,
}

/// What a group sends: for certain, and perhaps; each with those it is sent to.
type Reached = [BTreeMap<PortSet, Vec<GroupId>>; 2];

/// Everything that holds in a world today; nothing where policies can see no pod. Workloads must have been expanded, and the
/// cluster DNS added.
pub fn freeze(world: World) -> Frozen {
    let judge = Judge::new(world);
    if judge.every_pod().is_empty() {
        return Frozen::default();
    }
    let families = judge.families(None);
    let mut claims = Vec::new();
    for family in &families {
        let only = (families.len() > 1).then_some(*family);
        let of_family = of_family(&judge, *family).into_iter();
        claims.extend(of_family.map(|claim| FrozenClaim { family: only, ..claim }));
    }
    Frozen { claims, on_host: on_host(judge.world()) }
}

fn on_host(world: &World) -> Vec<String> {
    let pods = world.pods.values().filter(|pod| is_on_host(pod));
    let name = |pod: &Pod| pod.workload.as_ref().map_or_else(|| pod_text(&pod.meta.id), full_name);
    let names: BTreeSet<String> = pods.map(name).collect();
    names.into_iter().collect()
}

fn of_family(judge: &Judge, family: Family) -> Vec<FrozenClaim> {
    let mut by_reach: BTreeMap<(bool, Reached), Vec<GroupId>> = BTreeMap::new();
    for (id, group) in judge.matrix().groups_with_ids().filter(|(_, group)| group.is_of(family)) {
        let is_pod = matches!(group.members, Members::Pods(_));
        let reached = reached(judge, family, &judge.row(family, id), is_pod);
        by_reach.entry((!is_pod, reached)).or_default().push(id);
    }
    let claim = |((_, [certain, perhaps]), from): (&(bool, Reached), &Vec<GroupId>)| FrozenClaim {
        from: words(judge, family, from),
        reaches: reaches(judge, family, certain),
        undecided: reaches(judge, family, perhaps),
        family: None,
    };
    let mut claims: Vec<FrozenClaim> = by_reach.iter().map(claim).collect();
    claims.sort_by(|a, b| a.from.cmp(&b.from));
    let senders = by_reach.iter().filter(|((is_address, _), _)| !is_address);
    let mut senders: Vec<String> = senders
        .flat_map(|(_, from)| words(judge, family, from))
        .filter(|word| !word.starts_with("not "))
        .collect();
    senders.sort_unstable();
    claims.extend(everybody_else(&senders));
    claims
}

/// Pods that no word fits yet: they reach nobody. `None` where `*` fits all.
fn everybody_else(senders: &[String]) -> Option<FrozenClaim> {
    if senders.iter().any(|word| word == "*") {
        return None;
    }
    let others = senders.iter().map(|word| format!("not {word}"));
    let from = std::iter::once("*".to_owned()).chain(others).collect();
    Some(FrozenClaim { from, reaches: Vec::new(), undecided: Vec::new(), family: None })
}

/// Whom a row leads to; between two addresses nothing is ever refused, so that is not worth a word.
fn reached(judge: &Judge, family: Family, row: &Row, is_pod: bool) -> Reached {
    let mut reached = Reached::default();
    for (id, group) in judge.matrix().groups_with_ids() {
        if !group.is_of(family) || !(is_pod || matches!(group.members, Members::Pods(_))) {
            continue;
        }
        let Some(cell) = judge.cell(family, std::slice::from_ref(row), &[id]) else { continue };
        let certain = cell.certain.intersection(&every_port());
        let perhaps = cell.possible.intersection(&every_port()).difference(&certain);
        for (ports, reached) in [certain, perhaps].into_iter().zip(&mut reached) {
            if !ports.is_empty() {
                reached.entry(ports).or_default().push(id);
            }
        }
    }
    reached
}

fn reaches(judge: &Judge, family: Family, reached: &BTreeMap<PortSet, Vec<GroupId>>) -> Vec<FrozenReach> {
    let reach = |(ports, groups): (&PortSet, &Vec<GroupId>)| FrozenReach {
        to: words(judge, family, groups),
        ports: port_words(ports),
    };
    reached.iter().map(reach).collect()
}

/// Groups in the words of expectations: what they mean is those groups and nothing else.
fn words(judge: &Judge, family: Family, groups: &[GroupId]) -> Vec<String> {
    let ends = Ends::of_groups(judge.engine(), judge.matrix(), groups.iter().copied());
    let pods = Ends { pods: ends.pods, ..Ends::default() };
    let mut words: Vec<String> =
        judge.directory().name(&pods).iter().flat_map(|one| name(judge.world(), one)).collect();
    let whole = whole(judge, family);
    words.extend(addresses("outside", "", &ends.outside, &whole.outside, &whole.unknown));
    words.extend(addresses("unknown", "unknown ", &ends.unknown, &whole.unknown, &whole.outside));
    words.sort_by_key(|word| word.starts_with("not "));
    words
}

/// All addresses of a family that are no known pod's.
fn whole(judge: &Judge, family: Family) -> Ends {
    let all = AddressSet::all(family);
    let everything = Ends { unknown: all.clone(), outside: all, ..Ends::default() };
    let mut whole = Ends::default();
    for part in judge.parts(&Selection { ends: everything, ..Selection::default() }) {
        match part.who {
            Who::Unknown(set) => whole.unknown = whole.unknown.union(&set),
            Who::Outside(set) => whole.outside = whole.outside.union(&set),
            Who::Pods(_) | Who::Host(_) => {}
        }
    }
    whole
}

/// Addresses of one kind: the word for all of them, or blocks; a block may hold addresses of the other kind, which are not meant.
fn addresses(
    all: &str,
    before: &str,
    set: &AddressSet,
    whole: &AddressSet,
    other: &AddressSet,
) -> Vec<String> {
    if set.is_empty() {
        return Vec::new();
    }
    if set.covers(whole) {
        return vec![all.to_owned()];
    }
    set.blocks(other).iter().map(|block| format!("{before}{block}")).collect()
}

fn name(world: &World, name: &EndName) -> Vec<String> {
    let all_but = |all: String, but: &[EndName]| {
        let without = but.iter().flat_map(|but| self::name(world, but)).map(|word| format!("not {word}"));
        std::iter::once(all).chain(without).collect()
    };
    match name {
        EndName::Everybody { but } | EndName::EveryPod { but } => all_but("*".to_owned(), but),
        // A namespace may be called `pod`.
        EndName::Namespace { name, but } if kind_of(name, world).is_some() => {
            all_but(format!("{name}/*/*"), but)
        }
        EndName::Namespace { name, but } => all_but(format!("{name}/*"), but),
        EndName::Workload(workload) => vec![full_name(workload)],
        EndName::PartOf { pods, .. } => pods.iter().map(pod_text).collect(),
        EndName::Pod(id) => vec![pod_text(id)],
        // Addresses are named apart: blocks as policies state them would change with the policies. Only tables for
        // people leave pods unnamed.
        EndName::MorePods(_)
        | EndName::UnknownPods
        | EndName::UnknownPodsIn(_)
        | EndName::Outside
        | EndName::Block(_)
        | EndName::Elsewhere
        | EndName::NewPods(_) => Vec::new(),
    }
}
