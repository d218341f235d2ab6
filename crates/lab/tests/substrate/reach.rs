//! Who reaches whom when nothing forbids it, and how the other outcomes look.

use std::time::Instant;

use podfence_lab::Transport::{Sctp, Tcp, Udp};
use podfence_lab::probe::Outcome::{self, Open, Refused, TimedOut};
use podfence_lab::probe::{Probe, Question};

use crate::world::{PODS, TIMEOUT, World, by, ip, port};

const EVERYTHING: [Question; 4] =
    [Question::Port(Tcp, 80), Question::Port(Udp, 80), Question::Port(Sctp, 80), Question::Ping];

/// What an open answer looks like: all but echo replies say who they come from.
fn open(question: Question, name: &str) -> Outcome {
    if question == Question::Ping { Open { by: None } } else { by(name) }
}

/// All of `from`, in both families, towards the named places and addresses.
fn all_open(world: &World, from: &[&str], to: &[(&str, &str)]) {
    let mut expectations = Vec::new();
    for from in from {
        for (name, address) in to {
            expectations.extend(EVERYTHING.map(|question| (*from, *address, question, open(question, name))));
        }
    }
    world.check(&expectations);
}

pub fn pods_reach_each_other(world: &World) {
    let to: Vec<_> = PODS[..3].iter().flat_map(|(name, _, v4, v6)| [(*name, *v4), (*name, *v6)]).collect();
    all_open(world, &["a", "b", "c", "dns"], &to);
}

pub fn nodes_and_outside(world: &World) {
    let pods: Vec<_> = PODS[..3].iter().flat_map(|(name, _, v4, v6)| [(*name, *v4), (*name, *v6)]).collect();
    all_open(world, &["node-1", "node-2", "outside"], &pods);
    all_open(
        world,
        &["a", "c", "node-2", "outside", "node-1"],
        &[("node-1", "172.18.0.1"), ("node-1", "fd00:18::1")],
    );
    let outside =
        ["192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "169.254.169.254", "fd00:ec2::254"];
    all_open(world, &["a", "c", "node-1", "node-2"], &outside.map(|address| ("outside", address)));
}

pub fn closed_ports_refuse(world: &World) {
    let closed = |transport| Question::Port(transport, 81);
    world.check(&[
        ("a", "10.244.2.10", closed(Tcp), Refused),
        ("a", "10.244.2.10", closed(Udp), Refused),
        ("a", "10.244.2.10", closed(Sctp), Refused),
        ("a", "fd00:10:244:2::10", closed(Tcp), Refused),
        ("a", "fd00:10:244:2::10", closed(Udp), Refused),
        ("a", "fd00:10:244:2::10", closed(Sctp), Refused),
        // No SCTP is served there at all.
        ("a", "10.244.2.53", port(Sctp), Refused),
        ("a", "fd00:10:244:2::53", port(Sctp), Refused),
    ]);
}

/// Two that serve no SCTP ask each other at the same moment: neither takes the other's question for its answer.
pub fn crossing_questions_are_refused(world: &World) {
    let (of_node, of_pod) = (["172.18.0.2", "fd00:18::2"], ["10.244.2.53", "fd00:10:244:2::53"]);
    let crossing = of_node.into_iter().zip(of_pod).flat_map(|(node, pod)| [("dns", node), ("node-2", pod)]);
    let all: Vec<_> = crossing.map(|(from, to)| (from, to, port(Sctp), Refused)).collect();
    world.check(&all);
}

pub fn silence_lasts_one_timeout(world: &World) {
    // In a pod's range but no pod, outside but nobody's; from a pod, from the node itself, from outside.
    let nobody =
        ["10.244.2.99", "10.244.1.99", "fd00:10:244:2::99", "198.51.100.99", "2001:db8::99", "10.99.0.1"];
    let mut expectations = Vec::new();
    for from in ["a", "c", "node-1", "outside"] {
        for to in nobody {
            expectations.extend(EVERYTHING.map(|question| (from, to, question, TimedOut)));
        }
    }
    let begun = Instant::now();
    world.check(&expectations);
    let lasted = begun.elapsed();
    assert!(lasted >= TIMEOUT && lasted < TIMEOUT * 3 / 2, "{} probes took {lasted:?}", expectations.len());
}

pub fn by_the_thousand(world: &World) {
    let to: Vec<_> = PODS[..3].iter().flat_map(|(name, _, v4, v6)| [(*name, *v4), (*name, *v6)]).collect();
    let mut probes = Vec::new();
    for round in 0..3000 {
        let (_, address) = to[round % to.len()];
        probes.push(world.probe(["a", "b", "c", "outside"][round % 4], address, EVERYTHING[round % 3]));
    }
    let begun = Instant::now();
    let answers = world.ask(&probes);
    println!("3000 probes in {:?}", begun.elapsed());
    let closed: Vec<_> = answers.iter().filter(|answer| !answer.outcome.is_open()).collect();
    assert!(closed.is_empty(), "{} of 3000 not open, first {:?}", closed.len(), closed.first());
}

pub fn chosen_source(world: &World) {
    let probe =
        |source: &str, to: &str| Probe { source: Some(ip(source)), ..world.probe("outside", to, port(Tcp)) };
    let answers = world.ask(&[
        probe("203.0.113.1", "10.244.1.10"),
        probe("2001:db8::1", "fd00:10:244:1::10"),
        probe("203.0.113.9", "10.244.1.10"),
    ]);
    assert_eq!([&answers[0].outcome, &answers[1].outcome], [&by("a"), &by("a")]);
    assert!(matches!(answers[2].outcome, Outcome::Failed(_)), "an address that is not its own");
}
