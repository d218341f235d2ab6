//! `v1` Node.

use std::net::IpAddr;

use podfence_model::{Cidr, Kind, Node};

use super::address;
use super::header::{Header, Naming};
use super::manifest::Manifest;
use crate::decode::Fields;

/// Reads a Node into the world.
pub(crate) fn read(manifest: &mut Manifest<'_, '_>) {
    let pod_ranges = manifest.fields.mapping("spec").map(pod_ranges).unwrap_or_default();
    let addresses = manifest.fields.mapping("status").map(addresses).unwrap_or_default();
    let Some(header) = Header::read(manifest, Kind::Node, Naming::Cluster) else { return };
    manifest.state(&header);
    let Header { id, labels, origin, .. } = header;
    let node = Node { name: id.name.clone(), labels, addresses, pod_ranges, origin };
    manifest.gathered.world.nodes.insert(id.name, node);
}

/// `podCIDRs`, or the older `podCIDR`.
fn pod_ranges(mut spec: Fields<'_>) -> Vec<Cidr> {
    let mut ranges: Vec<Cidr> = spec.list("podCIDRs").filter_map(address::cidr).collect();
    if ranges.is_empty() {
        ranges.extend(spec.get("podCIDR").and_then(address::cidr));
    }
    ranges
}

/// Every address of the status that is an IP; host names are none.
fn addresses(mut status: Fields<'_>) -> Vec<IpAddr> {
    let is_ip = |fields: &mut Fields<'_>| matches!(fields.text("type"), Some("InternalIP" | "ExternalIP"));
    let address = |mut fields: Fields<'_>| {
        is_ip(&mut fields).then(|| fields.required("address").and_then(address::ip)).flatten()
    };
    let mut addresses: Vec<IpAddr> = status.mappings("addresses").filter_map(address).collect();
    addresses.sort_unstable();
    addresses.dedup();
    addresses
}
