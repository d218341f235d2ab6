//! The metadata server of clouds, which hands out credentials to whoever asks from a node or a pod.

use std::net::{IpAddr, Ipv4Addr};

use podfence_model::{Layer4, Port, Protocol};

use crate::blocks::BlockPeer;
use crate::isolated::numbered_ports;

/// Where AWS, Azure, Google and others have it.
pub(crate) const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254));
/// What it is asked over; its DNS, on port 53, is something else.
pub(crate) const HTTP: Layer4 = Layer4::Port(Protocol::Tcp, Port::new(80).unwrap());

/// Whether a wide block of an egress rule admits it. A block of link-local addresses was written for it on purpose.
pub(crate) fn is_opened_by(peer: &BlockPeer<'_>) -> bool {
    let wide = peer.block.cidr().net().prefix_len() < 16;
    peer.is_egress() && wide && peer.block.contains(ADDRESS) && numbered_ports(peer.rule.rule).contains(HTTP)
}
