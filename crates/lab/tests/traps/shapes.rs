//! Packets in odd shapes are judged by what they carry: fragments, options, extension headers, protocols without ports.

use podfence_model::Protocol;
use podfence_testkit::build::{egress, every, ingress, number, rule};

use crate::bed::{Bed, peer, subject};
use crate::packets::{ICMP, ICMPV6, Packet, SYN, TCP, UDP, Watch, icmp, send_all, tcp, udp};
use crate::speech::is_silent;
use crate::stateful::{ENDS, bed};

/// Sends packets from `a`, and tells which of them should come to `c`, a pod of another node.
fn check(bed: &Bed, packets: &[Packet], expected: &[bool]) {
    let watch = Watch::over(bed.place("c"));
    send_all(packets, bed.place("a"));
    watch.check(packets, expected);
}

const DESTINATION_OPTIONS: u8 = 60;
const FRAGMENT: u8 = 44;

/// IPv4 options that are no operation, and a timestamp's room; IPv6 destination options.
fn with_options(packet: Packet) -> Packet {
    let protocol = packet.protocol;
    if packet.source.is_ipv4() {
        return packet.options(0, &[1, 1, 1, 1, 1, 1, 1, 0]);
    }
    packet.options(DESTINATION_OPTIONS, &[&[protocol, 1, 1, 4][..], &[0; 4], &[1, 6], &[0; 6]].concat())
}

pub fn options_do_not_hide_ports() {
    let mut bed = bed();
    let ports = vec![number(Protocol::Tcp, 80), number(Protocol::Udp, 80)];
    let policies = [
        egress("x/out", subject("a"), vec![rule(vec![peer("c")], ports.clone())]),
        ingress("x/in", subject("c"), vec![rule(vec![peer("a")], ports)]),
    ];
    for policy in policies {
        bed.enforce(&[policy]);
        for [a, _, c] in ENDS {
            let pair = |port| {
                [Packet::new(a, c, TCP, tcp(7000, port, SYN, 1, 0)), Packet::new(a, c, UDP, udp(7000, port))]
            };
            let packets: Vec<Packet> = [pair(80), pair(81)].concat().into_iter().map(with_options).collect();
            check(&bed, &packets, &[true, true, false, false]);
            // Behind options that are twice as long as a header, where a careless reader sees port 80.
            let bait = Packet::new(a, c, UDP, udp(80, 81));
            check(&bed, &[with_options(bait)], &[false]);
        }
    }
}

/// Only rules without ports admit what has none.
pub fn protocols_without_ports() {
    let mut bed = bed();
    let packets = |[a, _, c]: [&str; 3]| {
        let (protocol, echo) = if a.contains(':') { (ICMPV6, 128) } else { (ICMP, 8) };
        vec![
            Packet::new(a, c, protocol, icmp(echo, 0, &[0, 5, 0, 5])),
            Packet::new(a, c, 253, vec![0, 80, 0, 80]),
            Packet::new(a, c, 47, vec![0, 0, 8, 0]),
            Packet::new(a, c, 103, vec![0, 80, 0, 80]),
        ]
    };
    let both = |ports: Vec<_>| {
        vec![
            egress("x/out", subject("a"), vec![rule(vec![peer("c")], ports.clone())]),
            ingress("x/in", subject("c"), vec![rule(vec![peer("a")], ports)]),
        ]
    };
    let with_ports = both(Protocol::ALL.map(every).to_vec());
    for (policies, passes) in [
        (both(vec![]), true),
        (with_ports.clone(), false),
        (with_ports[..1].to_vec(), false),
        (with_ports[1..].to_vec(), false),
    ] {
        bed.enforce(&policies);
        for ends in ENDS {
            check(&bed, &packets(ends), &[passes; 4]);
        }
    }
}

pub fn fragments_are_judged_as_one() {
    let mut bed = bed();
    let allowed = rule(vec![peer("c")], vec![number(Protocol::Udp, 7201)]);
    bed.enforce(&[
        egress("x/out", subject("a"), vec![allowed.clone()]),
        ingress(
            "x/in",
            subject("c"),
            vec![rule(vec![peer("a")], vec![number(Protocol::Udp, 7201), number(Protocol::Udp, 7203)])],
        ),
    ]);
    for [a, _, c] in ENDS {
        let client = bed.udp("a", a, 7200);
        for (port, passes) in [(7201, true), (7202, false), (7203, false)] {
            let server = bed.udp("c", c, port);
            client.send_to(&[7; 9000], (c, port)).unwrap();
            if passes {
                assert_eq!(server.recv(&mut vec![0; 10_000]).ok(), Some(9000));
            } else {
                assert!(is_silent(&server), "port {port} of {c}");
            }
        }
        // The answer is in fragments too.
        let server = bed.udp("c", c, 7201);
        client.send_to(b"question", (c, 7201)).unwrap();
        let (_, from) = server.recv_from(&mut [0; 64]).unwrap();
        server.send_to(&[8; 9000], from).unwrap();
        assert_eq!(client.recv(&mut vec![0; 10_000]).ok(), Some(9000));
    }
}

/// Later fragments alone, whose payload looks like the header of an allowed packet.
pub fn fragments_without_a_beginning_do_not_pass() {
    let mut bed = bed();
    bed.enforce(&[egress(
        "x/out",
        subject("a"),
        vec![rule(vec![peer("c")], vec![number(Protocol::Udp, 80)])],
    )]);
    let [a, _, c] = ENDS[1];
    let bait = Packet::new(a, c, UDP, udp(7300, 80));
    let later = bait.clone().options(FRAGMENT, &[UDP, 0, 0, 8 | 1, 0, 0, 0, 42]);
    let last = bait.options(FRAGMENT, &[UDP, 0, 0, 8, 0, 0, 0, 43]);
    check(&bed, &[later, last], &[false, false]);
}
