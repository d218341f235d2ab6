//! A small world all tests share: two nodes, three pods that serve, an outside that serves.

use std::net::SocketAddr;
use std::time::Duration;

use podfence_lab::Transport::{Sctp, Tcp, Udp};
use podfence_lab::dns::{SharedZone, Zone};
use podfence_lab::netns::Netns;
use podfence_lab::probe::{self, Answer, Outcome, Probe, Question};
use podfence_lab::serve::{Listener, Servers, serve};
use podfence_lab::services::ServicePort;
use podfence_lab::setup::Links;
use podfence_lab::topology::{NodeSpec, Topology, usual_outside};
use podfence_lab::{Transport, dns, services};
use tokio::runtime::Runtime;

pub use crate::common::{ip, node, place_of, pod};

/// Short, since nothing here is lost on the way, yet long enough for TCP to try twice.
pub const TIMEOUT: Duration = Duration::from_millis(1200);

pub const PODS: [(&str, &str, &str, &str); 4] = [
    ("a", "node-1", "10.244.1.10", "fd00:10:244:1::10"),
    ("b", "node-1", "10.244.1.11", "fd00:10:244:1::11"),
    ("c", "node-2", "10.244.2.10", "fd00:10:244:2::10"),
    ("dns", "node-2", "10.244.2.53", "fd00:10:244:2::53"),
];

pub struct World {
    pub topology: Topology,
    pub runtime: Runtime,
    _servers: Vec<Servers>,
}

/// As [`node`], with a bridge that has 10.244.1.1 and fd00:10:244:1::1.
pub fn bridged_node(number: u8) -> NodeSpec {
    let mut spec = node(number);
    spec.addresses.extend([ip(&format!("10.244.{number}.1")), ip(&format!("fd00:10:244:{number}::1"))]);
    spec
}

/// Port 80 of every protocol.
pub fn listeners(name: &str) -> Vec<Listener> {
    let ports = [(Tcp, 80), (Udp, 80), (Sctp, 80)];
    ports.map(|(transport, port)| Listener { transport, port, name: name.into() }).into()
}

impl World {
    pub fn new(links: Links) -> Self {
        let runtime = Runtime::new().unwrap();
        let mut topology = Topology::with_links(links, &usual_outside()).unwrap();
        let node = if links == Links::Bridge { bridged_node } else { node };
        topology.add_nodes(&[node(1), node(2)]).unwrap();
        topology.add_pods(&PODS.map(|(name, node, v4, v6)| pod(name, node, &[v4, v6]))).unwrap();
        let mut servers = Vec::new();
        for place in ["a", "b", "c", "node-1", "outside"] {
            servers.push(serve(place_of(&topology, place), runtime.handle(), &listeners(place)).unwrap());
        }
        for place in ["dns", "node-2"] {
            servers.push(serve(place_of(&topology, place), runtime.handle(), &[]).unwrap());
        }
        let zone = SharedZone::new(zone());
        servers.push(dns::serve(place_of(&topology, "dns"), runtime.handle(), "dns", 53, &zone).unwrap());
        for (_, node) in topology.nodes() {
            services::program(node, &[], &Self::services()).unwrap();
        }
        Self { topology, runtime, _servers: servers }
    }

    pub fn services() -> Vec<ServicePort> {
        let behind = |pods: &[&str]| pods.iter().map(|pod| SocketAddr::new(ip(pod), 80)).collect::<Vec<_>>();
        let mut ports = Vec::new();
        for transport in [Tcp, Udp, Sctp] {
            let port = |name: &str, address: &str, backends: &[&str]| {
                let at = SocketAddr::new(ip(address), 1234);
                ServicePort::cluster_ip(name, transport, at, behind(backends))
            };
            ports.push(port("shop/all", "10.96.0.1", &["10.244.1.10", "10.244.1.11", "10.244.2.10"]));
            ports.push(port(
                "shop/all",
                "fd00:10:96::1",
                &["fd00:10:244:1::10", "fd00:10:244:1::11", "fd00:10:244:2::10"],
            ));
            ports.push(port("shop/a", "10.96.0.2", &["10.244.1.10"]));
            ports.push(port("shop/a", "fd00:10:96::2", &["fd00:10:244:1::10"]));
            ports.push(port("shop/empty", "10.96.0.3", &[]));
        }
        ports
    }

    pub fn place(&self, name: &str) -> &Netns {
        place_of(&self.topology, name)
    }

    pub fn ask(&self, probes: &[Probe]) -> Vec<Answer> {
        self.runtime.block_on(probe::run(probes, TIMEOUT))
    }

    /// Asks everything at once and compares.
    pub fn check(&self, expectations: &[(&str, &str, Question, Outcome)]) {
        let probes: Vec<_> =
            expectations.iter().map(|(from, to, question, _)| self.probe(from, to, *question)).collect();
        for (answer, (from, to, question, expect)) in self.ask(&probes).iter().zip(expectations) {
            assert_eq!(answer.outcome, *expect, "{from} → {to} {question:?}");
        }
    }

    pub fn probe(&self, from: &str, to: &str, question: Question) -> Probe {
        Probe { from: self.place(from).clone(), source: None, link: None, to: ip(to), question }
    }
}

pub fn port(transport: Transport) -> Question {
    Question::Port(transport, 80)
}

pub fn by(name: &str) -> Outcome {
    Outcome::Open { by: Some(name.into()) }
}

pub fn name_server() -> SocketAddr {
    SocketAddr::new(ip("10.244.2.53"), 53)
}

fn zone() -> Zone {
    let mut zone = Zone::new();
    zone.add_addresses("web.shop.svc.cluster.local", &[ip("10.96.0.1"), ip("fd00:10:96::1")]).unwrap();
    zone.add_addresses("v4only.shop.svc.cluster.local", &[ip("10.96.0.2")]).unwrap();
    let many: Vec<_> = (1..=60).map(|last| ip(&format!("10.244.9.{last}"))).collect();
    zone.add_addresses("many.shop.svc.cluster.local", &many).unwrap();
    zone.add_addresses("example.com", &[ip("198.51.100.1")]).unwrap();
    zone
}
