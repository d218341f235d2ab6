//! Both worlds laid over each other: pods that are the same, and addresses that neither world's blocks tell apart.
//!
//! Ends that are in one group of the old matrix and in one group of the new one change alike. So what is compared are pairs
//! of groups, however many pods there are.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use fixedbitset::FixedBitSet;
use podfence_engine::{AddressRange, Engine, PodId, Reading};
use podfence_model::{Family, ObjectRef};

use super::Snapshot;
use super::change::Scope;
use crate::ends::Ends;
use crate::matrix::{GroupId, Matrix, Members, families};

/// The matrices of one world for certain and for all that is possible. Both have the same groups.
pub(super) struct Readings {
    pub(super) certain: Matrix,
    /// `None` where no fact is missing, so that it would say the same.
    possible: Option<Matrix>,
}

impl Readings {
    fn new(engine: &Engine, families: &BTreeSet<Family>) -> Self {
        let read = |reading| Matrix::in_families(engine, reading, families.iter().copied());
        let possible = (!engine.is_certain()).then(|| read(Reading::Possible));
        Self { certain: read(Reading::Certain), possible }
    }

    pub(super) fn possible(&self) -> &Matrix {
        self.possible.as_ref().unwrap_or(&self.certain)
    }
}

/// A pod by its numbers in both engines.
type Pair = (Option<PodId>, Option<PodId>);

/// Ends that are alike in both worlds.
pub(super) struct Alike {
    pub(super) old: Option<GroupId>,
    pub(super) new: Option<GroupId>,
    pods: Vec<Pair>,
    /// Addresses that no known pod has; there are none where there are pods.
    ranges: Vec<AddressRange>,
}

impl Alike {
    /// Whether it is one pod: then nobody in it reaches *another* one.
    pub(super) fn is_one_pod(&self) -> bool {
        self.pods.len() == 1
    }
}

/// Two worlds, laid over each other.
pub(super) struct Aligned<'w> {
    sides: [Snapshot<'w>; 2],
    pub(super) old: Readings,
    pub(super) new: Readings,
    pub(super) families: BTreeSet<Family>,
    /// In the order of the old groups, then of the new ones.
    pub(super) alike: Vec<Alike>,
    /// Those of them between which and all others something may change.
    pub(super) touched: FixedBitSet,
}

impl<'w> Aligned<'w> {
    /// With `touched`, only what these pods may do, and others with them, is to be compared.
    pub(super) fn new(old: Snapshot<'w>, new: Snapshot<'w>, touched: Option<&BTreeSet<PodId>>) -> Self {
        let families: BTreeSet<Family> =
            [old, new].into_iter().flat_map(|side| families(side.engine)).collect();
        let [before, after] = [old, new].map(|side| Readings::new(side.engine, &families));
        let mut alike = alike_pods(old, new, &before.certain, &after.certain);
        alike.extend(alike_ranges(old.engine, new.engine, &before.certain, &after.certain));
        alike.sort_by_key(|one| (one.old, one.new));
        let touched = self::touched(&alike, touched);
        Self { sides: [old, new], old: before, new: after, families, alike, touched }
    }

    /// Some of the ends together, by the names of the world that the scope says.
    pub(super) fn ends(&self, scope: Scope, numbers: impl Iterator<Item = usize>) -> Ends {
        let (side, matrix) = match scope {
            Scope::Gone => (self.sides[0], &self.old.certain),
            Scope::Existing | Scope::New => (self.sides[1], &self.new.certain),
        };
        let mut pods = BTreeSet::new();
        let [mut unknown, mut outside]: [Vec<AddressRange>; 2] = Default::default();
        for alike in numbers.map(|number| &self.alike[number]) {
            let of_side = |(old, new): &Pair| if scope == Scope::Gone { *old } else { *new };
            let ids = alike.pods.iter().filter_map(of_side);
            pods.extend(ids.map(|pod| side.engine.pod(pod).meta.id.clone()));
            let group = if scope == Scope::Gone { alike.old } else { alike.new };
            let is_unknown = |id| matches!(matrix.group(id).members, Members::UnknownPods(_));
            if group.is_some_and(is_unknown) { &mut unknown } else { &mut outside }.extend(&alike.ranges);
        }
        Ends { pods, unknown: unknown.into_iter().collect(), outside: outside.into_iter().collect() }
    }
}

/// The ends with one of these pods, by their numbers in the new engine.
fn touched(alike: &[Alike], pods: Option<&BTreeSet<PodId>>) -> FixedBitSet {
    let is_touched = |alike: &Alike| {
        pods.is_none_or(|pods| alike.pods.iter().any(|(_, new)| new.is_some_and(|pod| pods.contains(&pod))))
    };
    let mut touched = FixedBitSet::with_capacity(alike.len());
    touched.extend(alike.iter().enumerate().filter(|(_, one)| is_touched(one)).map(|(index, _)| index));
    touched
}

fn alike_pods(old: Snapshot<'_>, new: Snapshot<'_>, before: &Matrix, after: &Matrix) -> Vec<Alike> {
    let (of_old, of_new) = (groups_of_pods(before), groups_of_pods(after));
    let mut by_groups: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (was, is) in same_pods(old.engine, new.engine) {
        let groups = (was.and_then(|pod| of_old.get(&pod)), is.and_then(|pod| of_new.get(&pod)));
        by_groups.entry(groups).or_default().push((was, is));
    }
    let alike = |((old, new), pods): ((Option<&GroupId>, Option<&GroupId>), Vec<_>)| Alike {
        old: old.copied(),
        new: new.copied(),
        pods,
        ranges: Vec::new(),
    };
    by_groups.into_iter().map(alike).collect()
}

fn groups_of_pods(matrix: &Matrix) -> HashMap<PodId, GroupId> {
    let pods = |(id, members): (GroupId, &Members)| match members {
        Members::Pods(pods) => pods.iter().map(|pod| (*pod, id)).collect(),
        Members::UnknownPods(_) | Members::Outside(_) => Vec::new(),
    };
    matrix.groups_with_ids().map(|(id, group)| (id, &group.members)).flat_map(pods).collect()
}

/// Which pods are the same: those of one name, then those of one workload.
fn same_pods(old: &Engine, new: &Engine) -> Vec<Pair> {
    let mut pairs: Vec<Pair> = Vec::new();
    let mut rest: BTreeMap<&ObjectRef, [Vec<PodId>; 2]> = BTreeMap::new();
    for (side, engine, other) in [(0, old, new), (1, new, old)] {
        for pod in engine.pod_ids() {
            let seen = engine.pod(pod);
            let twin = other.pod_id(&seen.meta.id).filter(|twin| other.pod(*twin).is_policed());
            match (twin, &seen.workload) {
                (Some(twin), _) if side == 0 => pairs.push((Some(pod), Some(twin))),
                (Some(_), _) => {}
                (None, Some(workload)) => rest.entry(workload).or_default()[side].push(pod),
                (None, None) if side == 0 => pairs.push((Some(pod), None)),
                (None, None) => pairs.push((None, Some(pod))),
            }
        }
    }
    let firsts = [old, new].map(first_of_workloads);
    let copies = rest.into_iter().flat_map(|(workload, rest)| {
        let [old, new] = firsts.each_ref().map(|first| first.get(workload).copied());
        of_workload(&rest, old, new)
    });
    pairs.extend(copies);
    pairs
}

fn first_of_workloads(engine: &Engine) -> HashMap<&ObjectRef, PodId> {
    let mut first = HashMap::new();
    for pod in engine.pod_ids() {
        if let Some(workload) = &engine.pod(pod).workload {
            first.entry(workload).or_insert(pod);
        }
    }
    first
}

/// The pods of a workload whose names are in one world only. New copies are compared with an old one, and old copies that
/// are gone are not told of, as long as the workload has pods in both worlds.
fn of_workload(
    [old, new]: &[Vec<PodId>; 2],
    first_old: Option<PodId>,
    first_new: Option<PodId>,
) -> Vec<Pair> {
    let mut pairs: Vec<Pair> = old.iter().zip(new).map(|(old, new)| (Some(*old), Some(*new))).collect();
    pairs.extend(new.iter().skip(old.len()).map(|new| (first_old, Some(*new))));
    if first_new.is_none() {
        pairs.extend(old.iter().map(|old| (Some(*old), None)));
    }
    pairs
}

/// Both worlds' ranges cut by each other, without those that known pods fill.
fn alike_ranges(old: &Engine, new: &Engine, before: &Matrix, after: &Matrix) -> Vec<Alike> {
    let taken: BTreeSet<IpAddr> = old.known_addresses().chain(new.known_addresses()).collect();
    let mut by_groups: BTreeMap<(GroupId, GroupId), Vec<AddressRange>> = BTreeMap::new();
    for (range, old, new) in cut(&ranges_of(before), &ranges_of(after)) {
        if free_address(range.first(), range.last(), &taken).is_some() {
            by_groups.entry((old, new)).or_default().push(range);
        }
    }
    let alike = |((old, new), ranges)| Alike { old: Some(old), new: Some(new), pods: Vec::new(), ranges };
    by_groups.into_iter().map(alike).collect()
}

/// The ranges of all groups that are no pods, rising. Together they hold every address.
fn ranges_of(matrix: &Matrix) -> Vec<(AddressRange, GroupId)> {
    let mut ranges: Vec<(AddressRange, GroupId)> = Vec::new();
    for (id, group) in matrix.groups_with_ids() {
        if let Members::UnknownPods(of_group) | Members::Outside(of_group) = &group.members {
            ranges.extend(of_group.iter().map(|range| (*range, id)));
        }
    }
    ranges.sort_unstable();
    ranges
}

/// The common refinement of two lists that both hold every address.
fn cut(
    old: &[(AddressRange, GroupId)],
    new: &[(AddressRange, GroupId)],
) -> Vec<(AddressRange, GroupId, GroupId)> {
    let (mut old, mut new) = (old.iter().peekable(), new.iter().peekable());
    let mut parts = Vec::new();
    while let (Some((a, was)), Some((b, is))) = (old.peek(), new.peek()) {
        parts.extend(a.intersection(*b).map(|both| (both, *was, *is)));
        let [a_ends, b_ends] = [a, b].map(|range| (range.family, range.last()));
        if a_ends <= b_ends {
            old.next();
        }
        if b_ends <= a_ends {
            new.next();
        }
    }
    parts
}

/// The first address of a stretch that is not taken.
pub(super) fn free_address(first: IpAddr, last: IpAddr, taken: &BTreeSet<IpAddr>) -> Option<IpAddr> {
    let mut addresses = std::iter::successors(Some(first), |ip| next(*ip));
    addresses.find(|ip| !taken.contains(ip)).filter(|ip| *ip <= last)
}

fn next(ip: IpAddr) -> Option<IpAddr> {
    match ip {
        IpAddr::V4(ip) => u32::from(ip).checked_add(1).map(|n| Ipv4Addr::from(n).into()),
        IpAddr::V6(ip) => u128::from(ip).checked_add(1).map(|n| Ipv6Addr::from(n).into()),
    }
}
