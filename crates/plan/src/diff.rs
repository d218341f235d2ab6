//! What leads from one plan to the next, object by object and element by element.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use podfence_engine::AddressRange;
use podfence_model::{Cidr, NamespacedName};

use crate::narrow::narrows;
use crate::node::{LocalPod, NodePlan, ProgramKey, ProgramPlan, UnionKey, UnionPlan};

/// Elements that come and go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change<T> {
    /// New ones.
    pub added: Vec<T>,
    /// Old ones.
    pub removed: Vec<T>,
}

impl<T> Default for Change<T> {
    fn default() -> Self {
        Self { added: Vec::new(), removed: Vec::new() }
    }
}

impl<T: Ord + Clone> Change<T> {
    fn between(old: &BTreeSet<T>, new: &BTreeSet<T>) -> Self {
        Self {
            added: new.difference(old).cloned().collect(),
            removed: old.difference(new).cloned().collect(),
        }
    }

    /// Whether nothing comes or goes.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty()
    }
}

/// How the members of a union change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MemberChange {
    /// Known pods.
    pub pods: Change<IpAddr>,
    /// Other addresses.
    pub ranges: Change<AddressRange>,
}

/// What leads from one plan to the next.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Delta {
    /// Addresses of known pods.
    pub known: Change<IpAddr>,
    /// The node's pod ranges.
    pub local_ranges: Change<Cidr>,
    /// Unions that are new, or that begin or cease to admit everyone.
    pub unions_set: BTreeMap<UnionKey, UnionPlan>,
    /// Unions that nothing refers to any more.
    pub unions_removed: BTreeSet<UnionKey>,
    /// Unions whose members change.
    pub unions_changed: BTreeMap<UnionKey, MemberChange>,
    /// Programs that are new or whose rows change.
    pub programs_set: BTreeMap<ProgramKey, ProgramPlan>,
    /// Programs that no pod runs any more.
    pub programs_removed: BTreeSet<ProgramKey>,
    /// Pods that are new or different, with what they were.
    pub pods_set: BTreeMap<NamespacedName, (Option<LocalPod>, LocalPod)>,
    /// Pods that are gone, with what they were.
    pub pods_removed: BTreeMap<NamespacedName, LocalPod>,
    /// Whether something that was allowed no longer is, so that open connections must be judged again.
    pub narrows: bool,
}

impl Delta {
    /// Whether the plans are the same.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What leads from `old` to `new`.
pub fn diff(old: &NodePlan, new: &NodePlan) -> Delta {
    let ranges = |plan: &NodePlan| plan.local_ranges.iter().copied().collect::<BTreeSet<Cidr>>();
    Delta {
        known: Change::between(&old.known, &new.known),
        local_ranges: Change::between(&ranges(old), &ranges(new)),
        unions_set: set(&old.unions, &new.unions, |a, b| a.everyone == b.everyone),
        unions_removed: gone(&old.unions, &new.unions),
        unions_changed: changed(&old.unions, &new.unions),
        programs_set: set(&old.programs, &new.programs, |a, b| a == b),
        programs_removed: gone(&old.programs, &new.programs),
        pods_set: pods_set(old, new),
        pods_removed: pods_removed(old, new),
        narrows: narrows(old, new),
    }
}

/// The entries of `new` that are not in `old` or not the `same` there.
fn set<K: Ord + Clone, V: Clone>(
    old: &BTreeMap<K, V>,
    new: &BTreeMap<K, V>,
    same: fn(&V, &V) -> bool,
) -> BTreeMap<K, V> {
    let differs = |(key, value): &(&K, &V)| old.get(*key).is_none_or(|before| !same(before, value));
    new.iter().filter(differs).map(|(k, v)| (k.clone(), v.clone())).collect()
}

fn gone<K: Ord + Clone, V>(old: &BTreeMap<K, V>, new: &BTreeMap<K, V>) -> BTreeSet<K> {
    old.keys().filter(|key| !new.contains_key(*key)).cloned().collect()
}

fn changed(
    old: &BTreeMap<UnionKey, UnionPlan>,
    new: &BTreeMap<UnionKey, UnionPlan>,
) -> BTreeMap<UnionKey, MemberChange> {
    let change = |(key, after): (&UnionKey, &UnionPlan)| {
        let before = old.get(key).filter(|before| *before != after && before.everyone == after.everyone)?;
        let ranges = |plan: &UnionPlan| plan.ranges.iter().copied().collect::<BTreeSet<AddressRange>>();
        let pods = Change::between(&before.pods, &after.pods);
        let ranges = Change::between(&ranges(before), &ranges(after));
        Some((key.clone(), MemberChange { pods, ranges }))
    };
    new.iter().filter_map(change).collect()
}

fn pods_set(old: &NodePlan, new: &NodePlan) -> BTreeMap<NamespacedName, (Option<LocalPod>, LocalPod)> {
    let differs = set(&old.pods, &new.pods, |a, b| a == b);
    differs.into_iter().map(|(id, pod)| (id.clone(), (old.pods.get(&id).cloned(), pod))).collect()
}

fn pods_removed(old: &NodePlan, new: &NodePlan) -> BTreeMap<NamespacedName, LocalPod> {
    let gone = old.pods.iter().filter(|(id, _)| !new.pods.contains_key(*id));
    gone.map(|(id, pod)| (id.clone(), pod.clone())).collect()
}
