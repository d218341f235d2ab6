//! Ports: protocols, numbers, ranges and names; and ICMP, which has none.

use Protocol::{Sctp, Tcp, Udp};
use podfence_model::{PortMatch, Protocol, World};

use super::Scenario;
use super::cluster::{with_pod_changed, with_policies};
use crate::build::{
    block, egress, eq, every, everything, ingress, named, number, own, pods_in, range, rule, select, serves,
};

/// The cluster where x/a admits everybody on these ports.
fn admitting(ports: Vec<PortMatch>) -> World {
    with_policies(vec![ingress("x/p", select(&[eq("pod", "a")]), vec![rule(vec![], ports)])])
}

/// The cluster where x/a may reach everybody on these ports.
fn reaching(ports: Vec<PortMatch>) -> World {
    with_policies(vec![egress("x/p", select(&[eq("pod", "a")]), vec![rule(vec![], ports)])])
}

pub(super) fn scenarios() -> Vec<Scenario> {
    let mut all = protocols();
    all.extend(numbers());
    all.extend(names());
    all.extend(names_in_egress());
    all
}

fn protocols() -> Vec<Scenario> {
    vec![
        Scenario {
            name: "one TCP port",
            sentence: "A rule with ports admits these ports of these protocols only.",
            world: admitting(vec![number(Tcp, 80)]),
            allowed: &["x/b > x/a TCP 80", "192.0.2.1 > x/a TCP 80"],
            denied: &["x/b > x/a TCP 81", "x/b > x/a UDP 80", "x/b > x/a SCTP 80"],
        },
        Scenario {
            name: "only SCTP",
            sentence: "A policy about SCTP isolates for every protocol and admits SCTP alone.",
            world: admitting(vec![number(Sctp, 80)]),
            allowed: &["x/b > x/a SCTP 80"],
            denied: &["x/b > x/a TCP 80", "x/b > x/a UDP 80", "x/b > x/a SCTP 81"],
        },
        Scenario {
            name: "every UDP port",
            sentence: "An item without port means every port of its protocol, and of no other.",
            world: admitting(vec![every(Udp)]),
            allowed: &["x/b > x/a UDP 1", "x/b > x/a UDP 65535"],
            denied: &["x/b > x/a TCP 80", "x/b > x/a SCTP 80", "x/b > x/a ICMP"],
        },
        Scenario {
            name: "ICMP and ports",
            sentence: "A rule with ports never admits ICMP, not even with every port of every protocol.",
            world: admitting(vec![every(Tcp), every(Udp), every(Sctp)]),
            allowed: &["x/b > x/a TCP 1", "x/b > x/a SCTP 9"],
            denied: &["x/b > x/a ICMP", "x/b@6 > x/a@6 ICMP", "192.0.2.1 > x/a ICMP"],
        },
        Scenario {
            name: "ICMP without ports",
            sentence: "A rule without ports admits every port of every protocol, ICMP included.",
            world: with_policies(vec![ingress(
                "x/p",
                everything(),
                vec![rule(vec![own(everything())], vec![])],
            )]),
            allowed: &["x/b > x/a ICMP", "x/b > x/a UDP 4444", "x/b@6 > x/a@6 ICMP"],
            denied: &["y/b > x/a ICMP"],
        },
    ]
}

fn numbers() -> Vec<Scenario> {
    vec![
        Scenario {
            name: "endPort",
            sentence: "port to endPort means both and all between.",
            world: admitting(vec![range(Tcp, 80, 90)]),
            allowed: &["x/b > x/a TCP 80", "x/b > x/a TCP 85", "x/b > x/a TCP 90"],
            denied: &["x/b > x/a TCP 79", "x/b > x/a TCP 91", "x/b > x/a UDP 85"],
        },
        Scenario {
            name: "ranges that touch",
            sentence: "Several items are alternatives; ranges may touch and overlap.",
            world: admitting(vec![range(Tcp, 80, 81), range(Tcp, 82, 90), range(Tcp, 85, 100)]),
            allowed: &["x/b > x/a TCP 81", "x/b > x/a TCP 82", "x/b > x/a TCP 100"],
            denied: &["x/b > x/a TCP 79", "x/b > x/a TCP 101"],
        },
        Scenario {
            name: "the ends of the port space",
            sentence: "1 and 65535 are ports like others.",
            world: admitting(vec![number(Tcp, 1), range(Tcp, 65534, 65535)]),
            allowed: &["x/b > x/a TCP 1", "x/b > x/a TCP 65534", "x/b > x/a TCP 65535"],
            denied: &["x/b > x/a TCP 2", "x/b > x/a TCP 65533"],
        },
        Scenario {
            name: "egress port",
            sentence: "Ports are the destination's in both directions.",
            world: reaching(vec![number(Tcp, 443)]),
            allowed: &["x/a > 192.0.2.1 TCP 443", "x/a@6 > y/b@6 TCP 443", "x/a > node-1 TCP 443"],
            denied: &["x/a > 192.0.2.1 TCP 80", "x/a > 192.0.2.1 UDP 443", "x/a > y/b ICMP"],
        },
    ]
}

/// The cluster where x/a, x/b and x/c give the name `web` to 80, 8080 and (by UDP) 80, and `both` means two
/// numbers in x/b.
fn web(world: World) -> World {
    let world = with_pod_changed(world, "x/a", |pod| pod.ports = vec![serves("web", Tcp, 80)].into());
    let world = with_pod_changed(world, "x/b", |pod| {
        pod.ports =
            vec![serves("web", Tcp, 8080), serves("both", Tcp, 1000), serves("both", Tcp, 2000)].into();
    });
    with_pod_changed(world, "x/c", |pod| pod.ports = vec![serves("web", Udp, 80)].into())
}

fn names() -> Vec<Scenario> {
    let in_x = |ports| with_policies(vec![ingress("x/p", everything(), vec![rule(vec![], ports)])]);
    vec![
        Scenario {
            name: "named port of the suite",
            sentence: "A named port is the number that the destination's containers declare under that name.",
            world: admitting(vec![named(Tcp, "serve-81-tcp")]),
            allowed: &["x/b > x/a TCP 81"],
            denied: &["x/b > x/a TCP 80", "x/b > x/a UDP 81"],
        },
        Scenario {
            name: "each pod its own number",
            sentence: "Every pod resolves a name by its own containers.",
            world: web(in_x(vec![named(Tcp, "web")])),
            allowed: &["y/b > x/a TCP 80", "y/b > x/b TCP 8080"],
            denied: &["y/b > x/a TCP 8080", "y/b > x/b TCP 80"],
        },
        Scenario {
            name: "a name with another protocol",
            sentence: "The name must be declared with the protocol that the item asks for.",
            world: web(in_x(vec![named(Tcp, "web")])),
            allowed: &[],
            denied: &["y/b > x/c TCP 80", "y/b > x/c UDP 80"],
        },
        Scenario {
            name: "a name with two numbers",
            sentence: "Several containers may use one name: all their numbers count.",
            world: web(in_x(vec![named(Tcp, "both")])),
            allowed: &["y/b > x/b TCP 1000", "y/b > x/b TCP 2000"],
            denied: &["y/b > x/b TCP 1500", "y/b > x/a TCP 1000"],
        },
        Scenario {
            name: "a name nobody declares",
            sentence: "A name that the destination does not declare matches no port.",
            world: admitting(vec![named(Tcp, "absent")]),
            allowed: &[],
            denied: &["x/b > x/a TCP 80", "x/b > x/a TCP 81"],
        },
    ]
}

fn names_in_egress() -> Vec<Scenario> {
    let to_web = |peers| {
        let rule = rule(peers, vec![named(Tcp, "web")]);
        web(with_policies(vec![egress("y/p", everything(), vec![rule])]))
    };
    vec![
        Scenario {
            name: "named port in egress",
            sentence: "In egress too, the destination pod resolves the name, not the policy's own pod.",
            world: to_web(vec![pods_in(everything(), everything())]),
            allowed: &["y/a > x/a TCP 80", "y/a > x/b TCP 8080"],
            denied: &["y/a > x/a TCP 8080", "y/a > x/b TCP 80", "y/a > x/c TCP 80"],
        },
        Scenario {
            name: "named port to a block",
            sentence: "A block with a named port admits the pods inside that declare it, never hosts outside or nodes.",
            world: to_web(vec![block("0.0.0.0/0", &[])]),
            allowed: &["y/a > x/b TCP 8080", "y/a > 10.244.1.11 TCP 80"],
            denied: &[
                "y/a > 192.0.2.1 TCP 80",
                "y/a > node-1 TCP 80",
                "y/a > 10.244.1.200 TCP 80",
                "y/a@6 > x/b@6 TCP 8080",
            ],
        },
    ]
}
