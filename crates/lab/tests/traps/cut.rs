//! A connection that is no longer allowed is cut at once and stays cut; all others live on.

use podfence_model::Protocol;
use podfence_testkit::build::{INGRESS, block, egress, everything, id, ingress, number, open, policy, rule};

use crate::bed::{Bed, peer, subject};
use crate::speech::{Connection, is_silent};
use crate::stateful::{ENDS, at, bed};
use crate::verdicts::{deny, deny_all};

/// From `a` to `b` on its own node and to `c` on another, in both families, and to `c` through a Service.
fn connections(bed: &Bed, port: u16) -> Vec<Connection> {
    let mut connections = Vec::new();
    for [_, b, c] in ENDS {
        connections.push(bed.connect("a", "b", &at(b, port), &at(b, port)));
        connections.push(bed.connect("a", "c", &at(c, port), &at(c, port)));
    }
    for (service, [_, _, c]) in [("10.96.0.9:1234", ENDS[0]), ("[fd00:10:96::9]:1234", ENDS[1])] {
        connections.push(bed.connect("a", "c", &at(c, port + 1), service));
    }
    connections
}

fn all(connections: &[Connection], holds: fn(&Connection) -> bool) -> bool {
    std::thread::scope(|scope| {
        let asked: Vec<_> = connections.iter().map(|one| scope.spawn(|| holds(one))).collect();
        asked.into_iter().all(|answer| answer.join().unwrap())
    })
}

fn with_services() -> Bed {
    let bed = bed();
    let backends = ["10.244.2.10:9501", "[fd00:10:244:2::10]:9501"];
    bed.services(&[("10.96.0.9:1234", backends[0]), ("[fd00:10:96::9]:1234", backends[1])]);
    bed
}

pub fn a_cut_connection_stays_cut() {
    let mut bed = with_services();
    bed.enforce(&[]);
    let open = connections(&bed, 9500);
    assert!(all(&open, Connection::lives));
    bed.enforce(&[deny("a")]);
    assert!(all(&open, Connection::is_cut));
    // The entries are lost, and then the servers speak.
    for port in [9500, 9501] {
        bed.forget(port);
    }
    assert!(all(&open, Connection::is_cut));
    // Whoever is first to speak, a connection of nobody knows which direction is not taken up.
    let left: usize = [9500, 9501].iter().map(|port| bed.entries("node-1", *port).len()).sum();
    assert_eq!(left, 0, "entries on the node of the isolated pod");
}

/// The pod that opened it is isolated for ingress as well or not at all: in each case the direction counts.
pub fn a_lost_entry_does_not_turn_a_connection_round() {
    let mut bed = bed();
    // `a` may send nothing, but may be reached by everybody: reversed, the connection would be allowed.
    let closed = || egress("x/a-out", subject("a"), vec![]);
    for ([_, b, c], port) in ENDS.into_iter().zip([9510, 9520]) {
        bed.enforce(&[]);
        let here = bed.connect("a", "b", &at(b, port), &at(b, port));
        let there = bed.connect("a", "c", &at(c, port), &at(c, port));
        bed.enforce(&[closed()]);
        assert!(here.is_cut() && there.is_cut());
        bed.forget(port);
        assert!(here.is_cut() && there.is_cut(), "{b} or {c} came back");
        assert!(bed.entries("node-1", port).is_empty());
    }
}

pub fn what_stays_allowed_lives() {
    let mut bed = with_services();
    let first = bed.enforce(&[
        deny_all(),
        egress("x/open", everything(), vec![open()]),
        ingress("x/in", everything(), vec![open()]),
    ]);
    let kept = connections(&bed, 9500);
    // Others lose something: judged again, and still allowed.
    let narrower = [
        egress(
            "x/out",
            subject("a"),
            vec![rule(vec![block("10.0.0.0/8", &[]), block("fd00::/8", &[])], vec![])],
        ),
        ingress(
            "x/in",
            everything(),
            vec![rule(vec![peer("a")], vec![number(Protocol::Tcp, 9500), number(Protocol::Tcp, 9501)])],
        ),
    ];
    let second = bed.enforce(&narrower);
    assert!(
        second.iter().zip(&first).all(|(now, before)| now.rejudged && now.generation != before.generation)
    );
    assert!(all(&kept, Connection::lives));
    // Only more is allowed: nothing is judged again.
    let mut wider = narrower.to_vec();
    wider.push(ingress("x/more", everything(), vec![rule(vec![peer("b")], vec![])]));
    let third = bed.enforce(&wider);
    assert!(
        third.iter().zip(&second).all(|(now, before)| !now.rejudged && now.generation == before.generation)
    );
    assert!(third.iter().all(|now| now.operations > 0));
    assert!(all(&kept, Connection::lives));
    // The same again is nothing at all.
    assert!(bed.enforce(&wider).iter().all(|now| now.operations == 0));
}

/// When the ranges of a node become known, so do the strangers in them.
pub fn new_ranges_cut_strangers() {
    let mut bed = bed();
    let ranges = std::mem::take(&mut bed.world.nodes.get_mut("node-1").unwrap().pod_ranges);
    bed.world.pods.remove(&id("x/b"));
    bed.enforce(&[]);
    let strangers: Vec<Connection> =
        ENDS.iter().map(|[_, b, _]| bed.connect("a", "b", &at(b, 9540), &at(b, 9540))).collect();
    assert!(all(&strangers, Connection::lives));
    bed.world.nodes.get_mut("node-1").unwrap().pod_ranges = ranges;
    bed.apply();
    assert!(all(&strangers, Connection::is_cut));
}

/// The next pod with an address has none of the connections of the one before.
pub fn a_reused_address_inherits_nothing() {
    let mut bed = bed();
    bed.enforce(&[]);
    let flows: Vec<_> = ENDS
        .iter()
        .map(|[a, b, _]| {
            let (client, server) = (bed.udp("a", a, 9550), bed.udp("b", b, 9551));
            client.connect((*b, 9551)).unwrap();
            client.send(b"to the first").unwrap();
            server.recv(&mut [0; 64]).unwrap();
            client
        })
        .collect();
    bed.topology.remove_pod("b").unwrap();
    bed.world.pods.remove(&id("x/b"));
    bed.seat(("next", 1, 11));
    bed.enforce(&[policy("x/next-in", subject("next"), INGRESS)]);
    for (client, [_, b, _]) in flows.iter().zip(ENDS) {
        let server = bed.udp("next", b, 9551);
        client.send(b"to the next").unwrap();
        assert!(is_silent(&server));
    }
}

pub fn a_connection_that_is_allowed_again_goes_on() {
    let mut bed = bed();
    bed.enforce(&[]);
    let [_, b, _] = ENDS[0];
    let connection = bed.connect("a", "b", &at(b, 9530), &at(b, 9530));
    bed.enforce(&[deny("a")]);
    assert!(connection.is_cut());
    bed.enforce(&[]);
    // TCP retransmits what was lost.
    assert!(connection.lives());
}
