//! A world with its matrix in both readings, and the parts of it that sets of ends come to.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

use podfence_engine::{Engine, PodId, Reading};
use podfence_model::{Cidr, Family, NamespacedName, PortSet, World};

use super::selection::{Host, Selection};
use crate::AddressSet;
use crate::ends::Directory;
use crate::matrix::{GroupId, Matrix, Members};

/// A world and what the engine says of it.
pub(super) struct Judge {
    world: Arc<World>,
    engine: Arc<Engine>,
    directory: Directory,
    certain: Matrix,
    possible: Matrix,
    of_pod: HashMap<PodId, GroupId>,
}

/// Ends of one kind that all belong to one group; a node may belong to one of several.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub who: Who,
    pub groups: Vec<GroupId>,
}

/// Who is in a part.
#[derive(Debug, Clone)]
pub(super) enum Who {
    Pods(Vec<PodId>),
    Unknown(AddressSet),
    Outside(AddressSet),
    Host(Host),
}

/// What passes between two ends: for certain, and at most.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    pub certain: PortSet,
    pub possible: PortSet,
}

/// Whom a group reaches, by the number of the group reached.
#[derive(Debug)]
pub(super) struct Row {
    certain: Vec<Option<Arc<PortSet>>>,
    possible: Vec<Option<Arc<PortSet>>>,
}

impl Judge {
    pub(super) fn new(world: World) -> Self {
        let engine = Engine::new(&world);
        let certain = Matrix::new(&engine, Reading::Certain);
        let members = certain.groups_with_ids().filter_map(|(id, group)| match &group.members {
            Members::Pods(pods) => Some(pods.iter().map(move |pod| (*pod, id))),
            Members::UnknownPods(_) | Members::Outside(_) => None,
        });
        Self {
            of_pod: members.flatten().collect(),
            directory: Directory::new(&world, &engine),
            possible: Matrix::new(&engine, Reading::Possible),
            certain,
            engine: Arc::new(engine),
            world: Arc::new(world),
        }
    }

    pub(super) fn world(&self) -> &World {
        &self.world
    }

    pub(super) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// World and engine, to keep.
    pub(super) fn shared(&self) -> (Arc<World>, Arc<Engine>) {
        (Arc::clone(&self.world), Arc::clone(&self.engine))
    }

    pub(super) fn directory(&self) -> &Directory {
        &self.directory
    }

    pub(super) fn matrix(&self) -> &Matrix {
        &self.certain
    }

    /// Whether a pod can be a peer.
    pub(super) fn is_peer(&self, pod: &NamespacedName) -> bool {
        self.engine.pod_id(pod).is_some_and(|id| self.of_pod.contains_key(&id))
    }

    /// The group of a pod that can be a peer.
    pub(super) fn group_of(&self, pod: PodId) -> Option<GroupId> {
        self.of_pod.get(&pod).copied()
    }

    /// The families that are asked about.
    pub(super) fn families(&self, only: Option<Family>) -> Vec<Family> {
        self.certain.families().filter(|family| only.is_none_or(|only| only == *family)).collect()
    }

    pub(super) fn row(&self, family: Family, from: GroupId) -> Row {
        let spread = |matrix: &Matrix| {
            let mut row = vec![None; matrix.groups().len()];
            for reached in matrix.row(family, from) {
                let ports = Arc::new(reached.ports);
                reached.groups.into_iter().for_each(|group| row[group.index()] = Some(Arc::clone(&ports)));
            }
            row
        };
        Row { certain: spread(&self.certain), possible: spread(&self.possible) }
    }

    /// The rows of a part, one for each group that it may belong to and that is of a family.
    pub(super) fn rows(&self, family: Family, from: &Part) -> Vec<Row> {
        let of_family = from.groups.iter().filter(|group| self.certain.group(**group).is_of(family));
        of_family.map(|group| self.row(family, *group)).collect()
    }

    /// Whom a selection comes to, Services aside.
    pub(super) fn parts(&self, selection: &Selection) -> Vec<Part> {
        let mut by_group: BTreeMap<GroupId, Vec<PodId>> = BTreeMap::new();
        for pod in selection.ends.pods.iter().filter_map(|id| self.engine.pod_id(id)) {
            self.group_of(pod).into_iter().for_each(|group| by_group.entry(group).or_default().push(pod));
        }
        let pods =
            by_group.into_iter().map(|(group, pods)| Part { who: Who::Pods(pods), groups: vec![group] });
        let addresses = self.certain.groups_with_ids().filter_map(|(id, group)| {
            let (ranges, meant, who): (_, _, fn(AddressSet) -> Who) = match &group.members {
                Members::Pods(_) => return None,
                Members::UnknownPods(ranges) => (ranges, &selection.ends.unknown, Who::Unknown),
                Members::Outside(ranges) => (ranges, &selection.ends.outside, Who::Outside),
            };
            let set = ranges.iter().copied().collect::<AddressSet>().intersection(meant);
            (!set.is_empty()).then(|| Part { who: who(set), groups: vec![id] })
        });
        let hosts = selection
            .hosts
            .iter()
            .map(|host| Part { groups: self.groups_of(host), who: Who::Host(host.clone()) });
        pods.chain(addresses).chain(hosts).collect()
    }

    /// The groups that a node's addresses may be of: all outside where nobody knows them.
    fn groups_of(&self, host: &Host) -> Vec<GroupId> {
        let holds = |members: &Members| match members {
            Members::Outside(ranges) | Members::UnknownPods(ranges) if !host.addresses.is_empty() => {
                host.addresses.iter().any(|ip| ranges.iter().any(|range| range.contains(*ip)))
            }
            Members::Outside(_) => true,
            Members::UnknownPods(_) | Members::Pods(_) => false,
        };
        self.certain.groups_with_ids().filter(|(_, group)| holds(&group.members)).map(|(id, _)| id).collect()
    }

    /// The groups of addresses that a set lies in.
    pub(super) fn groups_with(&self, set: &AddressSet) -> Vec<GroupId> {
        let holds = |members: &Members| match members {
            Members::Pods(_) => false,
            Members::UnknownPods(ranges) | Members::Outside(ranges) => {
                !ranges.iter().copied().collect::<AddressSet>().intersection(set).is_empty()
            }
        };
        self.certain.groups_with_ids().filter(|(_, group)| holds(&group.members)).map(|(id, _)| id).collect()
    }

    /// What passes from the ends of some rows to another part; `None` where they have no family in common.
    pub(super) fn cell(&self, family: Family, rows: &[Row], to: &[GroupId]) -> Option<Cell> {
        let to: Vec<GroupId> =
            to.iter().copied().filter(|id| self.certain.group(*id).is_of(family)).collect();
        let ports = |at: &Option<Arc<PortSet>>| at.as_deref().cloned().unwrap_or_default();
        let cells = rows.iter().flat_map(|row| to.iter().map(move |to| (row, to.index())));
        let cells = cells
            .map(|(row, to)| Cell { certain: ports(&row.certain[to]), possible: ports(&row.possible[to]) });
        cells.reduce(|a, b| Cell {
            certain: a.certain.intersection(&b.certain),
            possible: a.possible.union(&b.possible),
        })
    }

    /// An address in a set that no known pod has: one of those meant for examples, if there is one (RFC 5737, RFC 3849).
    pub(super) fn some_address(&self, set: &AddressSet) -> Option<IpAddr> {
        let examples = ["192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1"].map(str::parse);
        let holds = |ip: &IpAddr| set.covers(&[Cidr::host(*ip)].into_iter().collect());
        let example = examples.into_iter().flatten().find(holds);
        let free = |ip: IpAddr| self.engine.pod_with_address(ip).is_none();
        example.filter(|ip| free(*ip)).or_else(|| set.find(free))
    }
}
