//! Who stands at an end of a flow, as policies see it.
//!
//! An address that a live pod or a node has *is* that pod or node; a `hostNetwork` pod is its node; a finished
//! pod is nobody. What is left is a bare address: outside the cluster, or of a pod nobody knows of. Policies
//! tell those two apart in nothing: only address blocks and "every peer" admit them.

use std::net::IpAddr;

use podfence_model::{Addresses, Endpoint, Life, Pod, World};

/// Who an endpoint is.
#[derive(Debug, Clone, Copy)]
pub enum Party<'w> {
    /// A pod with its own network: a subject of policies.
    Pod {
        /// The pod.
        pod: &'w Pod,
        /// Its address in this flow, if it has one.
        address: Option<IpAddr>,
    },
    /// A node, or a `hostNetwork` pod on it: never a subject, a peer by address only.
    Node {
        /// The node's name.
        name: &'w str,
        /// Its address in this flow.
        address: Option<IpAddr>,
    },
    /// An address of no known pod or node.
    Stranger(Option<IpAddr>),
}

impl Party<'_> {
    /// The address that blocks are matched against.
    pub fn address(&self) -> Option<IpAddr> {
        match self {
            Self::Pod { address, .. } | Self::Node { address, .. } | Self::Stranger(address) => *address,
        }
    }
}

/// Who `endpoint` is in `world`. A pod or node that the world does not have is a stranger with the address
/// that the endpoint gives.
pub fn resolve<'w>(world: &'w World, endpoint: &Endpoint) -> Party<'w> {
    match endpoint {
        Endpoint::Pod { id, address } => match world.pods.get(id) {
            Some(pod) => pod_party(world, pod, *address),
            None => Party::Stranger(*address),
        },
        Endpoint::Node { name, address } => match world.nodes.get(name) {
            Some(node) => Party::Node { name: &node.name, address: *address },
            None => Party::Stranger(*address),
        },
        Endpoint::Ip(address) => address_party(world, *address),
    }
}

/// A pod named in a flow. `status.phase` Succeeded or Failed: it is gone and its address means whoever has
/// it now. `spec.hostNetwork`: it is its node.
fn pod_party<'w>(world: &'w World, pod: &'w Pod, address: Option<IpAddr>) -> Party<'w> {
    if pod.life == Life::Finished {
        return address.map_or(Party::Stranger(None), |address| address_party(world, address));
    }
    if !pod.host_network {
        return Party::Pod { pod, address };
    }
    match pod.node.as_ref().and_then(|name| world.nodes.get(name)) {
        Some(node) => Party::Node { name: &node.name, address },
        None => Party::Stranger(address),
    }
}

/// `status.podIPs` and `status.addresses`: an address belongs to the live pod that has it, then to the node
/// that has it. Finished pods hold no address, `hostNetwork` pods have their node's.
fn address_party(world: &World, address: IpAddr) -> Party<'_> {
    for pod in world.pods.values() {
        let live = pod.life != Life::Finished && !pod.host_network;
        if live && matches!(&pod.addresses, Addresses::Known(ips) if ips.contains(&address)) {
            return Party::Pod { pod, address: Some(address) };
        }
    }
    for node in world.nodes.values() {
        if node.addresses.contains(&address) {
            return Party::Node { name: &node.name, address: Some(address) };
        }
    }
    Party::Stranger(Some(address))
}
