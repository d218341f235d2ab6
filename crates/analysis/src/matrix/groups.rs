//! The groups of a matrix: what no policy tells apart, neither as peer nor as subject.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use podfence_engine::{AddressRange, ClassId, ClassKind, Compiled, Engine, PodId, ProgramId};
use podfence_model::{Direction, Family};

/// The number of a group in its matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId(u32);

impl GroupId {
    pub(crate) fn new(index: usize) -> Self {
        // A world with 2^32 groups does not fit in memory.
        Self(u32::try_from(index).unwrap_or(u32::MAX))
    }

    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// Who is in a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Members {
    /// Known pods, in the order of their names; never empty.
    Pods(Vec<PodId>),
    /// Addresses of the pod ranges that no known pod has.
    UnknownPods(Vec<AddressRange>),
    /// Nodes and the world outside; the addresses of known pods count as cut out.
    Outside(Vec<AddressRange>),
}

/// Ends that no policy tells apart.
#[derive(Debug, Clone)]
pub struct Group {
    /// Who is in it.
    pub members: Members,
    /// Its class in each family that it has addresses of; pods without addresses have the same one in both.
    pub(super) classes: [Option<ClassId>; 2],
    pub(super) egress: Option<ProgramId>,
    pub(super) ingress: Option<ProgramId>,
}

impl Group {
    /// Whether it has addresses of a family, or may get some.
    pub fn is_of(&self, family: Family) -> bool {
        self.class(family).is_some()
    }

    /// Whether policies isolate it in a direction.
    pub fn is_isolated(&self, direction: Direction) -> bool {
        self.program(direction).is_some()
    }

    pub(super) fn program(&self, direction: Direction) -> Option<ProgramId> {
        match direction {
            Direction::Egress => self.egress,
            Direction::Ingress => self.ingress,
        }
    }

    pub(super) fn class(&self, family: Family) -> Option<ClassId> {
        self.classes[place(family)]
    }
}

fn place(family: Family) -> usize {
    usize::from(family == Family::V6)
}

/// What tells pods apart: their classes by family, and their programs.
type Key = ([Option<ClassId>; 2], Option<ProgramId>, Option<ProgramId>);

pub(super) fn of(engine: &Engine, compiled: &Compiled) -> Vec<Group> {
    let mut groups = of_pods(engine, compiled);
    groups.extend(of_ranges(engine));
    groups
}

fn of_pods(engine: &Engine, compiled: &Compiled) -> Vec<Group> {
    let mut by_key: HashMap<Key, Vec<PodId>> = HashMap::new();
    for (pod, classes) in classes_of_pods(engine) {
        let program = |direction| compiled.program_of(pod, direction);
        let key = (classes, program(Direction::Egress), program(Direction::Ingress));
        by_key.entry(key).or_default().push(pod);
    }
    let group = |((classes, egress, ingress), mut pods): (Key, Vec<PodId>)| {
        pods.sort_by_cached_key(|pod| engine.pod(*pod).meta.id.clone());
        Group { members: Members::Pods(pods), classes, egress, ingress }
    };
    let mut groups: Vec<Group> = by_key.into_iter().map(group).collect();
    groups.sort_by_cached_key(|group| match &group.members {
        Members::Pods(pods) => pods.first().map(|pod| engine.pod(*pod).meta.id.clone()),
        Members::UnknownPods(_) | Members::Outside(_) => None,
    });
    groups
}

fn classes_of_pods(engine: &Engine) -> BTreeMap<PodId, [Option<ClassId>; 2]> {
    let mut of_pod: BTreeMap<PodId, [Option<ClassId>; 2]> = BTreeMap::new();
    for (id, class) in engine.classes_with_ids() {
        for member in &class.members {
            let classes = of_pod.entry(member.pod).or_default();
            match member.address {
                Some(ip) => classes[place(Family::of(ip))] = Some(id),
                None => *classes = [Some(id); 2],
            }
        }
    }
    of_pod
}

/// One group for each class and family of addresses that no known pod has.
fn of_ranges(engine: &Engine) -> Vec<Group> {
    let mut groups = Vec::new();
    for (id, all) in engine.ranges_of_ends() {
        for family in Family::BOTH {
            let ranges: Vec<AddressRange> =
                all.iter().filter(|range| range.family == family).copied().collect();
            let members = match engine.class(id).kind() {
                _ if ranges.is_empty() => continue,
                ClassKind::Pods => continue,
                ClassKind::UnknownPods => Members::UnknownPods(ranges),
                ClassKind::Outside => Members::Outside(ranges),
            };
            let mut classes = [None; 2];
            classes[place(family)] = Some(id);
            groups.push(Group { members, classes, egress: None, ingress: None });
        }
    }
    groups
}

/// The families of the pods' addresses; IPv4 where no pod has any.
pub fn families(engine: &Engine) -> BTreeSet<Family> {
    let found: BTreeSet<Family> = engine.known_addresses().map(Family::of).collect();
    if found.is_empty() { BTreeSet::from([Family::V4]) } else { found }
}
