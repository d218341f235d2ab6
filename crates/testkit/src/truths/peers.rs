//! Pod peers: own namespace, other namespaces, and both selectors together.

use podfence_model::{LabelSelector, Peer, World};

use super::Scenario;
use super::cluster::with_policies;
use crate::build::{egress, eq, everything, ingress, open, own, pods_in, rule, select};

/// The cluster where x/a admits these peers on every port.
fn from(peers: Vec<Peer>) -> World {
    with_policies(vec![ingress("x/p", select(&[eq("pod", "a")]), vec![rule(peers, vec![])])])
}

/// The cluster where x/a may reach these peers on every port.
fn to(peers: Vec<Peer>) -> World {
    with_policies(vec![egress("x/p", select(&[eq("pod", "a")]), vec![rule(peers, vec![])])])
}

fn ns_y() -> LabelSelector {
    select(&[eq("ns", "y")])
}

fn pod_b() -> LabelSelector {
    select(&[eq("pod", "b")])
}

pub(super) fn scenarios() -> Vec<Scenario> {
    let mut all = ingress_peers();
    all.extend(ingress_by_both_selectors());
    all.extend(egress_peers());
    all
}

fn ingress_peers() -> Vec<Scenario> {
    vec![
        Scenario {
            name: "podSelector alone",
            sentence: "A podSelector without namespaceSelector means pods of the policy's own namespace.",
            world: from(vec![own(pod_b())]),
            allowed: &["x/b > x/a TCP 80", "x/b@6 > x/a@6 UDP 81", "x/b > x/a ICMP"],
            denied: &["y/b > x/a TCP 80", "x/c > x/a TCP 80", "192.0.2.1 > x/a TCP 80"],
        },
        Scenario {
            name: "empty podSelector alone",
            sentence: "podSelector: {} as a peer means every pod of the own namespace, and nobody else.",
            world: from(vec![own(everything())]),
            allowed: &["x/b > x/a TCP 80", "x/c > x/a TCP 80"],
            denied: &["y/b > x/a TCP 80", "192.0.2.1 > x/a TCP 80", "node-2 > x/a TCP 80"],
        },
        Scenario {
            name: "namespaceSelector alone",
            sentence: "A namespaceSelector without podSelector means all pods of those namespaces.",
            world: from(vec![pods_in(ns_y(), everything())]),
            allowed: &["y/a > x/a TCP 80", "y/c > x/a SCTP 81"],
            denied: &["x/b > x/a TCP 80", "z/a > x/a TCP 80"],
        },
        Scenario {
            name: "empty namespaceSelector",
            sentence: "namespaceSelector: {} means every pod of the cluster, but no node and nobody outside.",
            world: from(vec![pods_in(everything(), everything())]),
            allowed: &["y/a > x/a TCP 80", "z/c > x/a TCP 80", "x/b > x/a TCP 80"],
            denied: &["192.0.2.1 > x/a TCP 80", "node-3 > x/a TCP 80", "10.244.1.200 > x/a TCP 80"],
        },
    ]
}

fn ingress_by_both_selectors() -> Vec<Scenario> {
    vec![
        Scenario {
            name: "both selectors in one item",
            sentence: "namespaceSelector and podSelector in one item must both match.",
            world: from(vec![pods_in(ns_y(), pod_b())]),
            allowed: &["y/b > x/a TCP 80"],
            denied: &["x/b > x/a TCP 80", "y/c > x/a TCP 80", "z/b > x/a TCP 80"],
        },
        Scenario {
            name: "both selectors in two items",
            sentence: "Two items are alternatives.",
            world: from(vec![pods_in(ns_y(), everything()), own(pod_b())]),
            allowed: &["y/b > x/a TCP 80", "x/b > x/a TCP 80", "y/c > x/a TCP 80"],
            denied: &["x/c > x/a TCP 80", "z/b > x/a TCP 80"],
        },
        Scenario {
            name: "pods by label in every namespace",
            sentence: "namespaceSelector: {} with a podSelector means those pods wherever they are.",
            world: from(vec![pods_in(everything(), pod_b())]),
            allowed: &["y/b > x/a TCP 80", "z/b > x/a TCP 80", "x/b > x/a TCP 80"],
            denied: &["y/a > x/a TCP 80", "x/c > x/a TCP 80"],
        },
        Scenario {
            name: "a pod's address means the pod",
            sentence: "An address that a pod has is that pod, for pod peers too.",
            world: from(vec![own(pod_b())]),
            allowed: &[
                "10.244.2.11 > x/a TCP 80",
                "fd00:10:244:2::11 > x/a@6 TCP 80",
                "x/b > 10.244.1.11 TCP 80",
            ],
            denied: &["10.244.2.21 > x/a TCP 80", "y/b > 10.244.1.11 TCP 80"],
        },
    ]
}

fn egress_peers() -> Vec<Scenario> {
    vec![
        Scenario {
            name: "egress to pods of the own namespace",
            sentence: "In egress, peers are about the destination.",
            world: to(vec![own(pod_b())]),
            allowed: &["x/a > x/b TCP 80", "x/c > y/a TCP 80", "y/b > x/a TCP 80"],
            denied: &["x/a > x/c TCP 80", "x/a > y/b TCP 80", "x/a > 192.0.2.1 TCP 80"],
        },
        Scenario {
            name: "egress to a namespace",
            sentence: "A namespaceSelector in egress means all pods of those namespaces.",
            world: to(vec![pods_in(ns_y(), everything())]),
            allowed: &["x/a > y/b TCP 80", "x/a@6 > y/c@6 UDP 80"],
            denied: &["x/a > x/b TCP 80", "x/a > z/b TCP 80", "x/a > 192.0.2.1 TCP 80"],
        },
        Scenario {
            name: "every peer",
            sentence: "A rule without peers means everybody, in and out of the cluster, known or not.",
            world: with_policies(vec![
                ingress("x/in", everything(), vec![open()]),
                egress("x/out", everything(), vec![open()]),
            ]),
            allowed: &[
                "192.0.2.1 > x/a TCP 80",
                "node-2 > x/a TCP 80",
                "10.244.1.200 > x/a TCP 80",
                "x/a@6 > 2001:db8::1 TCP 443",
                "x/a > node-1 TCP 10250",
                "z/b > x/a ICMP",
            ],
            denied: &[],
        },
    ]
}
