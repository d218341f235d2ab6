//! The cluster of the upstream e2e suite: namespaces x, y and z with pods a, b and c each.

use podfence_model::{Namespace, NetworkPolicy, Pod, Protocol, World};

use crate::build::{ORIGIN, Put, id, labels, node, pod, serves};

/// Namespaces x, y, z, labelled `ns` with their name; in each the pods a on node-1, b on node-2 and c on
/// node-3, labelled `pod` with their name, serving 80 and 81 of every protocol under names such as
/// `serve-80-tcp`. Dual stack: x/a has 10.244.1.11, y/a has 10.244.1.21, z/b has fd00:10:244:2::31.
pub fn three_by_three() -> World {
    let mut world = World::default();
    for index in 1..=3 {
        world.put(node(
            &format!("node-{index}"),
            &[&format!("172.18.0.{index}"), &format!("fd00:172:18::{index}")],
            &[&format!("10.244.{index}.0/24"), &format!("fd00:10:244:{index}::/64")],
        ));
    }
    for (tens, namespace) in (1..).zip(["x", "y", "z"]) {
        world.put(Namespace::new(namespace, labels(&[("ns", namespace)]), ORIGIN));
        for (index, name) in (1..).zip(["a", "b", "c"]) {
            world.put(agnhost(namespace, name, index, tens));
        }
    }
    world
}

fn agnhost(namespace: &str, name: &str, node: u8, tens: u8) -> Pod {
    let v4 = format!("10.244.{node}.{tens}1");
    let v6 = format!("fd00:10:244:{node}::{tens}1");
    let id = format!("{namespace}/{name}");
    let mut pod = pod(&id, &format!("node-{node}"), &[&v4, &v6], &[("pod", name)]);
    for number in [80, 81] {
        for protocol in Protocol::ALL {
            let name = format!("serve-{number}-{protocol}").to_lowercase();
            pod.ports.push(serves(&name, protocol, number));
        }
    }
    pod
}

/// The cluster with these policies.
pub fn with_policies(policies: Vec<NetworkPolicy>) -> World {
    policies.into_iter().fold(three_by_three(), World::with)
}

/// The world with one of its pods changed. Panics when it has no such pod.
pub fn with_pod_changed(mut world: World, name: &str, change: impl FnOnce(&mut Pod)) -> World {
    match world.pods.get_mut(&id(name)) {
        Some(pod) => change(pod),
        None => panic!("no pod `{name}`"),
    }
    world
}
