//! Neighbour discovery works under every policy, on its own link; nobody sends it to others.

use std::net::Ipv6Addr;

use podfence_lab::Transport::Tcp;
use podfence_lab::probe::Question::{Ping, Port};

use crate::bed::Expect::{Open, Silent};
use crate::packets::{ICMPV6, Packet, Watch, icmp, send_all};
use crate::stateful::bed;
use crate::verdicts::{deny, deny_all};

/// A message of neighbour discovery about pod `a`, as its enemy would send it.
fn discovery(from: &str, to: &str, kind: u8) -> Packet {
    let target: Ipv6Addr = "fd00:10:244:1::10".parse().unwrap();
    let rest = [&[0; 4][..], &target.octets(), &target.octets(), &[2, 1, 0xee, 0xee, 0xee, 0xee, 0xee, 0xee]];
    Packet::new(from, to, ICMPV6, icmp(kind, 0, &rest.concat()))
}

/// Nobody here has sent anything yet, so the first packet of each link needs discovery, from both ends.
pub fn discovery_works_on_the_link() {
    let mut bed = bed();
    bed.enforce(&[deny_all()]);
    let watches = ["a", "b", "c"].map(|pod| Watch::over(bed.place(pod)));
    bed.check(&[
        bed.pairs(&[("node-1", "a"), ("node-2", "c")], &[Port(Tcp, 80), Ping], Open),
        bed.pairs(&[("a", "b"), ("c", "a")], &[Port(Tcp, 80), Ping], Silent),
    ]);
    // Isolated from everybody, each link has had its solicitations and advertisements all the same.
    for watch in [&watches[0], &watches[2]] {
        let heard = watch.heard();
        let is = |packet: &Vec<u8>, kind| packet[0] >> 4 == 6 && packet[6] == ICMPV6 && packet[40] == kind;
        assert!(heard.iter().any(|packet| is(packet, 135)), "solicitations of the node");
        assert!(heard.iter().any(|packet| is(packet, 136)), "advertisements of the node");
    }
    // A pod that comes later is found as well.
    bed.seat(("late", 1, 30));
    bed.enforce(&[deny("a")]);
    bed.check(&[bed.pairs(
        &[("b", "late"), ("late", "c"), ("late", "node-1")],
        &[Port(Tcp, 80), Ping],
        Open,
    )]);
}

pub fn it_does_not_reach_other_pods() {
    let mut bed = bed();
    for policies in [vec![], vec![deny_all()]] {
        bed.enforce(&policies);
        for (to, place) in [("fd00:10:244:1::11", "b"), ("fd00:10:244:2::10", "c")] {
            let watch = Watch::over(bed.place(place));
            let mut packets = Vec::new();
            for kind in [133, 134, 135, 136, 137] {
                for from in ["fd00:10:244:1::10", "fe80::2", "fe80::1"] {
                    packets.push(discovery(from, to, kind).hop_limit(255));
                }
                packets.push(discovery("fd00:10:244:1::10", to, kind).hop_limit(64));
            }
            send_all(&packets, bed.place("a"));
            watch.hears_none(&packets);
        }
    }
}
