//! Connections carry the generation that judged them, in a few bits of their mark.

use podfence_dataplane_nft::Settings;
use podfence_model::{NetworkPolicy, Protocol};
use podfence_netlink::conntrack::Conntrack;
use podfence_testkit::build::{everything, ingress, number, rule};

use crate::bed::{Bed, peer};
use crate::speech::Connection;
use crate::stateful::{ENDS, at, bed};
use crate::verdicts::deny;

const TWO_BITS: u32 = 0x0030_0000;

/// `a` reaches everybody, `b` on a port that changes nobody's connections.
fn narrowing(round: u16) -> NetworkPolicy {
    let changing = rule(vec![peer("b")], vec![number(Protocol::Tcp, 30_000 + round)]);
    ingress("x/in", everything(), vec![rule(vec![peer("a")], vec![]), changing])
}

pub fn two_bits_are_enough() {
    let mut bed = bed();
    bed.settings = Settings { mark_mask: TWO_BITS, ..Settings::default() };
    bed.enforce(&[]);
    let port = 9800;
    let open = |bed: &Bed, from: &str, port: u16| -> Vec<Connection> {
        ENDS.iter().map(|[_, _, c]| bed.connect(from, "c", &at(c, port), &at(c, port))).collect()
    };
    let (kept, cut) = (open(&bed, "a", port), open(&bed, "b", port + 1));
    foreign_bits(&bed, port);
    let mut last = 0;
    for round in 0..9 {
        let enforced = &bed.enforce(&[narrowing(round)])[1]; // `c` is on node 2
        assert!(enforced.rejudged && enforced.generation != last);
        last = enforced.generation;
        // Entries that no longer pass may carry any number but the one in force.
        let stale = bed.entries("node-2", port + 1);
        assert_eq!(stale.len(), 2);
        assert!(stale.iter().all(|entry| entry.mark & TWO_BITS != last << 20), "round {round}: {stale:?}");
        // They are quiet in some rounds, so that their stamps grow old, and speak in others.
        if round % 4 == 3 {
            assert!(cut.iter().all(Connection::is_cut), "round {round}");
        }
        assert!(kept.iter().all(Connection::lives), "round {round}");
    }
    for entry in bed.entries("node-2", port) {
        assert_eq!(entry.mark & !TWO_BITS, 0x8000_00a5, "bits of others");
        assert_eq!(entry.mark & TWO_BITS, last << 20);
    }
}

/// Somebody else's bits in the marks of these connections.
fn foreign_bits(bed: &Bed, port: u16) {
    for entry in bed.entries("node-2", port) {
        let set = move || {
            Conntrack::open().unwrap().set_mark(&entry.original, entry.zone, 0x8000_00a5, !TWO_BITS).unwrap()
        };
        assert!(bed.place("node-2").run(set));
    }
}

/// Stamps of an earlier process mean nothing to a later one, whatever its mask.
pub fn a_restart_believes_no_stamp() {
    let mut bed = bed();
    for (mask, next) in [(TWO_BITS, TWO_BITS), (TWO_BITS, 0x00f0_0000), (0x00f0_0000, TWO_BITS)] {
        bed.dataplanes.clear();
        bed.settings = Settings { mark_mask: mask, ..Settings::default() };
        bed.enforce(&[]);
        let connections: Vec<_> =
            ENDS.iter().map(|[_, _, c]| bed.connect("a", "c", &at(c, 9810), &at(c, 9810))).collect();
        bed.dataplanes.clear();
        bed.settings = Settings { mark_mask: next, ..Settings::default() };
        bed.enforce(&[deny("a")]);
        assert!(connections.iter().all(Connection::is_cut), "{mask:#x} then {next:#x}");
        bed.forget(9810);
    }
}
