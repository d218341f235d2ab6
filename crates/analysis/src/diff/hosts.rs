//! Pods that are on their node's network in one world only.
//!
//! Policies select no pod with `hostNetwork`, and no matrix has it: to policies it is its node. So one that begins to have it
//! loses all that isolated it, and no pair of ends shows that. It is a change of its own.

use std::collections::BTreeMap;

use podfence_model::{Kind, Life, ObjectRef, Pod, World};

/// A pod, or the pods of a workload, whose `hostNetwork` differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostChange {
    /// What makes the pods, or the pod itself where nothing does.
    pub object: ObjectRef,
    /// Whether they have it now: then no policy isolates them any more.
    pub has_now: bool,
}

/// How many pods of an object have `hostNetwork`, and how many there are.
#[derive(Default)]
struct Count {
    on_host: usize,
    all: usize,
}

/// Objects that both worlds have and whose pods differ, in the order of their names.
pub(super) fn compare(old: &World, new: &World) -> Vec<HostChange> {
    let (old, new) = (counts(old), counts(new));
    let change = |(object, after): (&ObjectRef, &Count)| {
        let before = old.get(object)?;
        // All, some or none of them: a workload that is being rolled out has both.
        let [was, is] = [before, after].map(|count| (count.on_host > 0, count.on_host == count.all));
        (was != is).then(|| HostChange { object: object.clone(), has_now: is > was })
    };
    new.iter().filter_map(change).collect()
}

fn counts(world: &World) -> BTreeMap<ObjectRef, Count> {
    let mut counts: BTreeMap<ObjectRef, Count> = BTreeMap::new();
    for pod in world.pods.values().filter(|pod| pod.life != Life::Finished) {
        let count = counts.entry(maker(pod)).or_default();
        count.all += 1;
        count.on_host += usize::from(pod.host_network);
    }
    counts
}

fn maker(pod: &Pod) -> ObjectRef {
    let id = &pod.meta.id;
    let itself = || ObjectRef { kind: Kind::Pod, namespace: id.namespace.clone(), name: id.name.clone() };
    pod.workload.clone().unwrap_or_else(itself)
}
