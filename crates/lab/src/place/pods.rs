//! The node and the addresses of each pod.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use podfence_model::{Addresses, Cidr, Family, Node, Pod, World};

use super::{MOST, PlaceError};

/// Addresses at the start of a node's range that are left to bridges and the like.
const FIRST_POD: usize = 9;

/// Gives every pod a node, in turn, and addresses of that node's ranges. `kept` pods had their turn before.
pub(super) fn place_pods(world: &mut World, kept: usize) -> Result<(), PlaceError> {
    let nodes: Vec<String> = world.nodes.keys().cloned().collect();
    for (turn, pod) in world.pods.values_mut().filter(|p| p.node.is_none()).enumerate() {
        pod.node = nodes.get((kept + turn) % nodes.len().max(1)).cloned();
    }
    let of_pods = world.pods.values().flat_map(|p| p.ips().to_vec());
    let of_nodes = world.nodes.values().flat_map(|node| node.addresses.iter().copied());
    let mut taken: BTreeSet<IpAddr> = of_pods.chain(of_nodes).collect();
    let mut next: BTreeMap<String, usize> = BTreeMap::new();
    for pod in world.pods.values_mut() {
        let Some(node) = pod.node.as_ref().and_then(|name| world.nodes.get_mut(name)) else { continue };
        if pod.host_network {
            pod.addresses = Addresses::Known(node.addresses.clone());
            continue;
        }
        let count = next.entry(node.name.clone()).or_default();
        *count += 1;
        if *count > MOST {
            return Err(PlaceError::TooManyPods { node: node.name.clone(), pods: *count });
        }
        address_pod(pod, node, &mut taken);
    }
    Ok(())
}

/// Gives a pod a free address of each family of its node's ranges; an address that it states becomes part of them.
fn address_pod(pod: &mut Pod, node: &mut Node, taken: &mut BTreeSet<IpAddr>) {
    if let Addresses::Known(ips) = &pod.addresses {
        let strange = ips.iter().filter(|ip| !node.pod_ranges.iter().any(|r| r.contains(**ip)));
        let strange: Vec<Cidr> = strange.map(|ip| Cidr::host(*ip)).collect();
        node.pod_ranges.extend(strange);
        return;
    }
    let mut ips: Vec<IpAddr> = Vec::new();
    for range in &node.pod_ranges {
        let family_done = ips.iter().any(|ip| Family::of(*ip) == range.family());
        let free = range.net().hosts().skip(FIRST_POD).find(|ip| !taken.contains(ip));
        ips.extend(free.filter(|_| !family_done));
    }
    taken.extend(&ips);
    pod.addresses = if ips.is_empty() { Addresses::NotYet } else { Addresses::Known(ips) };
}
