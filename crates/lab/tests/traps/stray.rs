//! Packets without a connection: untracked, invalid, from the middle of nowhere.

use podfence_netlink::nft::{BaseChain, Batch, Chain, Family, Hook, Name, Nftables, Rule, Table, priority};

use crate::bed::Bed;
use crate::bed::subject;
use crate::packets::{
    ACK, FIN, ICMP, ICMPV6, Packet, RST, SCTP, SYN, TCP, UDP, Watch, icmp, send_all, tcp, udp,
};
use crate::stateful::{ENDS, bed, error};
use crate::verdicts::deny;
use podfence_testkit::build::{egress, ingress, open};

/// What a pod may send when it does not care for connections.
fn strays(from: &str, to: &str) -> Vec<Packet> {
    let segment = |flags| Packet::new(from, to, TCP, tcp(5000, 80, flags, 77, 78));
    let about = Packet::new(to, from, UDP, udp(80, 4999));
    let (icmp_protocol, echo_reply) = if from.contains(':') { (ICMPV6, 129) } else { (ICMP, 0) };
    // A data chunk and a heartbeat of SCTP; the token is part of the chunk.
    let chunk =
        |kind: u8| [&[0x13, 0x88, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, kind, 0, 0, 20][..], &[0; 8]].concat();
    vec![
        segment(ACK),
        segment(RST),
        segment(RST | ACK),
        segment(SYN | ACK),
        segment(FIN | ACK),
        segment(FIN),
        segment(0),
        segment(SYN | FIN),
        segment(0x3f),
        error(from, to, &about),
        Packet::new(from, to, icmp_protocol, icmp(echo_reply, 0, &[0, 9, 0, 9])),
        Packet::new(from, to, SCTP, chunk(0)),
        Packet::new(from, to, SCTP, chunk(4)),
        Packet::new(from, to, UDP, vec![0x13, 0x88, 0, 80, 0, 3, 0, 0]), // shorter than its own header
        Packet::new(from, to, TCP, vec![0x13, 0x88, 0, 80]),             // cut off
    ]
}

fn check(bed: &Bed, from: &str, to: &str, packets: &[Packet], arrive: bool) {
    let watch = Watch::over(bed.place(to));
    send_all(packets, bed.place(from));
    watch.check(packets, &vec![arrive; packets.len()]);
}

pub fn strays_do_not_pass_isolated_pods() {
    let mut bed = bed();
    // Isolated, but everything is admitted: a connection may be opened, strays may not come.
    let wide = |pod: &str| {
        [
            ingress(&format!("x/{pod}-in"), subject(pod), vec![open()]),
            egress(&format!("x/{pod}-out"), subject(pod), vec![open()]),
        ]
    };
    for policies in [wide("a").to_vec(), vec![deny("a")]] {
        bed.enforce(&policies);
        for [a, b, c] in ENDS {
            check(&bed, "a", "b", &strays(a, b), false);
            check(&bed, "a", "c", &strays(a, c), false);
            check(&bed, "b", "a", &strays(b, a), false);
            check(&bed, "c", "a", &strays(c, a), false);
        }
    }
}

pub fn pods_without_policies_are_left_alone() {
    let mut bed = bed();
    bed.enforce(&[deny("a")]);
    for [_, b, c] in ENDS {
        check(&bed, "b", "c", &strays(b, c), true);
    }
}

/// Untracked packets have no connection to look at.
pub fn untracked_packets_do_not_pass() {
    let mut bed = bed();
    for node in ["node-1", "node-2"] {
        bed.place(node).run(track_nothing);
    }
    let packets = |from: &str, to: &str| {
        let (protocol, echo) = if from.contains(':') { (ICMPV6, 128) } else { (ICMP, 8) };
        vec![
            Packet::new(from, to, TCP, tcp(5000, 80, SYN, 1, 0)),
            Packet::new(from, to, UDP, udp(5000, 80)),
            Packet::new(from, to, protocol, icmp(echo, 0, &[0, 1, 0, 1])),
            Packet::new(from, to, 253, vec![]),
        ]
    };
    let open = [ingress("x/in", subject("a"), vec![open()]), egress("x/out", subject("a"), vec![open()])];
    for policies in [vec![deny("a")], open.to_vec()] {
        bed.enforce(&policies);
        for [a, b, c] in ENDS {
            check(&bed, "a", "b", &packets(a, b), false);
            check(&bed, "a", "c", &packets(a, c), false);
            check(&bed, "c", "a", &packets(c, a), false);
            check(&bed, "b", "c", &packets(b, c), true);
        }
        for (a, node) in [(ENDS[0][0], "172.18.0.1"), (ENDS[1][0], "fd00:18::1")] {
            let watched = packets(a, node);
            let before = refused(&mut bed, "no_connection");
            send_all(&watched, bed.place("a"));
            assert_eq!(refused(&mut bed, "no_connection") - before, 4, "to its node");
        }
    }
}

fn track_nothing() {
    let table = Table::new(Family::Inet, Name::constant("raw"));
    let chain = Name::constant("prerouting");
    let mut batch = Batch::new();
    batch.create_table(&table, None);
    batch.create_chain(
        &table,
        &Chain::base(chain.clone(), BaseChain::filter(Hook::Prerouting, priority::RAW)),
    );
    batch.add_rule(&table, &chain, &Rule::new().notrack()).unwrap();
    Nftables::open().unwrap().commit(&batch).unwrap();
}

/// How many packets node 1 has refused for a reason.
pub fn refused(bed: &mut Bed, why: &str) -> u64 {
    let (table, chain) =
        (Table::new(Family::Inet, Name::constant("podfence")), Name::new(format!("refused_{why}")).unwrap());
    let rules =
        bed.place("node-1").run(move || Nftables::open().unwrap().rules(&table, Some(&chain)).unwrap());
    rules.iter().filter_map(|rule| rule.counter).map(|counter| counter.packets).sum()
}
