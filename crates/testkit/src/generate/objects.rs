//! Random nodes, namespaces and pods.

use std::collections::BTreeSet;
use std::net::IpAddr;

use fastrand::Rng;
use podfence_model::{Addresses, Labels, Life, Meta, Namespace, Node, Pod, World};

use super::draw::Draw;
use super::ports::random_container_ports;
use super::{Profile, addresses};
use crate::build::{ORIGIN, Put, cidr, labels};

const NAMESPACES: [&str; 4] = ["w", "x", "y", "z"];

/// Pod labels by key, with the values they take.
pub(super) const POD_LABELS: [(&str, &[&str]); 3] =
    [("app", &["web", "api", "db"]), ("tier", &["front", "back"]), ("canary", &["yes"])];
/// Namespace labels by key, with the values they take.
pub(super) const NAMESPACE_LABELS: [(&str, &[&str]); 2] =
    [("team", &["red", "blue", "green"]), ("env", &["dev", "prod"])];

fn random_labels(alphabet: &[(&str, &[&str])], rng: &mut Rng) -> Labels {
    let mut drawn = Vec::new();
    for (key, values) in alphabet {
        if rng.chance(70) {
            drawn.push((*key, *rng.pick(values)));
        }
    }
    labels(&drawn)
}

/// Random pod labels.
pub(crate) fn pod_labels(rng: &mut Rng) -> Labels {
    random_labels(&POD_LABELS, rng)
}

/// Random namespace labels, without the one that every namespace carries.
pub(crate) fn namespace_labels(rng: &mut Rng) -> Labels {
    random_labels(&NAMESPACE_LABELS, rng)
}

/// Nodes `node-1` and on. A bridge address lies in the node's pod range and is the node's all the same.
pub(super) fn add_nodes(world: &mut World, profile: &Profile, rng: &mut Rng) {
    let bridges = rng.chance(profile.odd_addresses);
    for index in 1..=rng.usize(profile.nodes.clone()) {
        let name = format!("node-{index}");
        let pod_ranges = addresses::pod_ranges(index).to_vec();
        let mut own = addresses::of_node(index).to_vec();
        if bridges {
            own.extend(pod_ranges.iter().map(|range| addresses::host(*range, 1)));
        }
        let labels = labels(&[("kubernetes.io/hostname", &name)]);
        world.put(Node { name, labels, addresses: own, pod_ranges, origin: ORIGIN });
    }
    if rng.chance(profile.odd_addresses) {
        world.pod_ranges = vec![cidr("10.244.0.0/16"), cidr("fd00:10:244::/48")];
    }
}

/// Namespaces from `w` on.
pub(super) fn add_namespaces(world: &mut World, profile: &Profile, rng: &mut Rng) {
    for name in &NAMESPACES[..rng.usize(profile.namespaces.clone())] {
        world.put(Namespace::new(*name, namespace_labels(rng), ORIGIN));
    }
}

/// Pods `pod-0` and on, and perhaps a finished pod whose addresses another pod has by now.
pub(super) fn add_pods(world: &mut World, profile: &Profile, rng: &mut Rng) {
    for index in 0..rng.usize(profile.pods.clone()) {
        let mut pod = new_pod(world, &format!("pod-{index}"), rng);
        if rng.chance(profile.host_network) {
            move_to_host(world, &mut pod);
        } else {
            age(&mut pod, profile.odd_life, rng);
        }
        world.put(pod);
    }
    if rng.chance(profile.odd_addresses) {
        add_finished_twin(world, rng);
    }
}

/// A running pod in a random namespace on a random node, with free addresses; not yet in the world.
pub(crate) fn new_pod(world: &World, name: &str, rng: &mut Rng) -> Pod {
    let namespaces: Vec<&String> = world.namespaces.keys().collect();
    let nodes: Vec<&Node> = world.nodes.values().collect();
    let namespace = *rng.pick(&namespaces);
    let node = *rng.pick(&nodes);
    Pod {
        meta: Meta { labels: pod_labels(rng), ..Meta::new(namespace, name, ORIGIN) },
        workload: None,
        node: Some(node.name.clone()),
        addresses: Addresses::Known(free_addresses(world, node, rng)),
        host_network: false,
        life: Life::Present,
        ready: rng.chance(90),
        ports: random_container_ports(rng).into(),
    }
}

/// Addresses of a node's ranges that no live pod has, a finished one perhaps: both families that the node has, or one of
/// them.
pub(crate) fn free_addresses(world: &World, node: &Node, rng: &mut Rng) -> Vec<IpAddr> {
    let live = world.pods.values().filter(|pod| pod.is_policed());
    let taken: BTreeSet<IpAddr> = live.flat_map(Pod::ips).copied().collect();
    let is_free = |host: &u8| node.pod_ranges.iter().all(|r| !taken.contains(&addresses::host(*r, *host)));
    let free: Vec<u8> = (2..250).filter(is_free).collect();
    let host = *rng.pick(&free[..free.len().min(20)]);
    let both: Vec<IpAddr> = node.pod_ranges.iter().map(|range| addresses::host(*range, host)).collect();
    match (rng.u32(0..100), both.as_slice()) {
        (55..80, [v4, _]) => vec![*v4],
        (80.., [_, v6]) => vec![*v6],
        _ => both,
    }
}

/// `hostNetwork`: the pod has its node's first addresses.
fn move_to_host(world: &World, pod: &mut Pod) {
    let node = pod.node.as_ref().and_then(|name| world.nodes.get(name));
    pod.host_network = true;
    pod.addresses = Addresses::Known(node.map(|n| n.addresses[..2].to_vec()).unwrap_or_default());
}

fn age(pod: &mut Pod, percent: u32, rng: &mut Rng) {
    let draw = rng.u32(0..100);
    if draw < percent {
        pod.life = Life::Terminating;
    } else if draw < 2 * percent {
        pod.life = Life::Finished;
    } else if draw < 3 * percent {
        pod.addresses = Addresses::NotYet;
    }
}

/// A finished pod that had the addresses of a pod that runs now.
fn add_finished_twin(world: &mut World, rng: &mut Rng) {
    let running: Vec<&Pod> = world.pods.values().filter(|p| p.is_policed() && !p.ips().is_empty()).collect();
    if running.is_empty() {
        return;
    }
    let now = *rng.pick(&running);
    let mut before = new_pod(world, "finished", rng);
    before.life = Life::Finished;
    before.ready = false;
    before.node.clone_from(&now.node);
    before.addresses = now.addresses.clone();
    world.put(before);
}
