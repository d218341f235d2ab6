//! Nodes.

use std::net::IpAddr;

use crate::labels::Labels;
use crate::meta::Origin;
use crate::net::Cidr;

/// A node. In a flow it is every address it has; `hostNetwork` pods are their node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// `metadata.name`.
    pub name: String,
    /// `metadata.labels`.
    pub labels: Labels,
    /// Every known address: those of its status, and bridge or tunnel ones where known.
    pub addresses: Vec<IpAddr>,
    /// `spec.podCIDRs`: the ranges its pods get their addresses from.
    pub pod_ranges: Vec<Cidr>,
    /// Where the node was read.
    pub origin: Origin,
}
