//! Services by their cluster addresses.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use podfence_lab::Transport::{Sctp, Tcp, Udp};
use podfence_lab::probe::Outcome::{Open, Refused, TimedOut};
use podfence_lab::probe::{self, Probe, Question};
use podfence_lab::serve::serve;
use podfence_lab::services::{self, ServicePort};
use podfence_lab::topology::Topology;
use tokio::runtime::Runtime;

use crate::world::{TIMEOUT, World, by, ip, listeners, node, pod};

const PORTS: [Question; 3] =
    [Question::Port(Tcp, 1234), Question::Port(Udp, 1234), Question::Port(Sctp, 1234)];

pub fn reach_their_pods(world: &World) {
    let mut expectations = Vec::new();
    for from in ["b", "c", "dns", "node-1", "node-2"] {
        for to in ["10.96.0.2", "fd00:10:96::2"] {
            expectations.extend(PORTS.map(|question| (from, to, question, by("a"))));
        }
    }
    world.check(&expectations);
}

pub fn every_backend(world: &World) {
    for address in ["10.96.0.1", "fd00:10:96::1"] {
        let probes: Vec<_> = (0..90).map(|round| world.probe("dns", address, PORTS[round % 3])).collect();
        let answers = world.ask(&probes);
        let names: BTreeSet<_> = answers
            .into_iter()
            .map(|answer| match answer.outcome {
                Open { by: Some(name) } => name,
                other => panic!("{address}: {other:?}"),
            })
            .collect();
        assert_eq!(names, BTreeSet::from(["a", "b", "c"].map(str::to_owned)));
    }
}

pub fn hairpin(world: &World) {
    let mut expectations = Vec::new();
    for to in ["10.96.0.2", "fd00:10:96::2"] {
        expectations.extend(PORTS.map(|question| ("a", to, question, by("a"))));
    }
    world.check(&expectations);
}

pub fn without_pods(world: &World) {
    world.check(&[
        ("a", "10.96.0.3", PORTS[0], Refused),
        ("node-1", "10.96.0.3", PORTS[0], Refused),
        ("a", "10.96.0.3", PORTS[1], Refused),
        ("node-1", "10.96.0.3", PORTS[1], Refused),
        ("a", "10.96.0.3", PORTS[2], Refused),
        // A cluster address answers on the ports of its Service alone.
        ("a", "10.96.0.2", Question::Port(Tcp, 80), TimedOut),
        ("a", "10.96.0.2", Question::Ping, TimedOut),
    ]);
}

pub fn replaced() {
    let runtime = Runtime::new().unwrap();
    let mut topology = Topology::new(&[]).unwrap();
    topology.add_nodes(&[node(1)]).unwrap();
    let addresses = [("x", "10.244.1.2"), ("y", "10.244.1.3")];
    topology.add_pods(&addresses.map(|(name, address)| pod(name, "node-1", &[address]))).unwrap();
    let servers = ["x", "y"]
        .map(|name| serve(topology.pod(name).unwrap().netns(), runtime.handle(), &listeners(name)).unwrap());
    let service = |backend: &str| {
        let at = SocketAddr::new(ip("10.96.0.1"), 80);
        ServicePort::cluster_ip("shop/web:http", Tcp, at, vec![SocketAddr::new(ip(backend), 80)])
    };
    let node = topology.node("node-1").unwrap();
    for (name, address) in addresses {
        services::program(node, &[], &[service(address)]).unwrap();
        let question = Question::Port(Tcp, 80);
        let probe = Probe { from: node.clone(), source: None, link: None, to: ip("10.96.0.1"), question };
        assert_eq!(runtime.block_on(probe::run(&[probe], TIMEOUT))[0].outcome, by(name));
    }
    let mixed = services::program(node, &[], &[service("fd00::1")]).unwrap_err().to_string();
    assert_eq!(mixed, "service port shop/web:http is of IPv4, and fd00::1 is not");
    drop(servers);
}
