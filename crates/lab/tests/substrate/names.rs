//! DNS from inside pods.

use std::net::SocketAddr;

use podfence_lab::dns::{self, Lookup, RecordKind, Resolution, Resolver, SharedZone, Zone};
use podfence_lab::topology::Topology;
use tokio::runtime::Runtime;

use crate::world::{TIMEOUT, World, ip, name_server, node, pod};

fn look_up(world: &World, server: SocketAddr, namespace: &str, name: &str, kind: RecordKind) -> Resolution {
    let resolver = Resolver::of_pod(namespace, server, TIMEOUT);
    world.runtime.block_on(resolver.resolve(world.place("a"), name, kind)).unwrap()
}

fn found(address: &str) -> Lookup {
    Lookup::Resolved(vec![ip(address)])
}

pub fn resolve_as_in_a_pod(world: &World) {
    use RecordKind::{A, Aaaa};
    let from = |namespace, name, kind| look_up(world, name_server(), namespace, name, kind).lookup;
    for name in
        ["web", "web.shop", "web.shop.svc", "web.shop.svc.cluster.local", "WEB.shop.svc.cluster.local."]
    {
        assert_eq!(from("shop", name, A), found("10.96.0.1"), "{name}");
        assert_eq!(from("shop", name, Aaaa), found("fd00:10:96::1"), "{name}");
    }
    assert_eq!(from("other", "web", A), Lookup::NxDomain);
    assert_eq!(from("other", "web.shop", A), found("10.96.0.1"));
    assert_eq!(from("shop", "v4only", Aaaa), Lookup::NoData);
    assert_eq!(from("shop", "example.com", A), found("198.51.100.1"));
    assert_eq!(from("shop", "nobody", A), Lookup::NxDomain);
    let v6 = SocketAddr::new(ip("fd00:10:244:2::53"), 53);
    assert_eq!(look_up(world, v6, "shop", "web", A).lookup, found("10.96.0.1"));
}

pub fn truncated(world: &World) {
    let resolution = look_up(world, name_server(), "shop", "many", RecordKind::A);
    assert!(matches!(&resolution.lookup, Lookup::Resolved(all) if all.len() == 60), "{resolution:?}");
    assert!(resolution.over_tcp);
    assert!(!look_up(world, name_server(), "shop", "web", RecordKind::A).over_tcp);
}

pub fn silence(world: &World) {
    let nobody = SocketAddr::new(ip("10.244.2.99"), 53);
    let resolution = look_up(world, nobody, "shop", "web", RecordKind::A);
    assert_eq!((resolution.lookup, resolution.asked.len()), (Lookup::TimedOut, 1));
    let no_server = SocketAddr::new(ip("10.244.2.10"), 53);
    assert_eq!(look_up(world, no_server, "shop", "web", RecordKind::A).lookup, Lookup::Refused);
}

pub fn replaced() {
    let runtime = Runtime::new().unwrap();
    let mut topology = Topology::new(&[]).unwrap();
    topology.add_nodes(&[node(1)]).unwrap();
    topology.add_pods(&[pod("dns", "node-1", &["10.244.1.53"])]).unwrap();
    let netns = topology.pod("dns").unwrap().netns();
    let shared = SharedZone::new(Zone::new());
    let _server = dns::serve(netns, runtime.handle(), "dns", 53, &shared).unwrap();
    let resolver = Resolver::of_pod("shop", SocketAddr::new(ip("10.244.1.53"), 53), TIMEOUT);
    let ask = || runtime.block_on(resolver.resolve(netns, "web", RecordKind::A)).unwrap().lookup;
    assert_eq!(ask(), Lookup::NxDomain);
    let mut zone = Zone::new();
    zone.add_addresses("web.shop.svc.cluster.local", &[ip("10.96.0.1")]).unwrap();
    shared.replace(zone);
    assert_eq!(ask(), found("10.96.0.1"));
}
