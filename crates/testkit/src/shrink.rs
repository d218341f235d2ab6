//! The smallest world that still fails.
//!
//! Greedy: leave one thing out, keep the result if it still fails, begin again; stop when nothing can be left
//! out. Slow and simple: generated worlds are small.

use podfence_model::{
    IpBlock, LabelSelector, NamespaceScope, NetworkPolicy, Peer, PeerKind, Pod, Rule, World,
};

use crate::build::Put;

/// A world from which nothing can be left out without `still_fails` becoming false. It must be true of
/// `world`. Pods, nodes and namespaces that the failing flow names are for `still_fails` to ask for.
pub fn shrink(world: World, still_fails: impl Fn(&World) -> bool) -> World {
    let mut smallest = world;
    while let Some(smaller) = without_one_thing(&smallest).into_iter().find(|world| still_fails(world)) {
        smallest = smaller;
    }
    smallest
}

/// Every world that has one thing less, large things first.
fn without_one_thing(world: &World) -> Vec<World> {
    let mut candidates = without_objects(world);
    for smaller in world.policies.values().flat_map(smaller_policies) {
        candidates.push(edited(world, |w| w.put(smaller)));
    }
    candidates.extend(world.pods.values().flat_map(|pod| smaller_pods(world, pod)));
    candidates
}

fn edited(world: &World, edit: impl FnOnce(&mut World)) -> World {
    let mut edited = world.clone();
    edit(&mut edited);
    edited
}

fn without_objects(world: &World) -> Vec<World> {
    let mut candidates = Vec::new();
    candidates.extend(world.policies.keys().map(|id| edited(world, |w| drop(w.policies.remove(id)))));
    candidates.extend(world.pods.keys().map(|id| edited(world, |w| drop(w.pods.remove(id)))));
    let used = |name: &String| world.pods.values().any(|pod| pod.node.as_ref() == Some(name));
    let idle = world.nodes.keys().filter(|name| !used(name));
    candidates.extend(idle.map(|name| edited(world, |w| drop(w.nodes.remove(name)))));
    let lived_in =
        |name: &String| world.pods.keys().chain(world.policies.keys()).any(|id| id.namespace == *name);
    let empty = world.namespaces.keys().filter(|name| !lived_in(name));
    candidates.extend(empty.map(|name| edited(world, |w| drop(w.namespaces.remove(name)))));
    candidates
}

/// Worlds in which one pod has a label or a container port less.
fn smaller_pods(world: &World, pod: &Pod) -> Vec<World> {
    let mut pods = Vec::new();
    for key in pod.meta.labels.keys() {
        let mut smaller = pod.clone();
        smaller.meta.labels.remove(key);
        pods.push(smaller);
    }
    pods.extend(without_each(&pod.ports).into_iter().map(|ports| Pod { ports: ports.into(), ..pod.clone() }));
    pods.into_iter().map(|pod| edited(world, |w| w.put(pod))).collect()
}

fn smaller_policies(policy: &NetworkPolicy) -> Vec<NetworkPolicy> {
    let mut smaller = Vec::new();
    for ingress in smaller_rules(&policy.ingress) {
        smaller.push(NetworkPolicy { ingress, ..policy.clone() });
    }
    for egress in smaller_rules(&policy.egress) {
        smaller.push(NetworkPolicy { egress, ..policy.clone() });
    }
    for subject in smaller_selectors(&policy.subject) {
        smaller.push(NetworkPolicy { subject, ..policy.clone() });
    }
    smaller
}

fn smaller_rules(rules: &[Rule]) -> Vec<Vec<Rule>> {
    let mut smaller = without_each(rules);
    smaller.extend(with_each_smaller(rules, smaller_rule));
    smaller
}

fn smaller_rule(rule: &Rule) -> Vec<Rule> {
    let mut peers = without_each(&rule.peers);
    peers.extend(with_each_smaller(&rule.peers, smaller_peer));
    let peers = peers.into_iter().map(|peers| Rule { peers, ..rule.clone() });
    let ports = without_each(&rule.ports).into_iter().map(|ports| Rule { ports, ..rule.clone() });
    peers.chain(ports).collect()
}

fn smaller_peer(peer: &Peer) -> Vec<Peer> {
    let kinds: Vec<PeerKind> = match &peer.kind {
        PeerKind::Block(block) => {
            let excepts = without_each(block.except()).into_iter();
            excepts.filter_map(|e| IpBlock::new(block.cidr(), e).ok()).map(PeerKind::Block).collect()
        }
        PeerKind::Pods { namespaces, pods } => {
            let of_pods = smaller_selectors(pods).into_iter();
            let kind = |pods| PeerKind::Pods { namespaces: namespaces.clone(), pods };
            of_pods.map(kind).chain(smaller_scopes(namespaces, pods)).collect()
        }
    };
    kinds.into_iter().map(|kind| Peer { kind, place: peer.place.clone() }).collect()
}

fn smaller_scopes(namespaces: &NamespaceScope, pods: &LabelSelector) -> Vec<PeerKind> {
    let NamespaceScope::Matching(selector) = namespaces else { return vec![] };
    let kind = |s| PeerKind::Pods { namespaces: NamespaceScope::Matching(s), pods: pods.clone() };
    smaller_selectors(selector).into_iter().map(kind).collect()
}

fn smaller_selectors(selector: &LabelSelector) -> Vec<LabelSelector> {
    let requirements: Vec<_> = selector.requirements().cloned().collect();
    without_each(&requirements).into_iter().map(|left| left.into_iter().collect()).collect()
}

/// The list without its first item, without its second, and so on.
fn without_each<T: Clone>(list: &[T]) -> Vec<Vec<T>> {
    let without = |left_out: usize| {
        let kept = list.iter().enumerate().filter(|(index, _)| *index != left_out);
        kept.map(|(_, item)| item.clone()).collect()
    };
    (0..list.len()).map(without).collect()
}

/// The list with one item replaced by each of its smaller forms, item by item.
fn with_each_smaller<T: Clone>(list: &[T], smaller: impl Fn(&T) -> Vec<T>) -> Vec<Vec<T>> {
    let mut lists = Vec::new();
    for (index, item) in list.iter().enumerate() {
        for form in smaller(item) {
            let mut changed = list.to_vec();
            changed[index] = form;
            lists.push(changed);
        }
    }
    lists
}
