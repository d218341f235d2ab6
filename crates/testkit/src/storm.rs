//! Random edits of a world: what a cluster does all day, for tests of updates.
//!
//! Addresses stay unique among live pods, but a finished pod's address is free for the next one.

use fastrand::Rng;
use podfence_model::{
    Addresses, Change, Labels, Life, Namespace, NamespacedName, NetworkPolicy, Node, Object, ObjectKey,
    Origin, Pod, World,
};

use crate::build::Put;
use crate::generate::{Draw, free_addresses, namespace_labels, new_pod, pod_labels, random_policy};

/// One change of a world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// A pod comes.
    AddPod(Pod),
    /// A pod goes.
    RemovePod(NamespacedName),
    /// A pod gets other labels.
    RelabelPod(NamespacedName, Labels),
    /// A pod gets other addresses, or loses them, or gets its first.
    ReaddressPod(NamespacedName, Addresses),
    /// A pod begins to terminate or finishes.
    AgePod(NamespacedName, Life),
    /// A namespace gets other labels, besides the one with its name.
    RelabelNamespace(String, Labels),
    /// A policy comes.
    AddPolicy(NetworkPolicy),
    /// A policy goes.
    RemovePolicy(NamespacedName),
    /// A policy of the same name takes its place.
    ChangePolicy(NetworkPolicy),
}

/// A random edit that [`apply`] can do to this world, which must have namespaces and nodes.
pub fn random_edit(world: &World, rng: &mut Rng) -> Edit {
    let pod = pick_pod(world, rng);
    let policy = pick_policy(world, rng);
    match (rng.u32(0..100), pod, policy) {
        (0..12, Some(pod), _) => Edit::RemovePod(pod.meta.id.clone()),
        (12..30, Some(pod), _) => Edit::RelabelPod(pod.meta.id.clone(), pod_labels(rng)),
        (30..42, Some(pod), _) if !pod.host_network => {
            Edit::ReaddressPod(pod.meta.id.clone(), other_addresses(world, pod, rng))
        }
        (42..48, Some(pod), _) if pod.life != Life::Finished => {
            Edit::AgePod(pod.meta.id.clone(), older(pod, rng))
        }
        (48..58, ..) => relabel_namespace(world, rng),
        (58..72, _, Some(policy)) => Edit::ChangePolicy(NetworkPolicy {
            meta: policy.meta.clone(),
            ..random_policy(world, "changed", rng)
        }),
        (72..80, _, Some(policy)) => Edit::RemovePolicy(policy.meta.id.clone()),
        (80..88, ..) => Edit::AddPolicy(random_policy(world, &fresh_name("policy", rng), rng)),
        _ => Edit::AddPod(new_pod(world, &fresh_name("pod", rng), rng)),
    }
}

/// A random edit, or two that happen at once: two pods exchange their labels or their addresses, so that a union loses and
/// gains members in one step.
pub fn random_edits(world: &World, rng: &mut Rng) -> Vec<Edit> {
    let exchanged = match rng.u32(0..100) {
        0..15 => exchange(world, rng, |one, other| {
            Some(Edit::RelabelPod(one.meta.id.clone(), other.meta.labels.clone()))
        }),
        15..25 => exchange(world, rng, |one, other| {
            let sits = |pod: &Pod| pod.life == Life::Present && !pod.ips().is_empty();
            (one.node == other.node && sits(one) && sits(other))
                .then(|| Edit::ReaddressPod(one.meta.id.clone(), other.addresses.clone()))
        }),
        _ => None,
    };
    exchanged.unwrap_or_else(|| vec![random_edit(world, rng)])
}

fn exchange(world: &World, rng: &mut Rng, edit: impl Fn(&Pod, &Pod) -> Option<Edit>) -> Option<Vec<Edit>> {
    let pods: Vec<&Pod> = world.pods.values().filter(|pod| pod.is_policed()).collect();
    let [one, other] = rng.some(&pods, 0, 2)[..] else { return None };
    [edit(one, other), edit(other, one)].into_iter().collect()
}

/// What an edit of a world does to one of its objects, `world` being as it is after the edit.
pub fn change(world: &World, edit: &Edit) -> Change {
    match edit {
        Edit::RemovePod(id) => Change::Remove(ObjectKey::Pod(id.clone())),
        Edit::RemovePolicy(id) => Change::Remove(ObjectKey::Policy(id.clone())),
        Edit::AddPod(Pod { meta, .. }) => put_pod(world, &meta.id),
        Edit::RelabelPod(id, _) | Edit::ReaddressPod(id, _) | Edit::AgePod(id, _) => put_pod(world, id),
        Edit::RelabelNamespace(name, _) => Change::Put(Object::Namespace(world.namespaces[name].clone())),
        Edit::AddPolicy(policy) | Edit::ChangePolicy(policy) => {
            Change::Put(Object::Policy(Box::new(policy.clone())))
        }
    }
}

fn put_pod(world: &World, id: &NamespacedName) -> Change {
    Change::Put(Object::Pod(Box::new(world.pods[id].clone())))
}

/// Does all of these edits.
pub fn apply_all(world: &mut World, edits: &[Edit]) {
    for edit in edits {
        apply(world, edit);
    }
}

/// Does an edit. An edit of something that the world does not have does nothing.
pub fn apply(world: &mut World, edit: &Edit) {
    match edit {
        Edit::AddPod(pod) => world.put(pod.clone()),
        Edit::RemovePod(id) => drop(world.pods.remove(id)),
        Edit::RelabelPod(id, labels) => edit_pod(world, id, |pod| pod.meta.labels.clone_from(labels)),
        Edit::ReaddressPod(id, addresses) => edit_pod(world, id, |pod| pod.addresses.clone_from(addresses)),
        Edit::AgePod(id, life) => edit_pod(world, id, |pod| pod.life = *life),
        Edit::RelabelNamespace(name, labels) => relabel(world, name, labels),
        Edit::AddPolicy(policy) | Edit::ChangePolicy(policy) => world.put(policy.clone()),
        Edit::RemovePolicy(id) => drop(world.policies.remove(id)),
    }
}

fn edit_pod(world: &mut World, id: &NamespacedName, edit: impl FnOnce(&mut Pod)) {
    if let Some(pod) = world.pods.get_mut(id) {
        edit(pod);
    }
}

fn relabel(world: &mut World, name: &str, labels: &Labels) {
    let origin = world.namespaces.get(name).map(|namespace| namespace.origin.clone());
    let relabelled = |origin: Origin| Namespace::new(name, labels.clone(), origin);
    world.namespaces.extend(origin.map(|origin| (name.to_owned(), relabelled(origin))));
}

fn pick_pod<'w>(world: &'w World, rng: &mut Rng) -> Option<&'w Pod> {
    rng.choice(world.pods.values())
}

fn pick_policy<'w>(world: &'w World, rng: &mut Rng) -> Option<&'w NetworkPolicy> {
    rng.choice(world.policies.values())
}

fn relabel_namespace(world: &World, rng: &mut Rng) -> Edit {
    let names: Vec<&String> = world.namespaces.keys().collect();
    Edit::RelabelNamespace((*rng.pick(&names)).clone(), namespace_labels(rng))
}

fn other_addresses(world: &World, pod: &Pod, rng: &mut Rng) -> Addresses {
    let node: Option<&Node> = pod.node.as_ref().and_then(|name| world.nodes.get(name));
    match node {
        Some(node) if !rng.chance(15) => Addresses::Known(free_addresses(world, node, rng)),
        _ => Addresses::NotYet,
    }
}

fn older(pod: &Pod, rng: &mut Rng) -> Life {
    if pod.life == Life::Present && rng.bool() { Life::Terminating } else { Life::Finished }
}

fn fresh_name(kind: &str, rng: &mut Rng) -> String {
    format!("{kind}-new-{:08x}", rng.u32(..))
}
