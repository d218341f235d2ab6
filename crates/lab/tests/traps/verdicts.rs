//! What policies say is what packets meet: directions, protocols, ports, peers, on one node and across nodes.

use podfence_lab::Transport::{Sctp, Tcp, Udp};
use podfence_lab::probe::Question::{self, Ping, Port};
use podfence_model::{NetworkPolicy, Protocol};
use podfence_testkit::build::{
    BOTH, EGRESS, INGRESS, block, egress, every, everything, ingress, named, number, open, policy, range,
    rule, serves,
};

use crate::bed::Expect::{Open, Refused, Silent};
use crate::bed::{Bed, peer, subject};

pub const EVERYTHING: [Question; 4] = [Port(Tcp, 80), Port(Udp, 80), Port(Sctp, 80), Ping];

/// Isolates every pod in both directions.
pub fn deny_all() -> NetworkPolicy {
    policy("x/deny-all", everything(), BOTH)
}

/// Isolates one pod in both directions.
pub fn deny(name: &str) -> NetworkPolicy {
    policy(&format!("x/deny-{name}"), subject(name), BOTH)
}

pub fn isolated_pods_are_silent() {
    let mut bed = Bed::new(&[("a", 1, 10), ("b", 1, 11), ("c", 2, 10)]);
    let others = [
        ("b", "c"),
        ("c", "b"),
        ("b", "node-1"),
        ("c", "node-1"),
        ("node-2", "b"),
        ("outside", "c"),
        ("b", "outside"),
    ];
    let from_a = [("a", "b"), ("a", "c"), ("a", "node-1"), ("a", "node-2"), ("a", "outside")];
    let to_a = [("b", "a"), ("c", "a"), ("node-2", "a"), ("outside", "a")];
    let all = |from_a_is, to_a_is, bed: &Bed| {
        bed.check(&[
            bed.pairs(&others, &EVERYTHING, Open),
            bed.pairs(&from_a, &EVERYTHING, from_a_is),
            bed.pairs(&to_a, &EVERYTHING, to_a_is),
            // Probes of the node, and their way back.
            bed.both("node-1", "a", &EVERYTHING, Open),
        ]);
    };
    bed.enforce(&[]);
    all(Open, Open, &bed);
    bed.enforce(&[deny("a")]);
    all(Silent, Silent, &bed);
    bed.enforce(&[policy("x/in", subject("a"), INGRESS)]);
    all(Open, Silent, &bed);
    bed.enforce(&[policy("x/out", subject("a"), EGRESS)]);
    all(Silent, Open, &bed);
}

pub fn ports_and_protocols_are_told_apart() {
    let mut bed = Bed::new(&[("a", 1, 10), ("b", 1, 11), ("c", 2, 10), ("d", 2, 11)]);
    let rules = vec![
        rule(
            vec![peer("a")],
            vec![number(Protocol::Tcp, 80), number(Protocol::Sctp, 81), number(Protocol::Tcp, 99)],
        ),
        rule(vec![peer("c")], vec![every(Protocol::Udp)]),
        rule(vec![peer("node")], vec![]),
    ];
    let out = rule(vec![peer("b"), peer("d")], vec![number(Protocol::Udp, 81)]);
    bed.enforce(&[ingress("x/in", subject("b"), rules), egress("x/out", subject("c"), vec![out])]);
    bed.check(&[
        bed.both("a", "b", &[Port(Tcp, 80), Port(Sctp, 81)], Open),
        bed.both("a", "b", &[Port(Tcp, 99)], Refused), // nobody listens there, but the packet arrives
        bed.both("a", "b", &[Port(Tcp, 81), Port(Sctp, 80), Port(Udp, 80), Port(Udp, 81), Ping], Silent),
        bed.both("c", "b", &[Port(Udp, 81)], Open),
        bed.both("c", "b", &[Port(Udp, 80), Port(Tcp, 80), Port(Sctp, 81), Ping], Silent),
        bed.both("c", "d", &[Port(Udp, 81)], Open),
        bed.both("c", "d", &[Port(Udp, 80), Port(Tcp, 81), Ping], Silent),
        bed.both("d", "b", &EVERYTHING, Silent),
        bed.both("b", "c", &EVERYTHING, Open),
    ]);
}

pub fn both_ends_must_agree() {
    let mut bed = Bed::new(&[("a", 1, 10), ("b", 1, 11), ("c", 2, 10)]);
    let may = |from: &str, to: &str| {
        egress(&format!("x/{from}-may"), subject(from), vec![rule(vec![peer(to)], vec![])])
    };
    let deny_in = |to: &str| policy(&format!("x/{to}-closed"), subject(to), INGRESS);
    // On one node and across nodes: allowed to leave, refused at arrival; and the other way round.
    bed.enforce(&[may("a", "b"), deny_in("b")]);
    bed.check(&[bed.both("a", "b", &EVERYTHING, Silent)]);
    bed.enforce(&[may("a", "c"), deny_in("c")]);
    bed.check(&[bed.both("a", "c", &EVERYTHING, Silent)]);
    let welcome = |to: &str| ingress(&format!("x/{to}-open"), subject(to), vec![open()]);
    bed.enforce(&[may("a", "c"), welcome("b"), welcome("c")]);
    bed.check(&[bed.both("a", "b", &EVERYTHING, Silent), bed.both("a", "c", &EVERYTHING, Open)]);
}

pub fn named_ports_differ_by_peer() {
    let mut bed = Bed::new(&[("a", 1, 10), ("b", 1, 11), ("c", 2, 10), ("d", 2, 11)]);
    bed.pod("b").ports = vec![serves("web", Protocol::Tcp, 80)].into();
    bed.pod("c").ports = vec![serves("web", Protocol::Tcp, 81)].into();
    bed.pod("d").ports = vec![serves("web", Protocol::Udp, 80)].into();
    let web = || rule(vec![], vec![named(Protocol::Tcp, "web")]);
    let only = |to: &str, open: Option<Question>, bed: &Bed| {
        let asked = [Port(Tcp, 80), Port(Tcp, 81), Port(Udp, 80), Ping];
        let (yes, no): (Vec<_>, Vec<_>) = asked.into_iter().partition(|question| Some(*question) == open);
        [bed.both("a", to, &yes, Open), bed.both("a", to, &no, Silent)].concat()
    };
    for policy in [egress("x/out", subject("a"), vec![web()]), ingress("x/in", everything(), vec![web()])] {
        bed.enforce(&[policy]);
        bed.check(&[
            only("b", Some(Port(Tcp, 80)), &bed),
            only("c", Some(Port(Tcp, 81)), &bed),
            only("d", None, &bed),
        ]);
    }
}

pub fn ports_at_the_edges() {
    let mut bed = Bed::new(&[("a", 1, 10), ("b", 1, 11)]);
    bed.serve("b", &[1, 2, 999, 1000, 1001, 2000, 2001, 65534, 65535]);
    let ports = vec![
        number(Protocol::Tcp, 1),
        range(Protocol::Tcp, 1000, 2000),
        number(Protocol::Tcp, 65535),
        range(Protocol::Udp, 1, 65535),
        range(Protocol::Sctp, 2001, 65534),
    ];
    bed.enforce(&[ingress("x/in", subject("b"), vec![rule(vec![], ports)])]);
    let tcp = |ports: &[u16]| ports.iter().map(|port| Port(Tcp, *port)).collect::<Vec<_>>();
    let sctp = |ports: &[u16]| ports.iter().map(|port| Port(Sctp, *port)).collect::<Vec<_>>();
    bed.check(&[
        bed.both("a", "b", &tcp(&[1, 1000, 1001, 2000, 65535]), Open),
        bed.both("a", "b", &tcp(&[2, 999, 2001, 65534]), Silent),
        bed.both("a", "b", &[Port(Udp, 1), Port(Udp, 65535), Port(Udp, 1001)], Open),
        bed.both("a", "b", &sctp(&[2001, 65534]), Open),
        bed.both("a", "b", &sctp(&[1, 2000, 65535]), Silent),
        bed.both("a", "b", &[Ping], Silent),
    ]);
}

pub fn blocks_with_holes() {
    let mut bed = Bed::new(&[("a", 1, 10), ("b", 1, 11), ("c", 2, 10)]);
    let to = |peers| egress("x/out", subject("a"), vec![rule(peers, vec![])]);
    let metadata = || vec![("a".into(), "169.254.169.254".into(), Port(Tcp, 80), Silent)];
    let rest = |bed: &Bed, v6| {
        let v4 = ["192.0.2.1", "198.51.100.1", "10.244.1.11", "10.244.2.10", "172.18.0.1", "172.18.0.2"];
        let v4 = v4.map(|to| ("a".into(), to.into(), Port(Tcp, 80), Open));
        [v4.to_vec(), v6, bed.both("b", "c", &EVERYTHING, Open)].concat()
    };
    let v6 = |bed: &Bed, expect| {
        bed.pairs(&[("a", "outside"), ("a", "b"), ("a", "c")], &[Port(Tcp, 80)], expect)
            .into_iter()
            .filter(|(_, to, ..)| to.contains(':'))
            .collect::<Vec<_>>()
    };
    bed.enforce(&[to(vec![block("0.0.0.0/0", &["169.254.169.254/32"])])]);
    bed.check(&[metadata(), rest(&bed, v6(&bed, Silent))]);
    let halves =
        vec![block("0.0.0.0/1", &[]), block("128.0.0.0/1", &["169.254.169.254/32"]), block("::/0", &[])];
    bed.enforce(&[to(halves)]);
    bed.check(&[metadata(), rest(&bed, v6(&bed, Open))]);
    // An exception of one block does not close another's door; nested and overlapping blocks are fine.
    let nested = vec![
        block("10.244.0.0/16", &["10.244.1.0/24"]),
        block("10.244.1.8/29", &["10.244.1.9/32"]),
        block("10.0.0.0/8", &["10.244.0.0/16"]),
        block("172.18.0.0/24", &["172.18.0.2/32"]),
        block("fd00:10:244::/48", &["fd00:10:244:1::/64"]),
    ];
    bed.enforce(&[to(nested)]);
    let one = |to: &str, expect| vec![("a".to_owned(), to.to_owned(), Port(Tcp, 80), expect)];
    bed.check(&[
        one("10.244.1.11", Open),
        one("10.244.2.10", Open),
        one("172.18.0.1", Open), // its own node, policed as egress
        one("172.18.0.2", Silent),
        one("192.0.2.1", Silent),
        one("fd00:10:244:2::10", Open),
        one("fd00:10:244:1::11", Silent),
        one("fd00:18::1", Silent),
    ]);
}

pub fn blocks_as_sources() {
    let mut bed = Bed::new(&[("a", 1, 10), ("b", 1, 11), ("c", 2, 10)]);
    let from = vec![
        block("192.0.2.0/24", &[]),
        block("172.18.0.2/32", &[]),
        block("10.244.2.0/24", &[]),
        block("2001:db8::/32", &["2001:db8::1/128"]),
    ];
    bed.enforce(&[ingress("x/in", subject("a"), vec![rule(from, vec![])])]);
    let v4 = |from: &str, expect| vec![(from.to_owned(), "10.244.1.10".to_owned(), Port(Tcp, 80), expect)];
    let v6 =
        |from: &str, expect| vec![(from.to_owned(), "fd00:10:244:1::10".to_owned(), Port(Tcp, 80), expect)];
    bed.check(&[
        v4("outside", Open),
        v4("node-2", Open),
        v4("c", Open),
        v4("b", Silent),
        v6("outside", Silent),
        v6("node-2", Silent),
        v6("c", Silent),
        v6("node-1", Open), // its own node, always
    ]);
}

/// Behind a Service, what counts is the pod and the port that really answer.
pub fn services_are_seen_through() {
    let mut bed = Bed::new(&[("a", 1, 10), ("b", 1, 11), ("c", 2, 10)]);
    bed.services(&[
        ("10.96.0.1:81", "10.244.1.11:80"),
        ("[fd00:10:96::1]:81", "[fd00:10:244:1::11]:80"),
        ("10.96.0.2:81", "10.244.2.10:80"),
        ("[fd00:10:96::2]:81", "[fd00:10:244:2::10]:80"),
    ]);
    let asked = |expect| {
        let to = ["10.96.0.1", "fd00:10:96::1", "10.96.0.2", "fd00:10:96::2"];
        let one =
            |to: &str| [Port(Tcp, 81), Port(Udp, 81)].map(|q| ("a".to_owned(), to.to_owned(), q, expect));
        to.into_iter().flat_map(one).collect::<Vec<_>>()
    };
    let ports = |port| vec![number(Protocol::Tcp, port), number(Protocol::Udp, port)];
    let out = |peers, port| egress("x/out", subject("a"), vec![rule(peers, ports(port))]);
    let at = |port| ingress("x/in", everything(), vec![rule(vec![peer("a")], ports(port))]);
    let services = || vec![block("10.96.0.0/16", &[]), block("fd00:10:96::/112", &[])];
    for (policy, expect) in [
        (out(vec![peer("b"), peer("c")], 80), Open),
        (out(vec![peer("b"), peer("c")], 81), Silent),
        (out(services(), 81), Silent),
        (out(services(), 80), Silent),
        (at(80), Open),
        (at(81), Silent),
    ] {
        bed.enforce(&[policy]);
        bed.check(&[asked(expect)]);
    }
}

/// A known pod passes as a member or not at all, also where a block holds its address.
pub fn known_pods_are_not_looked_up_in_blocks() {
    let mut bed = Bed::new(&[("a", 1, 10), ("b", 1, 11), ("c", 2, 10)]);
    let blocks = vec![block("10.0.0.0/8", &[]), block("fd00::/8", &[])];
    bed.enforce(&[egress("x/out", subject("a"), vec![rule(blocks, vec![])])]);
    bed.check(&[bed.pairs(&[("a", "b"), ("a", "c")], &[Ping], Open)]);
    let mut plan = bed.plan("node-1");
    let b = bed.pod("b").ips().to_vec();
    for union in plan.unions.values_mut() {
        union.pods.retain(|ip| !b.contains(ip));
    }
    bed.dataplanes.get_mut("node-1").unwrap().enforce(plan).unwrap();
    bed.check(&[bed.both("a", "b", &[Ping], Silent), bed.both("a", "c", &[Ping], Open)]);
}

/// A pod that the world does not know yet, or no longer, talks to nobody, whatever the others' policies.
pub fn unknown_pods_are_silent() {
    let mut bed = Bed::new(&[("a", 1, 10), ("b", 1, 11), ("c", 2, 10), ("new", 1, 12)]);
    bed.world.pods.remove(&podfence_testkit::build::id("x/new"));
    bed.enforce(&[]);
    let new = crate::bed::addresses(1, 12);
    let to_new = |from: &str| {
        new.iter()
            .flat_map(|to| EVERYTHING.map(|q| (from.to_owned(), to.clone(), q, Silent)))
            .collect::<Vec<_>>()
    };
    bed.check(&[
        bed.pairs(
            &[("new", "a"), ("new", "c"), ("new", "node-1"), ("new", "node-2"), ("new", "outside")],
            &EVERYTHING,
            Silent,
        ),
        to_new("a"),
        to_new("c"),
        to_new("outside"),
        bed.both("a", "c", &EVERYTHING, Open),
    ]);
}
