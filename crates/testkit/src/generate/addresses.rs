//! The address plan of generated worlds, and the addresses worth asking about.
//!
//! Node N has 172.18.0.N and fd00:172:18::N; its pods have 10.244.N.0/24 and fd00:10:244:N::/64. Outside are
//! the documentation ranges of RFC 5737 and RFC 3849.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use podfence_model::{Cidr, Direction, IpBlock, PeerKind, Pod, World};

use crate::build::{cidr, ip};

/// Addresses outside the cluster, some at the edges of their ranges.
const OUTSIDE: [&str; 12] = [
    "192.0.2.1",
    "192.0.2.77",
    "192.0.2.129",
    "198.51.100.4",
    "198.51.100.200",
    "203.0.113.9",
    "203.0.113.255",
    "2001:db8::1",
    "2001:db8::8000:0:0:1",
    "2001:db8:1::1",
    "2001:db8:8000::5",
    "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
];

/// Addresses outside the cluster.
pub fn outside() -> Vec<IpAddr> {
    OUTSIDE.iter().map(|text| ip(text)).collect()
}

/// The addresses of node `index`, IPv4 first.
pub fn of_node(index: usize) -> [IpAddr; 2] {
    [ip(&format!("172.18.0.{index}")), ip(&format!("fd00:172:18::{index}"))]
}

/// The pod ranges of node `index`, IPv4 first.
pub fn pod_ranges(index: usize) -> [Cidr; 2] {
    [cidr(&format!("10.244.{index}.0/24")), cidr(&format!("fd00:10:244:{index}::/64"))]
}

/// Address number `host` (1 to 254) of a pod range.
pub fn host(range: Cidr, host: u8) -> IpAddr {
    match range.first() {
        IpAddr::V4(first) => (u32::from(first) + u32::from(host)).to_be_bytes().into(),
        IpAddr::V6(first) => (u128::from(first) + u128::from(host)).to_be_bytes().into(),
    }
}

/// An address in each of the nodes' pod ranges that no pod has.
pub fn unknown_pods(world: &World) -> Vec<IpAddr> {
    world.nodes.values().flat_map(|node| &node.pod_ranges).map(|range| host(*range, 250)).collect()
}

/// Every address that a verdict may turn on: of pods, also finished ones, of nodes, outside, of unknown pods,
/// and both sides of both edges of every block that a policy names.
pub fn interesting(world: &World) -> BTreeSet<IpAddr> {
    let mut addresses: BTreeSet<IpAddr> = outside().into_iter().chain(unknown_pods(world)).collect();
    addresses.extend(world.pods.values().flat_map(Pod::ips));
    addresses.extend(world.nodes.values().flat_map(|node| &node.addresses));
    for block in blocks(world) {
        addresses.extend(edges(block.cidr()));
        addresses.extend(block.except().iter().flat_map(|except| edges(*except)));
    }
    addresses
}

/// Every block that a policy names.
pub fn blocks(world: &World) -> impl Iterator<Item = &IpBlock> {
    let rules = world.policies.values().flat_map(|p| Direction::BOTH.into_iter().flat_map(|d| p.rules(d)));
    rules.flat_map(|rule| &rule.peers).filter_map(|peer| match &peer.kind {
        PeerKind::Block(block) => Some(block),
        PeerKind::Pods { .. } => None,
    })
}

/// The first and last address of a block and their neighbours outside it, where there are any.
fn edges(block: Cidr) -> impl Iterator<Item = IpAddr> {
    let (first, last) = (block.first(), block.last());
    [step(first, false), Some(first), Some(last), step(last, true)].into_iter().flatten()
}

fn step(address: IpAddr, up: bool) -> Option<IpAddr> {
    match address {
        IpAddr::V4(address) => {
            let number = u32::from(address);
            let next = if up { number.checked_add(1) } else { number.checked_sub(1) };
            next.map(|number| Ipv4Addr::from(number).into())
        }
        IpAddr::V6(address) => {
            let number = u128::from(address);
            let next = if up { number.checked_add(1) } else { number.checked_sub(1) };
            next.map(|number| Ipv6Addr::from(number).into())
        }
    }
}
