//! A cluster in which many policies select both pods of a node, and together admit 100,000 peers.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use podfence_engine::Engine;
use podfence_model::{Namespace, NetworkPolicy, Pod, Protocol, World};
use podfence_plan::{Link, NodePlan};
use podfence_testkit::build::{self, BOTH, Put, eq, id, number, own, rule, select};

/// The port that both pods serve, TCP and UDP: the only one that is admitted.
pub const PORT: u16 = 80;
/// How many peers all policies admit together.
pub const PEERS: usize = 100_000;
/// The node.
pub const NODE: &str = "node";
/// Its address, and the range of its pods.
pub const NODE_AT: (&str, &str) = ("172.18.0.1", "10.0.0.0/24");

/// One of the node's two pods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Client,
    Server,
}

impl End {
    pub const BOTH: [Self; 2] = [Self::Client, Self::Server];

    /// The pod's name, and its link's.
    pub fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
        }
    }

    pub fn address(self) -> IpAddr {
        match self {
            Self::Client => [10, 0, 0, 10].into(),
            Self::Server => [10, 0, 0, 11].into(),
        }
    }
}

/// The address of the n-th peer, on other nodes.
fn peer(n: usize) -> IpAddr {
    let first = u32::from(Ipv4Addr::new(10, 128, 0, 0));
    Ipv4Addr::from(first + u32::try_from(n).unwrap()).into()
}

/// The peers that one of so many policies admits: an equal part. The one in the middle admits both pods as well.
pub fn peers(policy: usize, policies: usize) -> impl Iterator<Item = IpAddr> {
    let pods = End::BOTH.into_iter().map(End::address).filter(move |_| policy == policies / 2);
    (policy..PEERS).step_by(policies).map(peer).chain(pods)
}

/// What the node has to enforce when so many policies select its two pods, in both directions.
pub fn plan(policies: usize) -> NodePlan {
    let links = End::BOTH.map(|end| (pod_id(end), Link::Routed(end.name().to_owned())));
    NodePlan::build(&Engine::from(world(policies)), NODE, &BTreeMap::from(links))
}

fn pod_id(end: End) -> podfence_model::NamespacedName {
    id(&format!("x/{}", end.name()))
}

fn world(policies: usize) -> World {
    let mut world = World::default();
    world.put(Namespace::new("x", build::labels(&[]), build::ORIGIN));
    world.put(build::node(NODE, &[NODE_AT.0], &[NODE_AT.1]));
    for end in End::BOTH {
        world.put(pod(end.name(), NODE, end.address(), policies / 2));
    }
    for n in 0..PEERS {
        world.put(pod(&format!("peer-{n}"), "elsewhere", peer(n), n % policies.max(1)));
    }
    for n in 0..policies {
        world.put(policy(n));
    }
    world
}

fn pod(name: &str, node: &str, at: IpAddr, group: usize) -> Pod {
    let labels = [("node", node), ("group", &*format!("group-{group}"))];
    build::pod(&format!("x/{name}"), node, &[&at.to_string()], &labels)
}

/// Selects the node's pods, and admits a group of peers in both directions.
fn policy(n: usize) -> NetworkPolicy {
    let ports = vec![number(Protocol::Tcp, PORT), number(Protocol::Udp, PORT)];
    let peers = vec![own(select(&[eq("group", &format!("group-{n}"))]))];
    let rules = vec![rule(peers, ports)];
    let policy = build::policy(&format!("x/policy-{n:05}"), select(&[eq("node", NODE)]), BOTH);
    NetworkPolicy { ingress: rules.clone(), egress: rules, ..policy }
}
