//! Pods that finish, terminate, or have no address yet; addresses that nobody knows.

use podfence_model::{Addresses, Life, World};

use super::Scenario;
use super::cluster::{with_pod_changed, with_policies};
use crate::build::{BOTH, Put, block, egress, everything, ingress, open, own, pod, pods_in, policy, rule};

pub(super) fn scenarios() -> Vec<Scenario> {
    let mut all = ends_of_life();
    all.extend(without_address());
    all.extend(unknown_addresses());
    all
}

/// A finished pod of namespace x that had the address of z/b.
fn with_finished(world: World) -> World {
    let mut job = pod("x/job", "node-2", &["10.244.2.31"], &[("pod", "job")]);
    job.life = Life::Finished;
    world.with(job)
}

fn ends_of_life() -> Vec<Scenario> {
    let own_only =
        || with_policies(vec![ingress("x/p", everything(), vec![rule(vec![own(everything())], vec![])])]);
    vec![
        Scenario {
            name: "an address that a finished pod had",
            sentence: "A finished pod is gone; its address means the pod that has it now.",
            world: with_finished(own_only()),
            allowed: &["x/b > x/a TCP 80"],
            denied: &["10.244.2.31 > x/a TCP 80", "z/b > x/a TCP 80"],
        },
        Scenario {
            name: "a finished pod is no subject",
            sentence: "Policies that select a finished pod say nothing about the pod that has its address now.",
            world: with_finished(with_policies(vec![policy("x/deny", everything(), BOTH)])),
            allowed: &["10.244.2.31 > y/a TCP 80", "y/a > 10.244.2.31 TCP 80"],
            denied: &["10.244.2.31 > x/a TCP 80"],
        },
        Scenario {
            name: "a finished pod whose address is free",
            sentence: "An address of a finished pod that nobody has is an unknown pod's: no pod peer.",
            world: with_pod_changed(own_only(), "x/b", |pod| pod.life = Life::Finished),
            allowed: &["x/c > x/a TCP 80"],
            denied: &["10.244.2.11 > x/a TCP 80"],
        },
        Scenario {
            name: "a terminating pod",
            sentence: "A terminating pod stays subject and peer until it is gone.",
            world: with_pod_changed(own_only(), "x/b", |pod| pod.life = Life::Terminating),
            allowed: &["x/b > x/a TCP 80", "10.244.2.11 > x/a TCP 80", "x/a > x/b TCP 80"],
            denied: &["y/a > x/b TCP 80"],
        },
    ]
}

fn without_address() -> Vec<Scenario> {
    let not_yet = |world| with_pod_changed(world, "x/b", |pod| pod.addresses = Addresses::NotYet);
    let own_only = rule(vec![own(everything())], vec![]);
    vec![
        Scenario {
            name: "a pod without address is a subject",
            sentence: "A pod without an address yet is isolated as soon as a policy selects it.",
            world: not_yet(with_policies(vec![policy("x/deny", everything(), BOTH)])),
            allowed: &[],
            denied: &["x/b@none > y/a TCP 80", "y/a > x/b@none TCP 80", "x/b@none > 192.0.2.1 TCP 443"],
        },
        Scenario {
            name: "a pod without address is admitted by its own rules",
            sentence: "The rules of the policies that select a pod hold before it has an address.",
            world: not_yet(with_policies(vec![
                ingress("x/in", everything(), vec![own_only.clone()]),
                egress("x/out", everything(), vec![rule(vec![block("192.0.2.0/24", &[])], vec![])]),
            ])),
            allowed: &["x/b@none > 192.0.2.1 TCP 443"],
            denied: &["x/b@none > 198.51.100.4 TCP 443", "y/a > x/b@none TCP 80"],
        },
        Scenario {
            name: "a pod without address is no peer",
            sentence: "A pod without an address is nobody's pod peer; a rule for everybody admits it.",
            world: not_yet(with_policies(vec![
                ingress("x/in", everything(), vec![own_only]),
                ingress("y/in", everything(), vec![rule(vec![pods_in(everything(), everything())], vec![])]),
                ingress("z/in", everything(), vec![open()]),
            ])),
            allowed: &["x/b@none > z/a TCP 80"],
            denied: &["x/b@none > x/a TCP 80", "x/b@none > y/a TCP 80"],
        },
    ]
}

fn unknown_addresses() -> Vec<Scenario> {
    let admitting = |peers| with_policies(vec![ingress("x/p", everything(), vec![rule(peers, vec![])])]);
    vec![
        Scenario {
            name: "an unknown pod and pod peers",
            sentence: "An address of a pod range that no known pod has is matched by no selector.",
            world: admitting(vec![pods_in(everything(), everything())]),
            allowed: &["10.244.1.200 > y/a TCP 80"],
            denied: &["10.244.1.200 > x/a TCP 80", "fd00:10:244:3::200 > x/a@6 TCP 80"],
        },
        Scenario {
            name: "an unknown pod and blocks",
            sentence: "A block admits an unknown pod by its address.",
            world: admitting(vec![block("10.244.1.0/24", &["10.244.1.201/32"])]),
            allowed: &["10.244.1.200 > x/a TCP 80"],
            denied: &["10.244.1.201 > x/a TCP 80", "10.244.2.200 > x/a TCP 80"],
        },
    ]
}
