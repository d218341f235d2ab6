//! Large worlds of a realistic shape, for measuring: many namespaces, few label sets in each, mixed peers.

use std::net::{IpAddr, Ipv4Addr};

use podfence_model::{Alike, Endpoint, Namespace, NetworkPolicy, Node, Origin, Pod, Protocol, World};

use crate::build::{self, Put};
use crate::generate::Rng;

/// Apps of one namespace.
const APPS: usize = 10;
/// Pods of one node.
const PER_NODE: usize = 100;

/// A world with this many pods, namespaces and policies; always the same one.
pub fn world(pods: usize, namespaces: usize, policies: usize) -> World {
    let mut rng = Rng::with_seed(1);
    let mut world = World::default();
    for n in 0..namespaces {
        let team = format!("team-{}", n % 50);
        let labels = build::labels(&[("team", team.as_str()), ("env", ["dev", "prod"][n % 2])]);
        world.put(Namespace::new(namespace(n), labels, Origin::Assumed("made by the testkit")));
    }
    for n in 0..pods.div_ceil(PER_NODE) {
        world.put(node(n));
    }
    let mut alike = Alike::default();
    for n in 0..pods {
        let mut pod = pod(n, namespaces);
        alike.share(&mut pod);
        world.put(pod);
    }
    for n in 0..policies {
        world.put(policy(n, namespaces, &mut rng));
    }
    world
}

fn namespace(n: usize) -> String {
    format!("ns-{n}")
}

fn node(n: usize) -> Node {
    build::node(&format!("node-{n}"), &[&format!("172.{}.{}.1", 16 + n / 250, n % 250)], &[])
}

/// The address of the n-th pod.
pub fn address(n: usize) -> IpAddr {
    let n = u32::try_from(n).unwrap_or(u32::MAX);
    Ipv4Addr::from(0x0a00_0000 + n).into()
}

fn pod(n: usize, namespaces: usize) -> Pod {
    let app = format!("app-{}", n / namespaces % APPS);
    let id = format!("{}/pod-{n}", namespace(n % namespaces));
    let mut pod = build::pod(
        &id,
        &format!("node-{}", n / PER_NODE),
        &[&address(n).to_string()],
        &[("app", &app), ("tier", ["front", "back"][n % 2])],
    );
    pod.ports =
        vec![build::serves("http", Protocol::Tcp, 8080), build::serves("metrics", Protocol::Tcp, 9090)]
            .into();
    pod
}

/// Peers of one's own namespace, of a team's namespaces, of monitoring, and blocks, in turn.
fn policy(n: usize, namespaces: usize, rng: &mut Rng) -> NetworkPolicy {
    let id = format!("{}/policy-{n}", namespace(n % namespaces));
    let app = |rng: &mut Rng| format!("app-{}", rng.usize(0..APPS));
    let subject = build::select(&[build::eq("app", &app(rng))]);
    let own = build::own(build::select(&[build::eq("app", &app(rng))]));
    let team = build::select(&[build::eq("team", &format!("team-{}", rng.usize(0..50)))]);
    let peers = match n % 4 {
        0 => vec![own],
        1 => vec![own, build::pods_in(team, build::select(&[build::eq("tier", "front")]))],
        2 => vec![build::pods_in(team, build::everything())],
        _ => vec![own, build::block(&format!("192.168.{}.0/24", rng.u8(..)), &[])],
    };
    let rule =
        build::rule(peers, vec![build::number(Protocol::Tcp, 8080), build::named(Protocol::Tcp, "metrics")]);
    if n.is_multiple_of(3) {
        build::egress(&id, subject, vec![rule])
    } else {
        build::ingress(&id, subject, vec![rule])
    }
}

/// The n-th pod as an end of a flow.
pub fn end(n: usize, namespaces: usize) -> Endpoint {
    Endpoint::Pod { id: build::id(&format!("{}/pod-{n}", namespace(n % namespaces))), address: None }
}
