//! A small cluster with a dataplane in every node, and words to ask it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use podfence_dataplane_nft::{Dataplane, DataplaneError, Enforced, Settings};
use podfence_engine::Engine;
use podfence_lab::Transport;
use podfence_lab::netns::Netns;
use podfence_lab::probe::{self, Outcome, Probe, Question};
use podfence_lab::serve::{Listener, Servers, serve};
use podfence_lab::services::{self, ServicePort};
use podfence_lab::topology::{Topology, usual_outside};
use podfence_model::{LabelSelector, NamespacedName, NetworkPolicy, Peer, Pod, World};
use podfence_plan::{Link, NodePlan};
use podfence_testkit::build::{self, Put, id};
use tokio::runtime::Runtime;

use crate::common::{ip, node, place_of, pod};

/// Nothing is lost on the way here, and what is allowed answers at once; TCP is asked once.
pub const TIMEOUT: Duration = Duration::from_millis(500);

/// The namespace of every pod.
pub const NAMESPACE: &str = "x";

/// A pod to be: its name, the number of its node, the last part of its addresses. Its label is `app` with its name.
pub type Seat = (&'static str, u8, u8);

pub struct Bed {
    pub topology: Topology,
    pub runtime: Runtime,
    pub world: World,
    pub dataplanes: BTreeMap<String, Dataplane>,
    pub settings: Settings,
    servers: BTreeMap<String, Servers>,
}

/// Both addresses of a pod.
pub fn addresses(number: u8, last: u8) -> [String; 2] {
    [format!("10.244.{number}.{last}"), format!("fd00:10:244:{number}::{last}")]
}

impl Bed {
    /// Two nodes with these pods, each of which serves ports 80 and 81 of every protocol, as do the nodes and the outside.
    pub fn new(seats: &[Seat]) -> Self {
        let runtime = Runtime::new().unwrap();
        let mut topology = Topology::new(&usual_outside()).unwrap();
        topology.add_nodes(&[node(1), node(2)]).unwrap();
        let mut world = World::default();
        for number in [1, 2] {
            let spec = node(number);
            let addresses: Vec<String> = spec.addresses.iter().map(ToString::to_string).collect();
            let ranges: Vec<String> = spec.pod_ranges.iter().map(ToString::to_string).collect();
            world.put(build::node(&spec.name, &strs(&addresses), &strs(&ranges)));
        }
        let settings = Settings::default();
        let mut bed = Self {
            topology,
            runtime,
            world,
            dataplanes: BTreeMap::new(),
            settings,
            servers: BTreeMap::new(),
        };
        for seat in seats {
            bed.seat(*seat);
        }
        bed.world.expand_workloads();
        for place in ["node-1", "node-2", "outside"] {
            bed.serve(place, &[80, 81]);
        }
        bed
    }

    /// Adds a pod to the kernel and the world.
    pub fn seat(&mut self, (name, number, last): Seat) {
        let addresses = addresses(number, last);
        let node = format!("node-{number}");
        self.topology.add_pods(&[pod(name, &node, &strs(&addresses))]).unwrap();
        self.world.put(build::pod(&full(name), &node, &strs(&addresses), &[("app", name)]));
        self.serve(name, &[80, 81]);
    }

    /// Serves ports of every protocol, and no longer those of before.
    pub fn serve(&mut self, place: &str, ports: &[u16]) {
        let every = |port: &u16| {
            [Transport::Tcp, Transport::Udp, Transport::Sctp].map(|transport| Listener {
                transport,
                port: *port,
                name: place.into(),
            })
        };
        let listeners: Vec<_> = ports.iter().flat_map(every).collect();
        self.servers.remove(place);
        let servers = serve(self.place(place), self.runtime.handle(), &listeners).unwrap();
        self.servers.insert(place.to_owned(), servers);
    }

    /// Translates these TCP and UDP Services, `(address, backend)` with their ports, on every node.
    pub fn services(&self, services: &[(&str, &str)]) {
        let port = |(at, backend): &(&str, &str), transport| {
            let (at, backend): (SocketAddr, SocketAddr) = (at.parse().unwrap(), backend.parse().unwrap());
            ServicePort::cluster_ip(&format!("x/{at}"), transport, at, vec![backend])
        };
        let both = |service| [port(service, Transport::Tcp), port(service, Transport::Udp)];
        let ports: Vec<_> = services.iter().flat_map(both).collect();
        self.topology.nodes().for_each(|(_, node)| services::program(node, &[], &ports).unwrap());
    }

    pub fn place(&self, name: &str) -> &Netns {
        place_of(&self.topology, name)
    }

    /// The pod in the world, to change.
    pub fn pod(&mut self, name: &str) -> &mut Pod {
        self.world.pods.get_mut(&id(&full(name))).unwrap()
    }

    /// These policies, and no others, on every node. What each node did, in order.
    pub fn enforce(&mut self, policies: &[NetworkPolicy]) -> Vec<Enforced> {
        self.world.policies.clear();
        for policy in policies {
            self.world.put(policy.clone());
        }
        self.apply()
    }

    /// Enforces the world as it is on every node.
    pub fn apply(&mut self) -> Vec<Enforced> {
        let nodes: Vec<String> = self.world.nodes.keys().cloned().collect();
        nodes.iter().map(|node| self.apply_on(node).unwrap()).collect()
    }

    /// Enforces the world as it is on one node.
    pub fn apply_on(&mut self, node: &str) -> Result<Enforced, DataplaneError> {
        let plan = self.plan(node);
        if !self.dataplanes.contains_key(node) {
            let opened = self.open(node)?;
            self.dataplanes.insert(node.to_owned(), opened);
        }
        self.dataplanes.get_mut(node).unwrap().enforce(plan)
    }

    /// Another dataplane for a node, without memory.
    pub fn open(&self, node: &str) -> Result<Dataplane, DataplaneError> {
        let settings = self.settings.clone();
        self.place(node).run(|| Dataplane::open(settings))
    }

    pub fn plan(&self, node: &str) -> NodePlan {
        NodePlan::build(&Engine::new(&self.world), node, &self.links())
    }

    fn links(&self) -> BTreeMap<NamespacedName, Link> {
        let link = |(name, pod): (&str, &podfence_lab::topology::Pod)| {
            (id(&full(name)), Link::Routed(pod.interface().to_owned()))
        };
        self.topology.pods().map(link).collect()
    }

    /// Both addresses of a place; the outside's first.
    pub fn addresses_of(&self, place: &str) -> [String; 2] {
        let known = match place {
            "outside" => return ["192.0.2.1".into(), "2001:db8::1".into()],
            _ => self.world.nodes.get(place).map(|node| node.addresses.clone()),
        };
        let known = known.unwrap_or_else(|| self.world.pods[&id(&full(place))].ips().to_vec());
        [known[0].to_string(), known[1].to_string()]
    }

    /// All of these questions, to both addresses of a place.
    pub fn both(&self, from: &str, to: &str, questions: &[Question], expect: Expect) -> Vec<Expectation> {
        let one = |to: &String| {
            let (from, to) = (from.to_owned(), to.clone());
            questions.iter().map(move |question| (from.clone(), to.clone(), *question, expect))
        };
        self.addresses_of(to).iter().flat_map(one).collect()
    }

    /// As [`Self::both`], for many pairs of places.
    pub fn pairs(&self, pairs: &[(&str, &str)], questions: &[Question], expect: Expect) -> Vec<Expectation> {
        pairs.iter().flat_map(|(from, to)| self.both(from, to, questions, expect)).collect()
    }

    fn ask(&self, asked: &[&Expectation], timeout: Duration) -> Vec<Outcome> {
        let probe = |(from, to, question, _): &&Expectation| Probe {
            from: self.place(from).clone(),
            source: None,
            link: None,
            to: ip(to),
            question: *question,
        };
        let probes: Vec<Probe> = asked.iter().map(probe).collect();
        self.runtime.block_on(probe::run(&probes, timeout)).into_iter().map(|answer| answer.outcome).collect()
    }

    /// Asks everything at once and compares; all that differs is told. What should have been answered is asked again
    /// with more patience: on a busy machine a late answer is no verdict.
    pub fn check(&self, expectations: &[Vec<Expectation>]) {
        let all: Vec<&Expectation> = expectations.iter().flatten().collect();
        let outcomes = self.ask(&all, TIMEOUT);
        let (late, wrong): (Vec<_>, Vec<_>) = all
            .into_iter()
            .zip(outcomes)
            .filter(|(one, outcome)| !one.3.is_met(outcome))
            .partition(|(_, outcome)| *outcome == Outcome::TimedOut);
        let again: Vec<&Expectation> = late.into_iter().map(|(one, _)| one).collect();
        let second = self.ask(&again, TIMEOUT * 6);
        let wrong = wrong.into_iter().chain(again.into_iter().zip(second));
        let wrong: Vec<String> = wrong
            .filter(|(one, outcome)| !one.3.is_met(outcome))
            .map(|((from, to, question, expect), outcome)| {
                format!("{from} → {to} {question:?}: {outcome:?}, not {expect:?}")
            })
            .collect();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}

/// From, to, what, and what should come of it.
pub type Expectation = (String, String, Question, Expect);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    Open,
    /// By the server's kernel: the packet arrived.
    Refused,
    Silent,
}

impl Expect {
    fn is_met(self, outcome: &Outcome) -> bool {
        match self {
            Self::Open => outcome.is_open(),
            Self::Refused => *outcome == Outcome::Refused,
            Self::Silent => *outcome == Outcome::TimedOut,
        }
    }
}

/// The name of a pod in the world.
pub fn full(name: &str) -> String {
    format!("{NAMESPACE}/{name}")
}

pub fn strs(list: &[String]) -> Vec<&str> {
    list.iter().map(String::as_str).collect()
}

/// A policy for the pod of this name.
pub fn subject(name: &str) -> LabelSelector {
    build::select(&[build::eq("app", name)])
}

/// A peer: the pod of this name.
pub fn peer(name: &str) -> Peer {
    build::own(subject(name))
}
