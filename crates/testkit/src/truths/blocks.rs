//! Address blocks: hosts outside, nodes and pods alike; exceptions; both families.

use podfence_model::{Peer, World};

use super::Scenario;
use super::cluster::with_policies;
use crate::build::{block, egress, eq, ingress, own, rule, select};

/// The cluster where x/a may reach these peers.
fn to(peers: Vec<Peer>) -> World {
    with_policies(vec![egress("x/p", select(&[eq("pod", "a")]), vec![rule(peers, vec![])])])
}

/// The cluster where x/a admits these peers.
fn from(peers: Vec<Peer>) -> World {
    with_policies(vec![ingress("x/p", select(&[eq("pod", "a")]), vec![rule(peers, vec![])])])
}

pub(super) fn scenarios() -> Vec<Scenario> {
    let mut all = members();
    all.extend(more_members());
    all.extend(exceptions());
    all.extend(exceptions_of_one_peer());
    all.extend(families());
    all
}

fn members() -> Vec<Scenario> {
    vec![
        Scenario {
            name: "edges of a block",
            sentence: "A block holds its first and its last address, and nothing beside them.",
            world: to(vec![block("192.0.2.64/26", &[])]),
            allowed: &["x/a > 192.0.2.64 TCP 80", "x/a > 192.0.2.127 TCP 80"],
            denied: &["x/a > 192.0.2.63 TCP 80", "x/a > 192.0.2.128 TCP 80"],
        },
        Scenario {
            name: "host bits",
            sentence: "A cidr with host bits set means the block that the address lies in.",
            world: to(vec![block("192.0.2.77/24", &[]), block("203.0.113.0/0", &["10.0.0.0/8"])]),
            allowed: &["x/a > 192.0.2.1 TCP 80", "x/a > 8.8.8.8 TCP 53"],
            denied: &["x/a > x/b TCP 80"],
        },
        Scenario {
            name: "a block of one pod",
            sentence: "A block matches a pod by its address, in egress.",
            world: to(vec![block("10.244.2.21/32", &[])]),
            allowed: &["x/a > y/b TCP 80", "x/a > 10.244.2.21 UDP 81"],
            denied: &["x/a > x/b TCP 80", "x/a@6 > y/b@6 TCP 80"],
        },
        Scenario {
            name: "a block of pods in ingress",
            sentence: "A block matches a pod by its address, in ingress too.",
            world: from(vec![block("10.244.2.0/24", &[])]),
            allowed: &["x/b > x/a TCP 80", "z/b > x/a ICMP", "10.244.2.200 > x/a TCP 80"],
            denied: &["x/c > x/a TCP 80", "192.0.2.1 > x/a TCP 80"],
        },
    ]
}

fn more_members() -> Vec<Scenario> {
    vec![
        Scenario {
            name: "a block of nodes",
            sentence: "A block matches nodes by their addresses.",
            world: to(vec![block("172.18.0.0/24", &["172.18.0.2/32"])]),
            allowed: &["x/a > node-1 TCP 10250", "x/a > node-3 TCP 10250"],
            denied: &["x/a > node-2 TCP 10250", "x/a > x/b TCP 80"],
        },
        Scenario {
            name: "overlapping blocks",
            sentence: "Blocks of one rule may overlap and nest; they are alternatives.",
            world: to(vec![
                block("192.0.0.0/16", &[]),
                block("192.0.2.0/24", &[]),
                block("192.0.2.0/25", &[]),
            ]),
            allowed: &["x/a > 192.0.2.1 TCP 80", "x/a > 192.0.2.200 TCP 80", "x/a > 192.0.9.1 TCP 80"],
            denied: &["x/a > 192.1.0.1 TCP 80"],
        },
    ]
}

fn exceptions() -> Vec<Scenario> {
    vec![
        Scenario {
            name: "everything but the metadata server",
            sentence: "An exception takes its addresses out of the block, also out of /0.",
            world: to(vec![block("0.0.0.0/0", &["169.254.169.254/32"])]),
            allowed: &[
                "x/a > 169.254.169.253 TCP 80",
                "x/a > 192.0.2.1 TCP 80",
                "x/a > x/b TCP 80",
                "x/a > node-1 TCP 80",
            ],
            denied: &["x/a > 169.254.169.254 TCP 80", "x/a > 169.254.169.254 ICMP"],
        },
        Scenario {
            name: "the same as two halves",
            sentence: "Two halves with the exception in one of them mean the same as the whole.",
            world: to(vec![block("0.0.0.0/1", &[]), block("128.0.0.0/1", &["169.254.169.254/32"])]),
            allowed: &["x/a > 127.255.255.255 TCP 80", "x/a > 128.0.0.0 TCP 80", "x/a > x/b TCP 80"],
            denied: &["x/a > 169.254.169.254 TCP 80"],
        },
        Scenario {
            name: "an excepted pod",
            sentence: "An exception keeps out the pods whose addresses it covers.",
            world: from(vec![block("10.244.0.0/16", &["10.244.2.11/32"])]),
            allowed: &["x/c > x/a TCP 80", "y/b > x/a TCP 80"],
            denied: &["x/b > x/a TCP 80"],
        },
    ]
}

fn exceptions_of_one_peer() -> Vec<Scenario> {
    vec![
        Scenario {
            name: "an exception of one peer only",
            sentence: "An exception narrows its own peer; another block may admit the address.",
            world: to(vec![block("192.0.2.0/24", &["192.0.2.64/26"]), block("192.0.2.77/32", &[])]),
            allowed: &["x/a > 192.0.2.1 TCP 80", "x/a > 192.0.2.77 TCP 80"],
            denied: &["x/a > 192.0.2.78 TCP 80", "x/a > 192.0.2.127 TCP 80"],
        },
        Scenario {
            name: "an excepted pod admitted by label",
            sentence: "An exception does not forbid what a pod peer of the same rule admits.",
            world: from(vec![block("0.0.0.0/0", &["10.244.0.0/16"]), own(select(&[eq("pod", "b")]))]),
            allowed: &["x/b > x/a TCP 80", "192.0.2.1 > x/a TCP 80"],
            denied: &["x/c > x/a TCP 80", "y/b > x/a TCP 80"],
        },
        Scenario {
            name: "an exception of another policy",
            sentence: "An exception of one policy does not narrow another.",
            world: with_policies(vec![
                ingress(
                    "x/one",
                    select(&[eq("pod", "a")]),
                    vec![rule(vec![block("10.0.0.0/8", &["10.244.2.0/24"])], vec![])],
                ),
                ingress(
                    "x/two",
                    select(&[eq("pod", "a")]),
                    vec![rule(vec![block("10.244.2.21/32", &[])], vec![])],
                ),
            ]),
            allowed: &["y/b > x/a TCP 80", "y/c > x/a TCP 80"],
            denied: &["x/b > x/a TCP 80"],
        },
    ]
}

fn families() -> Vec<Scenario> {
    vec![
        Scenario {
            name: "all of IPv4",
            sentence: "0.0.0.0/0 says nothing about IPv6.",
            world: to(vec![block("0.0.0.0/0", &[])]),
            allowed: &["x/a > 192.0.2.1 TCP 80", "x/a > y/b TCP 80"],
            denied: &["x/a@6 > 2001:db8::1 TCP 80", "x/a@6 > y/b@6 TCP 80"],
        },
        Scenario {
            name: "all of IPv6",
            sentence: "::/0 means every IPv6 address: global, unique local, translated and any other.",
            world: to(vec![block("::/0", &[])]),
            allowed: &[
                "x/a@6 > 2001:db8::1 TCP 80",
                "x/a@6 > 64:ff9b::c000:201 TCP 80",
                "x/a@6 > z/b@6 ICMP",
            ],
            denied: &["x/a > 192.0.2.1 TCP 80", "x/a > z/b TCP 80"],
        },
        Scenario {
            name: "an IPv6 block with an exception",
            sentence: "Exceptions work alike in both families.",
            world: from(vec![block("fd00:10:244::/48", &["fd00:10:244:3::/64"])]),
            allowed: &["x/b@6 > x/a@6 TCP 80", "y/b@6 > x/a@6 UDP 81"],
            denied: &["x/c@6 > x/a@6 TCP 80", "x/b > x/a TCP 80", "2001:db8::1 > x/a@6 TCP 80"],
        },
    ]
}
