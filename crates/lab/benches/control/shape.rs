//! The clusters that are measured.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use podfence_engine::Engine;
use podfence_model::{Namespace, NamespacedName, Pod, Protocol, Rule, World};
use podfence_plan::{Link, LivePlan};
use podfence_testkit::build::{self, Put};

/// Pods of other nodes.
pub const PEERS: u32 = 100_000;
/// Pods of the node that is measured.
const LOCAL: u32 = 250;
/// Kinds of peers, by label.
const SHARDS: u32 = 1000;
/// Unions that each peer is in.
const UNIONS: u32 = 10;
/// The node that is measured.
const NODE: &str = "node-1";

fn address(number: u32) -> IpAddr {
    Ipv4Addr::from(0x0a00_0000 + number).into()
}

/// A pod of another node.
pub fn peer(number: u32, labels: &[(&str, &str)]) -> Pod {
    build::pod(&format!("x/peer-{number}"), "node-2", &[&address(number).to_string()], labels)
}

/// A peer of one of the shards.
pub fn sharded(number: u32) -> Pod {
    peer(number, &[("shard", &shard(number))])
}

fn shard(number: u32) -> String {
    format!("s{}", number % SHARDS)
}

/// A pod of the node that is measured, selected by its name.
pub fn local(number: u32, name: &str) -> Pod {
    let ip = address(0x0080_0000 + number).to_string();
    build::pod(&format!("x/local-{number}"), NODE, &[&ip], &[("name", name)])
}

/// The host's end of a local pod's link.
pub fn link(number: u32) -> Link {
    Link::Routed(format!("veth{number}"))
}

fn world(peers: impl Iterator<Item = Pod>) -> World {
    let mut world = World::default();
    world.put(Namespace::new("x", build::labels(&[]), build::ORIGIN));
    for (name, ip) in [(NODE, "172.18.0.1"), ("node-2", "172.18.0.2")] {
        world.put(build::node(name, &[ip], &[]));
    }
    peers.for_each(|pod| world.put(pod));
    world
}

/// The plan of the node, with local pods of these names.
fn live(mut world: World, names: impl Iterator<Item = String>) -> LivePlan {
    let mut links: BTreeMap<NamespacedName, Link> = BTreeMap::new();
    for (number, name) in (0..).zip(names) {
        let pod = local(number, &name);
        links.insert(pod.meta.id.clone(), link(number));
        world.put(pod);
    }
    LivePlan::new(Engine::from(world), NODE, links)
}

fn named(name: &str) -> podfence_model::LabelSelector {
    build::select(&[build::eq("name", name)])
}

fn admits(peers: Vec<podfence_model::Peer>, port: u32) -> Rule {
    let port = u16::try_from(port).unwrap();
    build::rule(peers, vec![build::number(Protocol::Tcp, port)])
}

/// Ten unions that hold nearly all of the peers, each without one shard.
pub fn ten_unions() -> LivePlan {
    let mut world = world((0..PEERS).map(sharded));
    let all_but =
        |n| vec![build::own(build::select(&[build::has("shard"), build::none_of("shard", &[&shard(n)])]))];
    let rules = (1..=UNIONS).map(|n| admits(all_but(n), n)).collect();
    world.put(build::ingress("x/all-but", named("web"), rules));
    live(world, (0..LOCAL).map(|_| "web".to_owned()))
}

/// A thousand unions of a thousand peers, four for each local pod; each peer is in ten. A spare policy has four more.
pub fn thousand_unions() -> LivePlan {
    let mut world = world((0..PEERS).map(sharded));
    let window = |first: u32, width: u32| {
        let shards: Vec<String> = (first..first + width).map(shard).collect();
        let shards: Vec<&str> = shards.iter().map(String::as_str).collect();
        vec![build::own(build::select(&[build::one_of("shard", &shards)]))]
    };
    for pod in 0..LOCAL {
        let rules = (0..4).map(|n| admits(window(4 * pod + n, UNIONS), 1000 + n)).collect();
        world.put(build::ingress(&format!("x/policy-{pod}"), named(&format!("app-{pod}")), rules));
    }
    let rules = (0..4).map(|n| admits(window(100 * n, UNIONS - 1), 1000 + n)).collect();
    world.put(build::ingress("x/spare", named("spare"), rules));
    live(world, (0..LOCAL).map(|pod| format!("app-{pod}")))
}

/// One endpoint under 294 policies of 68 rules that name 3,708 groups of peers, of 1 to 54,566 members.
pub fn production() -> LivePlan {
    const GROUPS: u32 = 3708;
    let mut labels: Vec<Vec<String>> = vec![Vec::new(); PEERS as usize];
    for group in 0..GROUPS {
        let size = group_size(group);
        let first = group.wrapping_mul(7919);
        (first..first + size).for_each(|n| labels[(n % PEERS) as usize].push(format!("in-{group}")));
    }
    let labelled = |(number, labels): (u32, Vec<String>)| {
        let pairs: Vec<(&str, &str)> = labels.iter().map(|label| (label.as_str(), "")).collect();
        peer(number, &pairs)
    };
    let mut world = world((0..).zip(labels).map(labelled));
    let group = |n: u32| vec![build::own(build::select(&[build::has(&format!("in-{}", n % GROUPS))]))];
    for policy in 0..294 {
        let rules = (68 * policy..68 * (policy + 1)).map(|n| admits(group(n), n + 1)).collect();
        world.put(build::ingress(&format!("x/policy-{policy}"), named("web"), rules));
    }
    live(world, ["web".to_owned()].into_iter())
}

/// A power law from 54,566 down to 1, with a sum of about 256,000.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and 54,566")]
fn group_size(rank: u32) -> u32 {
    (54_566.0 / f64::from(rank + 1).powf(1.187)).max(1.0) as u32
}

/// 100 local pods that each admit the same 50,000 peers and ten of their own.
pub fn near_equal() -> LivePlan {
    const COMMON: u32 = 50_000;
    const PROGRAMS: u32 = 100;
    let mut world = world((0..COMMON + 10 * PROGRAMS).map(|number| match number.checked_sub(COMMON) {
        None => peer(number, &[("common", "")]),
        Some(own) => peer(number, &[("own", &format!("o{}", own % PROGRAMS))]),
    }));
    for program in 0..PROGRAMS {
        let own = build::select(&[build::eq("own", &format!("o{program}"))]);
        let peers = vec![build::own(build::select(&[build::has("common")])), build::own(own)];
        let name = format!("app-{program}");
        world.put(build::ingress(&format!("x/{name}"), named(&name), vec![admits(peers, 80)]));
    }
    live(world, (0..PROGRAMS).map(|program| format!("app-{program}")))
}
