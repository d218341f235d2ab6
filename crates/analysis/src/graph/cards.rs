//! The nodes: groups of the matrix, cut by namespace and by what was asked for, with their pods under their workloads.

use std::collections::BTreeMap;
use std::net::IpAddr;

use podfence_engine::{AddressRange, Engine, PodId};
use podfence_model::{Direction, Family, Kind, NamespacedName, ObjectRef, World};

use crate::ends::{Directory, EndName, Ends};
use crate::graph::choice::Choice;
use crate::matrix::{Group, GroupId, Matrix, Members};

/// The number of a card in its graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CardId(u32);

impl CardId {
    pub(super) fn new(index: usize) -> Self {
        // Graphs are far smaller: see `MOST_CARDS`.
        Self(u32::try_from(index).unwrap_or(u32::MAX))
    }

    /// Its place among the graph's cards, from 0.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A workload or a bare pod on a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The workload, or the pod itself.
    pub object: ObjectRef,
    /// Its pods on this card, in order of name; never empty.
    pub pods: Vec<NamespacedName>,
    /// How many pods it has in all: policies may tell some of them apart by their own labels or addresses.
    pub of: usize,
}

impl Member {
    /// Its name, as everywhere.
    fn name(&self) -> EndName {
        match (&self.object, self.pods.as_slice()) {
            (ObjectRef { kind: Kind::Pod, .. }, [only]) => EndName::Pod(only.clone()),
            (workload, pods) if pods.len() == self.of => EndName::Workload(workload.clone()),
            (workload, pods) => {
                EndName::PartOf { workload: workload.clone(), pods: pods.to_vec(), of: self.of }
            }
        }
    }
}

/// Who is on a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// Pods of one namespace.
    Pods {
        /// The namespace.
        namespace: String,
        /// What makes the pods, in order of kind and name; never empty.
        members: Vec<Member>,
    },
    /// Addresses of the pod ranges that no known pod has.
    UnknownPods(Vec<AddressRange>),
    /// Nodes and the world outside.
    Outside(Vec<AddressRange>),
}

/// A node of the graph: ends that no policy tells apart.
#[derive(Debug, Clone)]
pub struct Card {
    /// Who is on it.
    pub who: Who,
    /// The same by name; never empty.
    pub names: Vec<EndName>,
    /// The policies that isolate it for egress, by name.
    pub egress: Vec<NamespacedName>,
    /// The policies that isolate it for ingress, by name.
    pub ingress: Vec<NamespacedName>,
    /// Whether it is to be drawn; others only give namespaces their meaning.
    pub shown: bool,
    /// One of its addresses, where it has no pods.
    pub(super) example: Option<IpAddr>,
    pub(super) group: GroupId,
    pub(super) families: [bool; 2],
}

impl Card {
    /// Its namespace, if it has pods.
    pub fn namespace(&self) -> Option<&str> {
        match &self.who {
            Who::Pods { namespace, .. } => Some(namespace),
            Who::UnknownPods(_) | Who::Outside(_) => None,
        }
    }

    /// What makes its pods; empty for addresses.
    pub fn members(&self) -> &[Member] {
        match &self.who {
            Who::Pods { members, .. } => members,
            Who::UnknownPods(_) | Who::Outside(_) => &[],
        }
    }

    /// The policies that isolate it in a direction.
    pub fn isolating(&self, direction: Direction) -> &[NamespacedName] {
        match direction {
            Direction::Egress => &self.egress,
            Direction::Ingress => &self.ingress,
        }
    }

    /// Whether it is one pod only, which always reaches itself.
    pub(super) fn is_single(&self) -> bool {
        matches!(self.members(), [Member { pods, .. }] if pods.len() == 1)
    }

    pub(super) fn is_of(&self, family: Family) -> bool {
        self.families[usize::from(family == Family::V6)]
    }
}

pub(super) fn of(world: &World, engine: &Engine, matrix: &Matrix, choice: &Choice) -> Vec<Card> {
    let (sizes, directory) = (sizes(engine), Directory::new(world, engine));
    let mut cards = Vec::new();
    let lives = |group: &Group| matrix.families().any(|family| group.is_of(family));
    for (id, group) in matrix.groups_with_ids().filter(|(_, group)| lives(group)) {
        match &group.members {
            Members::Pods(pods) => cards.extend(of_pods(engine, choice, &sizes, (id, group), pods)),
            Members::UnknownPods(ranges) | Members::Outside(ranges) => {
                let names = || directory.name(&Ends::of_groups(engine, matrix, [id]));
                let example = example(engine, ranges);
                cards.extend(example.map(|example| {
                    let who = addresses(&group.members, ranges);
                    Card { example: Some(example), ..bare(who, names(), id, group) }
                }));
            }
        }
    }
    // Stable, so that addresses stay in the matrix's order, behind the pods.
    cards.sort_by_cached_key(|card| (card.namespace().is_none(), key(card)));
    cards
}

fn key(card: &Card) -> Option<(String, ObjectRef, NamespacedName)> {
    let first = card.members().first()?;
    Some((card.namespace()?.to_owned(), first.object.clone(), first.pods.first()?.clone()))
}

/// How many pods each workload has.
fn sizes(engine: &Engine) -> BTreeMap<ObjectRef, usize> {
    let mut sizes = BTreeMap::new();
    for id in engine.pod_ids() {
        *sizes.entry(object_of(engine, id)).or_default() += 1;
    }
    sizes
}

fn object_of(engine: &Engine, id: PodId) -> ObjectRef {
    let pod = engine.pod(id);
    let NamespacedName { namespace, name } = pod.meta.id.clone();
    pod.workload.clone().unwrap_or(ObjectRef { kind: Kind::Pod, namespace, name })
}

fn addresses(members: &Members, ranges: &[AddressRange]) -> Who {
    match members {
        Members::UnknownPods(_) => Who::UnknownPods(ranges.to_vec()),
        Members::Outside(_) | Members::Pods(_) => Who::Outside(ranges.to_vec()),
    }
}

/// An address to stand for some, that no known pod has: one that is reserved for documentation if there is one (RFC 5737,
/// RFC 3849), or else a low one. `None` where known pods have them all.
fn example(engine: &Engine, ranges: &[AddressRange]) -> Option<IpAddr> {
    let free = |ip: &IpAddr| engine.pod_with_address(*ip).is_none();
    let known = ["203.0.113.7", "198.51.100.7", "192.0.2.7", "2001:db8::7"];
    let known = known.iter().filter_map(|text| text.parse::<IpAddr>().ok());
    let mut fitting = known.filter(|ip| free(ip) && ranges.iter().any(|range| range.contains(*ip)));
    let of_range = |range: &AddressRange| {
        // The first address of a block is mostly no host's.
        let behind = std::iter::successors(next(range.first()), |ip| next(*ip));
        behind.take_while(|ip| range.contains(*ip)).chain([range.first()]).find(free)
    };
    fitting.next().or_else(|| ranges.iter().find_map(of_range))
}

/// The address behind another.
fn next(ip: IpAddr) -> Option<IpAddr> {
    Some(match ip {
        IpAddr::V4(v4) => IpAddr::from(u32::from(v4).checked_add(1)?.to_be_bytes()),
        IpAddr::V6(v6) => IpAddr::from(u128::from(v6).checked_add(1)?.to_be_bytes()),
    })
}

fn bare(who: Who, names: Vec<EndName>, group: GroupId, of: &Group) -> Card {
    let families = Family::BOTH.map(|family| of.is_of(family));
    Card { who, names, example: None, egress: Vec::new(), ingress: Vec::new(), shown: true, group, families }
}

/// The cards of a group: pods of one namespace that were asked for alike.
fn of_pods(
    engine: &Engine,
    choice: &Choice,
    sizes: &BTreeMap<ObjectRef, usize>,
    (id, group): (GroupId, &Group),
    pods: &[PodId],
) -> Vec<Card> {
    let mut parts: BTreeMap<(String, [bool; 2]), Vec<PodId>> = BTreeMap::new();
    for pod in pods {
        let name = &engine.pod(*pod).meta.id;
        parts.entry((name.namespace.clone(), choice.tells(name))).or_default().push(*pod);
    }
    let card = |((namespace, _), pods): ((String, _), Vec<PodId>)| {
        let isolating = |direction| isolating(engine, &pods, direction);
        let (egress, ingress) = (isolating(Direction::Egress), isolating(Direction::Ingress));
        let members = members(engine, sizes, &pods);
        let names = members.iter().map(Member::name).collect();
        Card { egress, ingress, ..bare(Who::Pods { namespace, members }, names, id, group) }
    };
    parts.into_iter().map(card).collect()
}

/// Pods of one group have one program, and so the same policies.
fn isolating(engine: &Engine, pods: &[PodId], direction: Direction) -> Vec<NamespacedName> {
    let policies = pods.first().map(|pod| engine.isolating(*pod, direction)).unwrap_or_default();
    policies.into_iter().map(|policy| engine.policy(policy).meta.id.clone()).collect()
}

fn members(engine: &Engine, sizes: &BTreeMap<ObjectRef, usize>, pods: &[PodId]) -> Vec<Member> {
    let mut by_object: BTreeMap<ObjectRef, Vec<NamespacedName>> = BTreeMap::new();
    for pod in pods {
        by_object.entry(object_of(engine, *pod)).or_default().push(engine.pod(*pod).meta.id.clone());
    }
    let member = |(object, pods): (ObjectRef, Vec<NamespacedName>)| {
        let of = sizes.get(&object).copied().unwrap_or(pods.len());
        Member { object, pods, of }
    };
    by_object.into_iter().map(member).collect()
}
