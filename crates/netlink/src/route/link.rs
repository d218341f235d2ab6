//! A link as the kernel describes it.

use super::constants::{
    IFLA_BR_NF_CALL_IP6TABLES, IFLA_BR_NF_CALL_IPTABLES, IFLA_IFNAME, IFLA_INFO_DATA, IFLA_INFO_KIND,
    IFLA_LINK, IFLA_LINK_NETNSID, IFLA_LINKINFO, IFLA_MASTER, IFLA_XDP, IFLA_XDP_ATTACHED, LINK_HEADER,
};
use crate::message::Message;
use crate::wire::{Attributes, array};

/// A link of this network namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkInfo {
    /// Its number.
    pub index: u32,
    /// Its name.
    pub name: String,
    /// `veth`, `bridge` and the like; `None` for hardware and loopback.
    pub kind: Option<String>,
    /// The bridge (or other link) that it is a port of.
    pub master: Option<u32>,
    /// The link that it is tied to, if that is in another network namespace.
    pub peer: Option<Peer>,
    /// Whether an XDP program sees its packets first.
    pub xdp: bool,
    /// For a bridge: whether it shows what it bridges to the filters of its own accord.
    pub bridge_filters: Option<BridgeFilters>,
}

/// The other end of a veth pair, in another network namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Peer {
    /// The number that this namespace has for that one (`IFLA_LINK_NETNSID`).
    pub namespace: i32,
    /// The number of the link there.
    pub index: u32,
}

/// A bridge's own switches `nf_call_iptables` and `nf_call_ip6tables`, besides the two of the network namespace.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BridgeFilters {
    /// For IPv4.
    pub v4: bool,
    /// For IPv6.
    pub v6: bool,
}

impl LinkInfo {
    pub(super) fn read(message: &Message<'_>) -> Option<Self> {
        let attributes = message.attributes_behind(LINK_HEADER);
        let info = attributes.nested(IFLA_LINKINFO);
        let kind = info.and_then(|info| info.string(IFLA_INFO_KIND));
        let data = info.filter(|_| kind.as_deref() == Some("bridge"));
        Some(Self {
            index: message.header(4).map(u32::from_ne_bytes)?,
            name: attributes.string(IFLA_IFNAME)?,
            master: attributes.ne32(IFLA_MASTER),
            peer: peer(attributes),
            xdp: attributes.nested(IFLA_XDP).and_then(|xdp| xdp.u8(IFLA_XDP_ATTACHED)).unwrap_or(0) != 0,
            bridge_filters: data.and_then(|data| data.nested(IFLA_INFO_DATA)).map(bridge_filters),
            kind,
        })
    }
}

fn peer(attributes: Attributes<'_>) -> Option<Peer> {
    let namespace = attributes.get(IFLA_LINK_NETNSID).and_then(array).map(i32::from_ne_bytes)?;
    Some(Peer { namespace, index: attributes.ne32(IFLA_LINK)? })
}

fn bridge_filters(data: Attributes<'_>) -> BridgeFilters {
    let on = |kind| data.u8(kind).unwrap_or(0) != 0;
    BridgeFilters { v4: on(IFLA_BR_NF_CALL_IPTABLES), v6: on(IFLA_BR_NF_CALL_IP6TABLES) }
}
