//! Who is isolated, in which direction, and how policies and rules add up.

use podfence_model::{NetworkPolicy, Protocol};

use super::Scenario;
use super::cluster::with_policies;
use crate::build::{
    BOTH, EGRESS, INGRESS, egress, eq, everything, ingress, number, open, own, policy, rule, select,
};

pub(super) fn scenarios() -> Vec<Scenario> {
    let mut all = isolated();
    all.extend(both_directions());
    all.extend(policy_types());
    all.extend(unions());
    all.extend(directions_apart());
    all
}

fn isolated() -> Vec<Scenario> {
    vec![
        Scenario {
            name: "no policies",
            sentence: "A pod that no policy selects is not isolated: everything is allowed.",
            world: with_policies(vec![]),
            allowed: &[
                "x/a > y/b TCP 80",
                "192.0.2.1 > x/a UDP 81",
                "x/a > 192.0.2.1 SCTP 9",
                "x/a@6 > z/c@6 ICMP",
            ],
            denied: &[],
        },
        Scenario {
            name: "deny all ingress",
            sentence: "A policy with Ingress in policyTypes and no ingress rule admits nothing to the pods it selects.",
            world: with_policies(vec![ingress("x/deny", everything(), vec![])]),
            allowed: &["x/a > y/b TCP 80", "y/a > z/b TCP 80", "x/a > 192.0.2.1 TCP 443"],
            denied: &[
                "y/b > x/a TCP 80",
                "x/b > x/a TCP 80",
                "192.0.2.1 > x/c UDP 81",
                "y/b > x/a ICMP",
                "y/b@6 > x/a@6 TCP 80",
            ],
        },
        Scenario {
            name: "deny all egress",
            sentence: "A policy with Egress in policyTypes and no egress rule admits nothing from the pods it selects.",
            world: with_policies(vec![egress("x/deny", everything(), vec![])]),
            allowed: &["y/b > x/a TCP 80", "192.0.2.1 > x/a TCP 80"],
            denied: &[
                "x/a > y/b TCP 80",
                "x/a > x/b UDP 81",
                "x/b > 192.0.2.1 TCP 443",
                "x/b > 192.0.2.1 ICMP",
            ],
        },
    ]
}

fn both_directions() -> Vec<Scenario> {
    vec![
        Scenario {
            name: "deny all of both",
            sentence: "A flow needs the source's egress and the destination's ingress.",
            world: with_policies(vec![policy("x/deny", everything(), BOTH)]),
            allowed: &["x/a > x/a TCP 80", "y/a > z/b TCP 80"],
            denied: &["x/a > y/b TCP 80", "y/b > x/a TCP 80", "x/a > x/b TCP 80"],
        },
        Scenario {
            name: "only the selected pod",
            sentence: "podSelector selects pods of the policy's own namespace only.",
            world: with_policies(vec![ingress("x/deny", select(&[eq("pod", "a")]), vec![])]),
            allowed: &["y/b > x/b TCP 80", "x/a > x/b TCP 80", "x/b > y/a TCP 80"],
            denied: &["x/b > x/a TCP 80", "z/c > x/a TCP 81"],
        },
        Scenario {
            name: "both ends must agree",
            sentence: "Egress that admits a flow does not help it past the destination's ingress, nor the other way round.",
            world: with_policies(vec![
                egress("x/to-y-b", select(&[eq("pod", "a")]), vec![open()]),
                ingress("y/deny", select(&[eq("pod", "b")]), vec![]),
                ingress("z/open", everything(), vec![open()]),
                egress("y/deny-out", select(&[eq("pod", "c")]), vec![]),
            ]),
            allowed: &["x/a > y/a TCP 80", "x/a > z/a TCP 80"],
            denied: &["x/a > y/b TCP 80", "y/c > z/a TCP 80"],
        },
    ]
}

/// A policy of these directions that has an open rule for both.
fn open_both_ways(directions: podfence_model::Directions) -> NetworkPolicy {
    let policy = policy("x/types", select(&[eq("pod", "a")]), directions);
    NetworkPolicy {
        ingress: vec![rule(vec![own(select(&[eq("pod", "b")]))], vec![])],
        egress: vec![],
        ..policy
    }
}

fn policy_types() -> Vec<Scenario> {
    vec![
        Scenario {
            name: "policyTypes without egress",
            sentence: "A direction that policyTypes leaves out is not isolated by that policy.",
            world: with_policies(vec![open_both_ways(INGRESS)]),
            allowed: &["x/a > y/b TCP 80", "x/b > x/a TCP 80"],
            denied: &["x/c > x/a TCP 80"],
        },
        Scenario {
            name: "dead ingress rules",
            sentence: "Rules of a direction that policyTypes leaves out are dead: they neither isolate nor admit.",
            world: with_policies(vec![open_both_ways(EGRESS)]),
            allowed: &["x/c > x/a TCP 80", "192.0.2.1 > x/a TCP 80"],
            denied: &["x/a > x/b TCP 80"],
        },
        Scenario {
            name: "both types, only ingress rules",
            sentence: "Egress in policyTypes without an egress rule admits nothing from the pod.",
            world: with_policies(vec![open_both_ways(BOTH)]),
            allowed: &["x/b > x/a TCP 80"],
            denied: &["x/c > x/a TCP 80", "x/a > x/b TCP 80"],
        },
        Scenario {
            name: "a dead rule does not admit for another policy",
            sentence: "A rule counts only in a direction that its own policy names.",
            world: with_policies(vec![open_both_ways(EGRESS), ingress("x/deny", everything(), vec![])]),
            allowed: &[],
            denied: &["x/b > x/a TCP 80"],
        },
    ]
}

fn unions() -> Vec<Scenario> {
    vec![
        Scenario {
            name: "allow all over deny all",
            sentence: "Policies only add: what one admits, no other takes away, whatever their order.",
            world: with_policies(vec![
                ingress("x/a-deny", everything(), vec![]),
                ingress("x/b-open", everything(), vec![open()]),
                ingress("x/c-deny", everything(), vec![]),
            ]),
            allowed: &["y/b > x/a TCP 80", "192.0.2.1 > x/b UDP 81", "y/b > x/a ICMP"],
            denied: &[],
        },
        Scenario {
            name: "two policies, a port each",
            sentence: "The admitted flows of all policies that select a pod are united.",
            world: with_policies(vec![
                ingress("x/80", everything(), vec![rule(vec![], vec![number(Protocol::Tcp, 80)])]),
                ingress("x/81", everything(), vec![rule(vec![], vec![number(Protocol::Tcp, 81)])]),
            ]),
            allowed: &["y/b > x/a TCP 80", "y/b > x/a TCP 81"],
            denied: &["y/b > x/a TCP 82", "y/b > x/a UDP 80"],
        },
        Scenario {
            name: "two rules do not mix",
            sentence: "Peers and ports of one rule belong together; another rule's ports do not count.",
            world: with_policies(vec![ingress(
                "x/two-rules",
                select(&[eq("pod", "a")]),
                vec![
                    rule(vec![own(select(&[eq("pod", "b")]))], vec![number(Protocol::Tcp, 80)]),
                    rule(vec![own(select(&[eq("pod", "c")]))], vec![number(Protocol::Tcp, 81)]),
                ],
            )]),
            allowed: &["x/b > x/a TCP 80", "x/c > x/a TCP 81"],
            denied: &["x/b > x/a TCP 81", "x/c > x/a TCP 80"],
        },
    ]
}

fn directions_apart() -> Vec<Scenario> {
    vec![Scenario {
        name: "a pod selected for egress only",
        sentence: "Isolation is counted direction by direction.",
        world: with_policies(vec![
            egress("x/out", select(&[eq("pod", "a")]), vec![]),
            ingress("x/in", select(&[eq("pod", "b")]), vec![]),
        ]),
        allowed: &["y/a > x/a TCP 80", "x/b > y/a TCP 80"],
        denied: &["x/a > y/a TCP 80", "y/a > x/b TCP 80", "x/a > x/b TCP 80"],
    }]
}
