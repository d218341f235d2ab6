//! Nodes, `hostNetwork` pods, and what no policy can refuse.

use podfence_model::{Addresses, World};

use super::Scenario;
use super::cluster::{with_pod_changed, with_policies};
use crate::build::{BOTH, block, egress, eq, everything, ingress, ip, named, own, policy, rule, select};
use podfence_model::Protocol::Tcp;

pub(super) fn scenarios() -> Vec<Scenario> {
    let mut all = always_allowed();
    all.extend(other_nodes());
    all.extend(host_network());
    all.extend(host_network_on_its_node());
    all
}

/// The cluster where nothing is admitted to or from namespace x.
fn deny_x() -> World {
    with_policies(vec![policy("x/deny", everything(), BOTH)])
}

fn always_allowed() -> Vec<Scenario> {
    vec![
        Scenario {
            name: "a pod and itself",
            sentence: "A pod always reaches itself, whatever the policies.",
            world: deny_x(),
            allowed: &["x/a > x/a TCP 80", "x/a@6 > x/a@6 UDP 9", "x/a > 10.244.1.11 ICMP"],
            denied: &["x/a > x/b TCP 80", "x/a > 10.244.1.21 TCP 80"],
        },
        Scenario {
            name: "the node a pod runs on",
            sentence: "The node that a pod runs on always reaches it; other nodes are judged.",
            world: deny_x(),
            allowed: &[
                "node-1 > x/a TCP 80",
                "172.18.0.1 > x/a ICMP",
                "node-1@6 > x/a@6 TCP 8080",
                "node-2 > x/b TCP 80",
            ],
            denied: &["node-2 > x/a TCP 80", "172.18.0.3 > x/a TCP 80", "node-2@6 > x/a@6 TCP 80"],
        },
        Scenario {
            name: "a pod and its node",
            sentence: "From a pod to its own node, egress is policed as to anybody else.",
            world: deny_x(),
            allowed: &["y/a > node-1 TCP 10250"],
            denied: &["x/a > node-1 TCP 10250", "x/a > 172.18.0.1 TCP 10250", "x/a > node-2 TCP 10250"],
        },
    ]
}

fn other_nodes() -> Vec<Scenario> {
    vec![
        Scenario {
            name: "nodes by block",
            sentence: "Another node is admitted by a block with its address.",
            world: with_policies(vec![ingress(
                "x/p",
                everything(),
                vec![rule(vec![block("172.18.0.2/32", &[])], vec![])],
            )]),
            allowed: &["node-2 > x/a TCP 80", "node-1 > x/a TCP 80"],
            denied: &["node-3 > x/a TCP 80", "node-2@6 > x/a@6 TCP 80"],
        },
        Scenario {
            name: "between nodes",
            sentence: "Policies select pods only: nothing isolates a node.",
            world: deny_x(),
            allowed: &["node-1 > node-2 TCP 22", "192.0.2.1 > node-1 TCP 22", "node-1 > 192.0.2.1 TCP 443"],
            denied: &[],
        },
    ]
}

/// The cluster where x/b is a `hostNetwork` pod on node-2.
fn with_host_pod(world: World) -> World {
    with_pod_changed(world, "x/b", |pod| {
        pod.host_network = true;
        pod.addresses = Addresses::Known(vec![ip("172.18.0.2"), ip("fd00:172:18::2")]);
    })
}

fn host_network() -> Vec<Scenario> {
    vec![
        Scenario {
            name: "a hostNetwork pod is no subject",
            sentence: "Policies never select hostNetwork pods: those are their node.",
            world: with_host_pod(with_policies(vec![policy("x/deny", everything(), BOTH)])),
            allowed: &["y/a > x/b TCP 80", "x/b > y/a TCP 80", "x/b > 192.0.2.1 TCP 80"],
            denied: &["x/b > x/a TCP 80", "x/a > x/b TCP 80"],
        },
        Scenario {
            name: "a hostNetwork pod is no pod peer",
            sentence: "A pod peer never matches a hostNetwork pod, even with the right labels.",
            world: with_host_pod(with_policies(vec![ingress(
                "x/p",
                everything(),
                vec![rule(vec![own(everything())], vec![])],
            )])),
            allowed: &["x/c > x/a TCP 80"],
            denied: &["x/b > x/a TCP 80", "node-2 > x/a TCP 80"],
        },
        Scenario {
            name: "a hostNetwork pod by block",
            sentence: "A block with the node's address admits the hostNetwork pods of that node.",
            world: with_host_pod(with_policies(vec![ingress(
                "x/p",
                everything(),
                vec![rule(vec![block("172.18.0.0/24", &[])], vec![])],
            )])),
            allowed: &["x/b > x/a TCP 80", "node-3 > x/a TCP 80"],
            denied: &["x/c > x/a TCP 80"],
        },
    ]
}

fn host_network_on_its_node() -> Vec<Scenario> {
    let to_web =
        egress("x/p", select(&[eq("pod", "a")]), vec![rule(vec![], vec![named(Tcp, "serve-80-tcp")])]);
    vec![
        Scenario {
            name: "a hostNetwork pod on the same node",
            sentence: "A hostNetwork pod is the node that always reaches its own pods.",
            world: with_host_pod(with_policies(vec![policy("y/deny", everything(), BOTH)])),
            allowed: &["x/b > y/b TCP 80", "x/b@6 > y/b@6 ICMP"],
            denied: &["x/b > y/a TCP 80", "y/b > x/b TCP 80"],
        },
        Scenario {
            name: "a hostNetwork pod's named port",
            sentence: "A named port never matches a node, so no hostNetwork pod either.",
            world: with_host_pod(with_policies(vec![to_web])),
            allowed: &["x/a > y/b TCP 80"],
            denied: &["x/a > x/b TCP 80", "x/a > node-2 TCP 80"],
        },
    ]
}
