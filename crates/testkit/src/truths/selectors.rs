//! Label selectors: four operators, all conditions together.

use podfence_model::{METADATA_NAME, Requirement, World};

use super::Scenario;
use super::cluster::{with_pod_changed, with_policies};
use crate::build::{
    eq, everything, has, ingress, labels, lacks, none_of, one_of, own, pods_in, rule, select,
};

/// The cluster where x/a admits the pods of namespace x that meet the conditions.
fn admitting(conditions: &[Requirement]) -> World {
    let peers = vec![own(select(conditions))];
    let world = with_policies(vec![ingress("x/p", select(&[eq("pod", "a")]), vec![rule(peers, vec![])])]);
    with_pod_changed(world, "x/c", |pod| pod.meta.labels = labels(&[("role", "client")]))
}

/// The cluster where x/a admits all pods of the namespaces that meet the conditions.
fn admitting_namespaces(conditions: &[Requirement]) -> World {
    let peers = vec![pods_in(select(conditions), everything())];
    with_policies(vec![ingress("x/p", select(&[eq("pod", "a")]), vec![rule(peers, vec![])])])
}

pub(super) fn scenarios() -> Vec<Scenario> {
    let mut all = of_pods();
    all.extend(of_namespaces());
    all.extend(of_subjects());
    all
}

fn of_pods() -> Vec<Scenario> {
    vec![
        Scenario {
            name: "In with several values",
            sentence: "In matches a key with one of the values.",
            world: admitting(&[one_of("pod", &["b", "d"])]),
            allowed: &["x/b > x/a TCP 80"],
            denied: &["x/c > x/a TCP 80"],
        },
        Scenario {
            name: "NotIn with several values",
            sentence: "NotIn refuses each of its values: the values are no alternatives.",
            world: admitting(&[none_of("pod", &["a", "b"])]),
            allowed: &["x/c > x/a TCP 80"],
            denied: &["x/b > x/a TCP 80", "192.0.2.1 > x/a TCP 80"],
        },
        Scenario {
            name: "NotIn and an absent key",
            sentence: "NotIn matches objects that do not have the key at all.",
            world: admitting(&[none_of("pod", &["z"])]),
            allowed: &["x/c > x/a TCP 80", "x/b > x/a TCP 80"],
            denied: &["y/b > x/a TCP 80"],
        },
        Scenario {
            name: "Exists",
            sentence: "Exists matches a key with any value.",
            world: admitting(&[has("role")]),
            allowed: &["x/c > x/a TCP 80"],
            denied: &["x/b > x/a TCP 80"],
        },
        Scenario {
            name: "DoesNotExist",
            sentence: "DoesNotExist matches objects without the key.",
            world: admitting(&[lacks("role")]),
            allowed: &["x/b > x/a TCP 80"],
            denied: &["x/c > x/a TCP 80", "172.18.0.2 > x/a TCP 80"],
        },
        Scenario {
            name: "conditions together",
            sentence: "All conditions of a selector must hold; two that contradict each other match nothing.",
            world: admitting(&[has("pod"), lacks("pod")]),
            allowed: &["x/a > x/b TCP 80"],
            denied: &["x/b > x/a TCP 80", "x/c > x/a TCP 80"],
        },
    ]
}

fn of_namespaces() -> Vec<Scenario> {
    vec![
        Scenario {
            name: "the label with the namespace's name",
            sentence: "Every namespace carries kubernetes.io/metadata.name.",
            world: admitting_namespaces(&[eq(METADATA_NAME, "y")]),
            allowed: &["y/b > x/a TCP 80"],
            denied: &["x/b > x/a TCP 80", "z/b > x/a TCP 80"],
        },
        Scenario {
            name: "all namespaces but one",
            sentence: "A namespaceSelector of negations matches pods, never nodes or addresses outside.",
            world: admitting_namespaces(&[none_of("ns", &["x", "z"])]),
            allowed: &["y/b > x/a TCP 80", "y/c@6 > x/a@6 ICMP"],
            denied: &["z/b > x/a TCP 80", "192.0.2.1 > x/a TCP 80", "node-2 > x/a TCP 80"],
        },
        Scenario {
            name: "namespaces without a key",
            sentence: "DoesNotExist on a key that no namespace has matches all of them.",
            world: admitting_namespaces(&[lacks("team")]),
            allowed: &["z/b > x/a TCP 80", "x/c > x/a TCP 80"],
            denied: &["192.0.2.1 > x/a TCP 80"],
        },
        Scenario {
            name: "namespaces with a key nobody has",
            sentence: "Exists on a key that no namespace has matches none.",
            world: admitting_namespaces(&[has("team")]),
            allowed: &[],
            denied: &["z/b > x/a TCP 80", "x/c > x/a TCP 80"],
        },
    ]
}

fn of_subjects() -> Vec<Scenario> {
    let deny = |conditions: &[Requirement]| with_policies(vec![ingress("x/p", select(conditions), vec![])]);
    vec![
        Scenario {
            name: "subjects by In",
            sentence: "spec.podSelector knows the same operators as peers.",
            world: deny(&[one_of("pod", &["a", "b"])]),
            allowed: &["y/a > x/c TCP 80", "y/a > y/b TCP 80"],
            denied: &["y/a > x/a TCP 80", "y/a > x/b TCP 80"],
        },
        Scenario {
            name: "subjects by negation",
            sentence: "NotIn in spec.podSelector selects pods without the key too, in its own namespace only.",
            world: with_pod_changed(deny(&[none_of("pod", &["a"])]), "x/b", |pod| pod.meta.labels.clear()),
            allowed: &["y/a > x/a TCP 80", "y/a > z/c TCP 80"],
            denied: &["y/a > x/b TCP 80", "y/a > x/c TCP 80"],
        },
    ]
}
