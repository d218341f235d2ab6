use podfence_analysis::assumed::is_cluster_dns;
use podfence_model::Family;

use super::*;
use crate::setup::{Families, Links};

#[test]
fn an_empty_world_gets_nodes_and_dns() {
    let world = place(World::default()).unwrap();
    assert_eq!(world.nodes.len(), 3);
    let dns = world.pods.values().find(|p| is_cluster_dns(p)).unwrap();
    assert_eq!(dns.ips().len(), 2);
    assert_eq!(nameservers(&world)[0].to_string(), "10.96.0.10");
    assert!(world.nodes.values().any(|n| n.pod_ranges.iter().any(|r| r.contains(dns.ips()[0]))));
}

#[test]
fn what_is_stated_stays() {
    let mut world = World::default();
    let mut pod = podfence_testkit::build::pod("x/a", "worker", &["192.168.7.7"], &[]);
    pod.node = Some("worker".into());
    world.pods.insert(pod.meta.id.clone(), pod.clone());
    let placed = place(world).unwrap();
    let same = &placed.pods[&pod.meta.id];
    assert_eq!((same.ips(), same.node.as_deref()), (pod.ips(), Some("worker")));
    assert!(placed.nodes["worker"].pod_ranges.iter().any(|r| r.contains(pod.ips()[0])));
}

#[test]
fn one_family_is_the_only_one() {
    let mut world = World::default();
    let pod = podfence_testkit::build::pod("x/a", "worker", &["192.168.7.7"], &[]);
    world.pods.insert(pod.meta.id.clone(), pod);
    let setup = Setup { families: Families::Ipv6, links: Links::Bridge };
    let placed = place_in(world, setup).unwrap();
    let pods = placed.pods.values().flat_map(Pod::ips);
    let nodes = placed.nodes.values().flat_map(|node| &node.addresses);
    assert!(pods.chain(nodes).chain(&nameservers(&placed)).all(|ip| Family::of(*ip) == Family::V6));
    assert!(placed.pods.values().all(|pod| pod.ips().len() == 1));
}

#[test]
fn bridges_are_addresses_of_their_nodes() {
    let mut world = World::default();
    let first = podfence_testkit::build::pod("x/a", "node-1", &["10.244.1.1"], &[]);
    world.pods.insert(first.meta.id.clone(), first);
    let setup = Setup { links: Links::Bridge, families: Families::Dual };
    let placed = place_in(world, setup).unwrap();
    let texts: Vec<String> = placed.nodes["node-1"].addresses.iter().map(ToString::to_string).collect();
    assert_eq!(texts, ["172.18.0.1", "fd00:172:18::1", "10.244.1.2", "fd00:10:244:1::1"]);
}

#[test]
fn exposed_services_get_numbers_and_addresses_and_keep_them() {
    let id = podfence_testkit::build::id("x/web");
    let mut world = World::default();
    add_cluster_dns(&mut world);
    let mut service = world.services.values().next().unwrap().clone();
    service.kind = podfence_model::ServiceType::LoadBalancer;
    service.meta.id = id.clone();
    let mut stated = World::default();
    stated.services.insert(id.clone(), service.clone());
    let placed = place(stated.clone()).unwrap();
    let ports = |world: &World| -> Vec<u16> {
        world.services[&id].ports.iter().filter_map(|port| Some(port.node_port?.get())).collect()
    };
    let texts: Vec<String> = placed.services[&id].load_balancer_ips.iter().map(ToString::to_string).collect();
    assert_eq!(texts, ["203.0.113.129", "2001:db8:1b::1"]);
    assert_eq!(ports(&placed), [30000, 30000, 30001], "numbers are counted by protocol");
    service.meta.id.name = "a-first".into();
    stated.services.insert(service.meta.id.clone(), service);
    let after = place_after(&placed, stated, Setup::default()).unwrap();
    assert_eq!(after.services[&id], placed.services[&id]);
}
