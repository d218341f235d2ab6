//! What the kernel tests of the lab share: how they write places and outcomes down.

#![allow(
    clippy::unwrap_used,
    reason = "a failed step is a failed test; without `#[test]` clippy cannot see that"
)]

use std::net::IpAddr;

use podfence_lab::netns::Netns;
use podfence_lab::topology::{NodeSpec, PodSpec, Topology};

pub fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// Node 1 has the addresses 172.18.0.1 and fd00:18::1, and pods in 10.244.1.0/24 and fd00:10:244:1::/64.
pub fn node(number: u8) -> NodeSpec {
    NodeSpec {
        name: format!("node-{number}"),
        addresses: vec![ip(&format!("172.18.0.{number}")), ip(&format!("fd00:18::{number}"))],
        pod_ranges: vec![
            format!("10.244.{number}.0/24").parse().unwrap(),
            format!("fd00:10:244:{number}::/64").parse().unwrap(),
        ],
    }
}

pub fn pod(name: &str, node: &str, addresses: &[&str]) -> PodSpec {
    let addresses = addresses.iter().map(|address| ip(address)).collect();
    PodSpec { name: name.into(), node: node.into(), addresses, interface: None }
}

/// A node, a pod, or the outside.
pub fn place_of<'a>(topology: &'a Topology, name: &str) -> &'a Netns {
    match name {
        "outside" => topology.outside(),
        _ => topology.node(name).or_else(|| Some(topology.pod(name)?.netns())).unwrap(),
    }
}
