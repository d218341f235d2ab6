//! A forged source gets nowhere: not to other pods, not to the node, not into somebody else's connection.

use podfence_netlink::conntrack::TcpState;

use crate::packets::{ACK, ICMP, ICMPV6, Packet, RST, SYN, TCP, UDP, Watch, icmp, send_all, tcp, udp};
use crate::stateful::{ENDS, at, bed};
use crate::stray::refused;
use crate::verdicts::deny;

/// Openings of every kind, under another's address.
fn openings(source: &str, to: &str) -> Vec<Packet> {
    let (protocol, echo) = if source.contains(':') { (ICMPV6, 128) } else { (ICMP, 8) };
    vec![
        Packet::new(source, to, UDP, udp(6000, 80)),
        Packet::new(source, to, TCP, tcp(6000, 80, SYN, 1, 0)),
        Packet::new(source, to, protocol, icmp(echo, 0, &[0, 7, 0, 7])),
        Packet::new(source, to, 253, vec![]),
    ]
}

const SOURCES: [[&str; 6]; 2] = [
    // Another pod of the node, a pod of another node, nobody, the outside, the node, another node.
    ["10.244.1.10", "10.244.2.10", "10.244.1.99", "192.0.2.1", "172.18.0.1", "172.18.0.2"],
    ["fd00:10:244:1::10", "fd00:10:244:2::10", "fd00:10:244:1::99", "2001:db8::1", "fd00:18::1", "fe80::2"],
];

pub fn forged_sources_get_nowhere() {
    let mut bed = bed();
    // Nobody is isolated but a bystander: the source check is for all.
    bed.enforce(&[deny("c")]);
    let (pod_a, outside) = (Watch::over(bed.place("a")), Watch::over(bed.place("outside")));
    for (sources, [a, _, _]) in SOURCES.iter().zip(ENDS) {
        let (elsewhere, node) =
            if a.contains(':') { ("2001:db8::1", "fd00:18::1") } else { ("192.0.2.1", "172.18.0.1") };
        let forged = |to: &str| {
            sources
                .iter()
                .filter(|source| **source != to)
                .flat_map(|source| openings(source, to))
                .collect::<Vec<_>>()
        };
        for (to, watch) in [(a, &pod_a), (elsewhere, &outside)] {
            let packets = forged(to);
            send_all(&packets, bed.place("b"));
            watch.hears_none(&packets);
        }
        let before = refused(&mut bed, "source");
        // What carries the node's own address is a martian, or loops back inside the sender's kernel.
        let packets: Vec<Packet> = forged(node);
        send_all(&packets, bed.place("b"));
        assert_eq!(refused(&mut bed, "source") - before, packets.len() as u64, "to the node");
    }
}

/// Nor does the address of a pod of this node come from outside.
pub fn a_pods_address_comes_from_its_link_alone() {
    let mut bed = bed();
    bed.enforce(&[]);
    let watch = Watch::over(bed.place("b"));
    for [a, b, c] in ENDS {
        let (stolen, own) = (openings(a, b), openings(c, b));
        send_all(&stolen, bed.place("outside"));
        send_all(&own, bed.place("outside"));
        watch.hears_none(&stolen);
        // What claims to come from pods of another node only that node can know.
        drop(own);
    }
}

/// With the right addresses and ports a stranger neither speaks in a connection nor ends it.
pub fn others_connections_are_untouched() {
    let mut bed = bed();
    bed.enforce(&[]);
    let watches = ["a", "c"].map(|pod| Watch::over(bed.place(pod)));
    for ([a, _, c], port) in ENDS.into_iter().zip([9600, 9610]) {
        let connection = bed.connect("a", "c", &at(c, port), &at(c, port));
        let client = connection.client_port();
        let mut packets = Vec::new();
        for flags in [ACK, RST, RST | ACK] {
            for sequence in [0, 1, u32::MAX / 2] {
                packets.push(Packet::new(a, c, TCP, tcp(client, port, flags, sequence, 1)));
                packets.push(Packet::new(c, a, TCP, tcp(port, client, flags, sequence, 1)));
            }
        }
        send_all(&packets, bed.place("b"));
        for watch in &watches {
            watch.hears_none(&packets);
        }
        let states: Vec<_> = bed.entries("node-1", port).iter().map(|entry| entry.tcp_state).collect();
        assert_eq!(states, [Some(TcpState::Established)], "the kernel's own idea of the connection");
        assert!(connection.lives());
    }
}

/// A forged answer does not make an entry live longer or look answered.
pub fn forged_packets_make_no_entries() {
    let mut bed = bed();
    bed.enforce(&[]);
    for [a, _, c] in ENDS {
        bed.udp("a", a, 9700).send_to(b"question", (c, 9701)).unwrap();
        let before = bed.entries("node-1", 9700);
        let answer = Packet::new(c, a, UDP, udp(9701, 9700));
        let other = Packet::new(a, c, UDP, udp(9702, 9703));
        send_all(&[answer, other], bed.place("b"));
        let after = bed.entries("node-1", 9700);
        assert_eq!(
            before.iter().map(|e| (e.id, e.status)).collect::<Vec<_>>(),
            after.iter().map(|e| (e.id, e.status)).collect::<Vec<_>>()
        );
        assert!(bed.entries("node-1", 9702).is_empty());
    }
}
