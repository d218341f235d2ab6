//! What removals of pods do to open flows; see `docs/performance.md`.
//!
//! `cargo bench -p podfence-lab --bench agent` opens 10,000 flows between two pods of a node, lets an agent's enforcer follow a
//! hundred removals of other pods a second, and sends on every flow all the while. Each removal takes something away, so every
//! flow is judged again with its next packet. Runs rootless, in namespaces of its own.

#![expect(clippy::unwrap_used, reason = "a failed step ends the measurement")]

use std::collections::BTreeMap;
use std::net::{SocketAddr, UdpSocket};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use podfence_agent::{Enforcer, Links};
use podfence_dataplane_nft::{Dataplane, Settings};
use podfence_lab::netns::Netns;
use podfence_lab::sandbox;
use podfence_lab::topology::{NodeSpec, PodSpec, Topology, usual_outside};
use podfence_model::{Change, NamespacedName, ObjectKey, Protocol, World};
use podfence_plan::Link;
use podfence_testkit::build::{self, Put, id, ip};
use socket2::SockRef;

const FLOWS: usize = 10_000;
/// Sockets of the receiver; every sender sends to each.
const RECEIVERS: u16 = 50;
const SENDERS: usize = FLOWS / RECEIVERS as usize;
const PORT: u16 = 9_000;
const REMOVALS: u16 = 1_000;
const BETWEEN: Duration = Duration::from_millis(10);
const ROUNDS: u16 = 40;
const NODE: &str = "node-1";
const RANGE: &str = "10.244.1.0/24";
const A: &str = "10.244.1.10";
const B: &str = "10.244.1.11";

fn main() -> ExitCode {
    if let Err(error) = sandbox::enter() {
        println!("cannot measure here: {error}");
        return ExitCode::FAILURE;
    }
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, most, most).unwrap();
    let mut node = Node::new();
    node.rounds();
    node.storm();
    ExitCode::SUCCESS
}

/// A node with two pods that talk, and many pods elsewhere that may talk to one of them.
struct Node {
    _topology: Topology,
    enforcer: Enforcer<Dataplane>,
    flows: Flows,
    removed: u16,
}

fn elsewhere(n: u16) -> NamespacedName {
    id(&format!("x/other-{n}"))
}

fn world() -> World {
    let mut world = World::default().with(build::node(NODE, &["172.18.0.1"], &[RANGE]));
    for (name, address) in [("a", A), ("b", B)] {
        world.put(build::pod(&format!("x/{name}"), NODE, &[address], &[("app", name)]));
    }
    for n in 0..REMOVALS + ROUNDS {
        let address = format!("10.245.{}.{}", n / 250, n % 250 + 1);
        world.put(build::pod(&elsewhere(n).to_string(), "node-2", &[&address], &[("app", "a")]));
    }
    let peers = vec![build::own(build::select(&[build::eq("app", "a")]))];
    let ports = vec![build::every(Protocol::Udp)];
    let subject = build::select(&[build::eq("app", "b")]);
    let mut world = world.with(build::ingress("x/in", subject, vec![build::rule(peers, ports)]));
    world.expand_workloads(); // and the namespaces that they imply
    world
}

impl Node {
    fn new() -> Self {
        let mut topology = Topology::new(&usual_outside()).unwrap();
        let addresses = vec!["172.18.0.1".parse().unwrap()];
        topology
            .add_nodes(&[NodeSpec { name: NODE.into(), addresses, pod_ranges: vec![RANGE.parse().unwrap()] }])
            .unwrap();
        let pod = |name: &str, address: &str| PodSpec {
            name: name.into(),
            node: NODE.into(),
            addresses: vec![address.parse().unwrap()],
            interface: Some(format!("v-{name}")),
        };
        topology.add_pods(&[pod("a", A), pod("b", B)]).unwrap();
        let place = |name: &str| topology.pod(name).unwrap().netns().clone();
        let flows = Flows::new(&place("a"), &place("b"));
        let links = ["a", "b"].map(|name| (id(&format!("x/{name}")), Link::Routed(format!("v-{name}"))));
        let dataplane = topology.node(NODE).unwrap().run(|| Dataplane::open(Settings::default())).unwrap();
        let links = Links { told: BTreeMap::from(links), ..Links::default() };
        let enforcer = Enforcer::begin(dataplane, &world(), NODE, links);
        assert!(enforcer.behind().is_none());
        Self { _topology: topology, enforcer, flows, removed: 0 }
    }

    fn remove_one(&mut self) {
        self.enforcer.follow(vec![Change::Remove(ObjectKey::Pod(elsewhere(self.removed)))]);
        self.removed += 1;
    }

    /// What a packet on every flow takes with and without a removal before it.
    fn rounds(&mut self) {
        self.flows.round(); // opens them
        let (mut judged, mut fast) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            self.remove_one();
            judged.push(self.flows.round());
            fast.push(self.flows.round());
        }
        let of = |all: &mut Vec<Duration>| {
            all.sort_unstable();
            all[all.len() / 2].as_nanos() / FLOWS as u128
        };
        let (judged, fast) = (of(&mut judged), of(&mut fast));
        println!(
            "a packet on each of {FLOWS} flows: {fast} ns each; after a removal {judged} ns each, {} ns more",
            judged - fast
        );
    }

    /// A hundred removals a second while all flows send.
    fn storm(&mut self) {
        let flows = &self.flows;
        let (over, sent) = (AtomicBool::new(false), AtomicU64::new(0));
        let begun = Instant::now();
        let before = flows.heard();
        let enforcer = &mut self.enforcer;
        let mut busy = Duration::ZERO;
        thread::scope(|scope| {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    flows.round();
                    sent.fetch_add(FLOWS as u64, Ordering::Relaxed);
                }
            });
            for n in 0..u32::from(REMOVALS) {
                let change = Change::Remove(ObjectKey::Pod(elsewhere(self.removed)));
                self.removed += 1;
                let at = Instant::now();
                enforcer.follow(vec![change]);
                busy += at.elapsed();
                thread::sleep((BETWEEN * (n + 1)).saturating_sub(begun.elapsed()));
            }
            over.store(true, Ordering::Relaxed);
        });
        let (sent, heard) = (sent.into_inner(), flows.heard() - before);
        println!(
            "{REMOVALS} removals in {:.1} s, {:?} each; {sent} packets sent meanwhile on {FLOWS} flows, {} lost; judged anew {} times",
            begun.elapsed().as_secs_f64(),
            busy / u32::from(REMOVALS),
            sent - heard,
            self.enforcer.counts().rejudged
        );
    }
}

/// Ten thousand flows of UDP from one pod to another.
struct Flows {
    senders: Vec<UdpSocket>,
    heard: &'static AtomicU64,
}

impl Flows {
    fn new(a: &Netns, b: &Netns) -> Self {
        let heard: &AtomicU64 = Box::leak(Box::default());
        for port in 0..RECEIVERS {
            let at = SocketAddr::new(ip(B), PORT + port);
            let receiver = b.run(move || UdpSocket::bind(at).unwrap());
            SockRef::from(&receiver).set_recv_buffer_size(16 << 20).unwrap();
            thread::spawn(move || {
                while receiver.recv(&mut [0; 16]).is_ok() {
                    heard.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let open = || UdpSocket::bind(SocketAddr::new(ip(A), 0)).unwrap();
        let senders = (0..SENDERS).map(|_| a.run(open)).collect();
        Self { senders, heard }
    }

    /// One packet on every flow, and waits until they have arrived, or will not.
    fn round(&self) -> Duration {
        let (begun, before) = (Instant::now(), self.heard());
        for sender in &self.senders {
            for port in 0..RECEIVERS {
                sender.send_to(b"hello", SocketAddr::new(ip(B), PORT + port)).unwrap();
            }
        }
        let sent = begun.elapsed();
        // Late ones are lost, but for those that the last round counts.
        while self.heard() - before < FLOWS as u64 && begun.elapsed() < sent + Duration::from_millis(500) {
            thread::yield_now();
        }
        sent
    }

    fn heard(&self) -> u64 {
        self.heard.load(Ordering::Relaxed)
    }
}
