//! Places a world: every fact that manifests leave to the cluster is filled in, so that it can be built.
//!
//! `nodes`, their addresses and pod ranges; the node and the addresses of each of the `pods`; addresses and node
//! ports of `services` and what `exposed` ones have outside; the cluster DNS. What the input states stays as it is, but for addresses of a family that
//! the lab shall not have. The same world is always placed the same way, and after a change what stays keeps its place
//! ([`place_after`]).

mod exposed;
mod families;
mod nodes;
mod pods;
mod services;
mod stay;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use podfence_analysis::assumed::add_cluster_dns;
use podfence_model::{Life, Pod, World};

use crate::setup::Setup;

pub use services::nameservers;

/// The last nodes and pods that the address plan has room for.
const MOST: usize = 240;
const WHY: &str = "made by the lab";

/// A world that cannot be placed.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// More nodes than the address plan has room for.
    #[error("{0} nodes are more than the lab can build; it has room for {MOST}")]
    TooManyNodes(usize),
    /// More pods on a node than its range has room for.
    #[error("{pods} pods on node {node} are more than the lab can build; it has room for {MOST}")]
    TooManyPods {
        /// The node.
        node: String,
        /// How many it has.
        pods: usize,
    },
}

/// As [`place_in`] the usual lab.
pub fn place(world: World) -> Result<World, PlaceError> {
    place_in(world, Setup::default())
}

/// Fills in what the cluster would decide. Adds the cluster DNS when the world has none.
pub fn place_in(world: World, setup: Setup) -> Result<World, PlaceError> {
    place_after(&World::default(), world, setup)
}

/// As [`place_in`], for a world that follows the placed world `previous`: what is in both keeps what it was given there.
/// What is free again may be given to others.
pub fn place_after(previous: &World, mut world: World, setup: Setup) -> Result<World, PlaceError> {
    families::keep(&mut world, setup.families);
    nodes::add_nodes(previous, &mut world, setup.families)?;
    add_cluster_dns(&mut world);
    world.expand_workloads();
    world.pods.retain(|_, pod| pod.life != Life::Finished);
    for namespace in world.namespaces.values_mut() {
        namespace.labels_known = true; // in the lab a namespace has the labels that are stated, and no others
    }
    nodes::add_bridges(&mut world, setup.links);
    let kept = stay::pods(previous, &mut world);
    pods::place_pods(&mut world, kept)?;
    stay::services(previous, &mut world);
    services::place_services(&mut world, setup.families);
    stay::exposed(previous, &mut world);
    exposed::place_node_ports(&mut world);
    exposed::place_load_balancers(&mut world);
    Ok(world)
}

/// Whether a pod has a namespace of its own: a terminating one has none any more once a running pod has one of its addresses. Of
/// two that terminate the last by name has it, as the engine takes it.
pub fn has_seat(world: &World, pod: &Pod) -> bool {
    let stays = |other: &Pod| other.life == Life::Present || other.meta.id > pod.meta.id;
    let shares = |other: &Pod| other.ips().iter().any(|ip| pod.ips().contains(ip));
    let robs = |other: &Pod| other.is_policed() && stays(other) && shares(other);
    let is_robbed = || pod.life == Life::Terminating && world.pods.values().any(robs);
    pod.is_policed() && !pod.ips().is_empty() && !is_robbed()
}

fn v4(octets: [u8; 4]) -> IpAddr {
    Ipv4Addr::from(octets).into()
}

fn v6(network: [u16; 4], host: u16) -> IpAddr {
    let [a, b, c, d] = network;
    Ipv6Addr::new(a, b, c, d, 0, 0, 0, host).into()
}

#[cfg(test)]
mod tests;
