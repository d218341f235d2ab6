//! What the kernel tests of the lab share: how they are run, and how they write places and outcomes down.

#![allow(
    clippy::unwrap_used,
    reason = "a failed step is a failed test; without `#[test]` clippy cannot see that"
)]

use std::net::IpAddr;
use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};
use podfence_lab::netns::Netns;
use podfence_lab::sandbox::{self, Sandbox};
use podfence_lab::topology::{NodeSpec, PodSpec, Topology};

/// Runs tests in a sandbox. Where the system allows none it says why and skips, except in CI, where that is a failure.
pub fn in_sandbox(arguments: &Arguments, trials: impl FnOnce(Sandbox) -> Vec<Trial>) -> ExitCode {
    match sandbox::enter() {
        Ok(entered) => {
            println!("sandbox: {entered:?}");
            libtest_mimic::run(arguments, trials(entered)).exit_code()
        }
        Err(error) if std::env::var("CI").is_ok_and(|ci| ci == "true") => {
            eprintln!("kernel tests cannot run: {error}");
            ExitCode::FAILURE
        }
        Err(error) => {
            println!("kernel tests skipped: {error}");
            ExitCode::SUCCESS
        }
    }
}

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
