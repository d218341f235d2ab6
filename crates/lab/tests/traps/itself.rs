//! What is always allowed: a pod to itself, its node to it, and the replies.

use podfence_lab::Transport::{Tcp, Udp};
use podfence_lab::probe::Question::{Ping, Port};

use crate::bed::Bed;
use crate::bed::Expect::{Open, Silent};
use crate::verdicts::{EVERYTHING, deny_all};

const SERVICES: [(&str, &str); 4] = [
    ("10.96.0.1:1234", "10.244.1.10:80"),
    ("[fd00:10:96::1]:1234", "[fd00:10:244:1::10]:80"),
    ("10.96.0.2:1234", "10.244.1.11:80"),
    ("[fd00:10:96::2]:1234", "[fd00:10:244:1::11]:80"),
];

pub fn a_pod_reaches_itself() {
    let mut bed = Bed::new(&[("a", 1, 10), ("b", 1, 11)]);
    bed.services(&SERVICES);
    bed.enforce(&[deny_all()]);
    let asked = |from: &str, to: &str, expect| {
        [Port(Tcp, 1234), Port(Udp, 1234)]
            .map(|question| (from.to_owned(), to.to_owned(), question, expect))
            .to_vec()
    };
    bed.check(&[
        bed.both("a", "a", &EVERYTHING, Open),
        asked("a", "10.96.0.1", Open),
        asked("a", "fd00:10:96::1", Open),
        asked("a", "10.96.0.2", Silent),
        asked("a", "fd00:10:96::2", Silent),
        asked("b", "10.96.0.2", Open),
        asked("b", "10.96.0.1", Silent),
        // The node by way of a Service is the node.
        asked("node-1", "10.96.0.1", Open),
        asked("node-1", "fd00:10:96::1", Open),
        asked("node-2", "10.96.0.1", Silent),
    ]);
}

pub fn probes_of_the_node() {
    let mut bed = Bed::new(&[("a", 1, 10), ("c", 2, 10)]);
    bed.enforce(&[deny_all()]);
    bed.check(&[
        bed.pairs(&[("node-1", "a"), ("node-2", "c")], &EVERYTHING, Open),
        bed.pairs(&[("node-2", "a"), ("node-1", "c"), ("a", "node-1"), ("c", "node-2")], &EVERYTHING, Silent),
    ]);
    // Open connections of the node, and their replies, live through changes.
    let probe = bed.connect("node-1", "a", "10.244.1.10:9000", "10.244.1.10:9000");
    let probe6 = bed.connect("node-1", "a", "[fd00:10:244:1::10]:9000", "[fd00:10:244:1::10]:9000");
    bed.enforce(&[]);
    bed.enforce(&[deny_all()]);
    assert!(probe.lives() && probe6.lives());
    bed.check(&[bed.both("node-1", "a", &[Ping], Open)]);
}
