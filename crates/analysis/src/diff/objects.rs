//! Objects that are in one of two worlds only, or differ in what they say of connections.

use std::collections::BTreeMap;

use podfence_model::{
    ContainerPort, Kind, Labels, NetworkPolicy, ObjectRef, Origin, PodTemplate, Shared, World,
};

/// What became of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fate {
    /// It is in the new world only.
    Added,
    /// It is in the old world only.
    Removed,
    /// Both worlds have it, and it differs in what connections can hang on: labels, ports, what a policy says.
    Changed,
}

/// An object that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectChange {
    /// Which object: a namespace, a workload, a pod that no workload makes, or a policy.
    pub object: ObjectRef,
    /// What became of it.
    pub fate: Fate,
}

/// What an object says, as far as connections can hang on it.
#[derive(PartialEq)]
enum Says {
    /// Labels of a namespace.
    Labels(Labels),
    /// Labels and ports of pods, and whether they have `hostNetwork`.
    Pods(Labels, Shared<Vec<ContainerPort>>, bool),
    /// A policy without its places.
    Policy(Box<NetworkPolicy>),
}

/// Compares the stated objects of two worlds, in the order of their names. What is assumed is not stated.
pub(super) fn compare(old: &World, new: &World) -> Vec<ObjectChange> {
    let (old, new) = (stated(old), stated(new));
    let fate = |object: &ObjectRef| match (old.get(object), new.get(object)) {
        (None, _) => Some(Fate::Added),
        (_, None) => Some(Fate::Removed),
        (Some(before), Some(after)) => (before != after).then_some(Fate::Changed),
    };
    let mut all: Vec<&ObjectRef> = old.keys().chain(new.keys()).collect();
    all.sort_unstable();
    all.dedup();
    let change = |object: &ObjectRef| Some(ObjectChange { object: object.clone(), fate: fate(object)? });
    all.into_iter().filter_map(change).collect()
}

fn stated(world: &World) -> BTreeMap<ObjectRef, Says> {
    let is_stated = |origin: &Origin| !matches!(origin, Origin::Assumed(_));
    let object = |kind, namespace: &str, name: &str| ObjectRef {
        kind,
        namespace: namespace.into(),
        name: name.into(),
    };
    let namespaces = world.namespaces.values().filter(|one| is_stated(&one.origin));
    let namespaces =
        namespaces.map(|one| (object(Kind::Namespace, "", &one.name), Says::Labels(one.labels.clone())));
    let workloads = world.workloads.values().filter(|one| is_stated(&one.origin));
    let workloads = workloads.map(|one| {
        let PodTemplate { labels, ports, host_network, .. } = &one.template;
        (one.id.clone(), Says::Pods(labels.clone(), ports.clone(), *host_network))
    });
    let pods = world.pods.values().filter(|pod| pod.workload.is_none() && is_stated(&pod.meta.origin));
    let pods = pods.map(|pod| {
        let says = Says::Pods(pod.meta.labels.clone(), pod.ports.clone(), pod.host_network);
        (object(Kind::Pod, &pod.meta.id.namespace, &pod.meta.id.name), says)
    });
    let policies = world.policies.values().map(|policy| {
        let id = &policy.meta.id;
        (object(Kind::NetworkPolicy, &id.namespace, &id.name), Says::Policy(Box::new(placeless(policy))))
    });
    namespaces.chain(workloads).chain(pods).chain(policies).collect()
}

/// A policy without labels, origin and places.
fn placeless(policy: &NetworkPolicy) -> NetworkPolicy {
    let mut policy = policy.without_places();
    policy.meta.labels.clear();
    policy
}
