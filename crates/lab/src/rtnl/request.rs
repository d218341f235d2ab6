//! The vocabulary of rtnetlink the lab needs, each word a constructor of [`Request`].
//!
//! Link indexes are chosen by us, not asked from the kernel, so that a link, its addresses and its routes fit in one batch.

use std::net::IpAddr;
use std::os::fd::{AsRawFd, BorrowedFd};

use ipnet::IpNet;
use rtnetlink::packet_core::{NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE};
use rtnetlink::packet_route::address::{AddressAttribute, AddressHeaderFlags, AddressMessage, AddressScope};
use rtnetlink::packet_route::link::{
    InfoBridgePort, InfoData, InfoKind, InfoPortData, InfoPortKind, InfoVeth, LinkAttribute, LinkFlags,
    LinkInfo, LinkMessage,
};
use rtnetlink::packet_route::neighbour::{
    NeighbourAddress, NeighbourAttribute, NeighbourMessage, NeighbourState,
};
use rtnetlink::packet_route::route::{
    RouteAttribute, RouteFlags, RouteHeader, RouteMessage, RouteProtocol, RouteScope, RouteType,
};
use rtnetlink::packet_route::{AddressFamily, RouteNetlinkMessage};

/// One rtnetlink message and what it does, in words.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) what: String,
    pub(crate) flags: u16,
    pub(crate) message: RouteNetlinkMessage,
}

/// One end of a veth pair in the making.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LinkEnd<'a> {
    pub(crate) name: &'a str,
    pub(crate) index: u32,
    /// Hardware address; the kernel picks one if absent.
    pub(crate) mac: Option<[u8; 6]>,
    /// Whether neighbours are looked up on it.
    pub(crate) arp: bool,
}

impl LinkEnd<'_> {
    fn message(&self) -> LinkMessage {
        let mut message = LinkMessage::default();
        message.header.index = self.index;
        if !self.arp {
            message.header.change_mask = LinkFlags::Noarp;
            message.header.flags = LinkFlags::Noarp;
        }
        message.attributes.push(LinkAttribute::IfName(self.name.to_owned()));
        message.attributes.extend(self.mac.map(|mac| LinkAttribute::Address(mac.to_vec())));
        message
    }
}

/// A route to be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Route {
    pub(crate) to: IpNet,
    pub(crate) device: u32,
    /// Next hop, taken to be on the link whatever the addresses say.
    pub(crate) via: Option<IpAddr>,
    /// Source address that packets of this namespace get.
    pub(crate) source: Option<IpAddr>,
    /// Of several routes to one destination the smallest is taken; the kernel's choice if absent.
    pub(crate) metric: Option<u32>,
}

impl Request {
    /// Adds a veth pair: `near` here, up, and `far` in the namespace `far_namespace`, still down (the kernel pairs the ends last).
    pub(crate) fn add_veth(near: LinkEnd<'_>, far: LinkEnd<'_>, far_namespace: BorrowedFd<'_>) -> Self {
        let mut peer = far.message();
        peer.attributes.push(LinkAttribute::NetNsFd(far_namespace.as_raw_fd()));
        let mut link = near.message();
        link.header.change_mask |= LinkFlags::Up;
        link.header.flags |= LinkFlags::Up;
        let data = InfoData::Veth(InfoVeth::Peer(peer));
        link.attributes
            .push(LinkAttribute::LinkInfo(vec![LinkInfo::Kind(InfoKind::Veth), LinkInfo::Data(data)]));
        Self {
            what: format!("add link {}", near.name),
            flags: NLM_F_CREATE | NLM_F_EXCL,
            message: RouteNetlinkMessage::NewLink(link),
        }
    }

    /// Adds a bridge, still down, that keeps its hardware address whatever ports it gets.
    pub(crate) fn add_bridge(name: &str, index: u32, mac: [u8; 6]) -> Self {
        let mut link = LinkEnd { name, index, mac: Some(mac), arp: true }.message();
        link.attributes.push(LinkAttribute::LinkInfo(vec![LinkInfo::Kind(InfoKind::Bridge)]));
        Self {
            what: format!("add bridge {name}"),
            flags: NLM_F_CREATE | NLM_F_EXCL,
            message: RouteNetlinkMessage::NewLink(link),
        }
    }

    /// Adds a macvlan of a link here, still down, in the namespace `far_namespace`.
    pub(crate) fn add_macvlan(end: LinkEnd<'_>, parent: u32, far_namespace: BorrowedFd<'_>) -> Self {
        let mut link = end.message();
        link.attributes.push(LinkAttribute::Link(parent));
        link.attributes.push(LinkAttribute::NetNsFd(far_namespace.as_raw_fd()));
        link.attributes.push(LinkAttribute::LinkInfo(vec![LinkInfo::Kind(InfoKind::MacVlan)]));
        Self {
            what: format!("add macvlan {}", end.name),
            flags: NLM_F_CREATE | NLM_F_EXCL,
            message: RouteNetlinkMessage::NewLink(link),
        }
    }

    /// Makes a link a port of a bridge.
    pub(crate) fn enslave(index: u32, bridge: u32) -> Self {
        let mut link = LinkMessage::default();
        link.header.index = index;
        link.attributes.push(LinkAttribute::Controller(bridge));
        Self {
            what: format!("make link {index} a port of bridge {bridge}"),
            flags: 0,
            message: RouteNetlinkMessage::SetLink(link),
        }
    }

    /// Lets a port of a bridge send frames back where they came from (`hairpin_mode`).
    pub(crate) fn let_hairpin(index: u32) -> Self {
        let mut link = LinkMessage::default();
        link.header.index = index;
        link.attributes.push(LinkAttribute::LinkInfo(vec![
            LinkInfo::PortKind(InfoPortKind::Bridge),
            LinkInfo::PortData(InfoPortData::BridgePort(vec![InfoBridgePort::HairpinMode(true)])),
        ]));
        Self {
            what: format!("switch hairpin on at port {index}"),
            flags: 0,
            message: RouteNetlinkMessage::NewLink(link),
        }
    }

    /// Switches a link on.
    pub(crate) fn link_up(index: u32) -> Self {
        let mut link = LinkMessage::default();
        link.header.index = index;
        link.header.flags = LinkFlags::Up;
        link.header.change_mask = LinkFlags::Up;
        Self {
            what: format!("switch on link {index}"),
            flags: 0,
            message: RouteNetlinkMessage::SetLink(link),
        }
    }

    /// Deletes a link, and with a veth its other end; routes and neighbours go with it.
    pub(crate) fn delete_link(index: u32) -> Self {
        let mut link = LinkMessage::default();
        link.header.index = index;
        Self { what: format!("delete link {index}"), flags: 0, message: RouteNetlinkMessage::DelLink(link) }
    }

    /// Adds an address, usable at once.
    pub(crate) fn add_address(index: u32, address: IpNet) -> Self {
        let mut message = AddressMessage::default();
        message.header.family = family(address.addr());
        message.header.prefix_len = address.prefix_len();
        message.header.index = index;
        if is_link_local(address.addr()) {
            message.header.scope = AddressScope::Link;
        }
        if address.addr().is_ipv6() {
            message.header.flags = AddressHeaderFlags::Nodad;
        }
        message.attributes.push(AddressAttribute::Local(address.addr()));
        message.attributes.push(AddressAttribute::Address(address.addr()));
        Self {
            what: format!("add address {address}"),
            flags: NLM_F_CREATE | NLM_F_REPLACE,
            message: RouteNetlinkMessage::NewAddress(message),
        }
    }

    /// Adds a neighbour that is never asked for and never forgotten.
    pub(crate) fn add_neighbour(index: u32, address: IpAddr, mac: [u8; 6]) -> Self {
        let mut message = NeighbourMessage::default();
        message.header.family = family(address);
        message.header.ifindex = index;
        message.header.state = NeighbourState::Permanent;
        let destination = match address {
            IpAddr::V4(address) => NeighbourAddress::Inet(address),
            IpAddr::V6(address) => NeighbourAddress::Inet6(address),
        };
        message.attributes.push(NeighbourAttribute::Destination(destination));
        message.attributes.push(NeighbourAttribute::LinkLayerAddress(mac.to_vec()));
        Self {
            what: format!("add neighbour {address}"),
            flags: NLM_F_CREATE | NLM_F_REPLACE,
            message: RouteNetlinkMessage::NewNeighbour(message),
        }
    }

    /// Takes a route out of the main table.
    pub(crate) fn delete_route(route: Route) -> Self {
        let mut message = RouteMessage::default();
        message.header.address_family = family(route.to.addr());
        message.header.destination_prefix_length = route.to.prefix_len();
        message.header.table = RouteHeader::RT_TABLE_MAIN;
        message.header.scope = RouteScope::NoWhere;
        message.attributes.push(RouteAttribute::Destination(route.to.addr().into()));
        message.attributes.push(RouteAttribute::Oif(route.device));
        message.attributes.extend(route.metric.map(RouteAttribute::Priority));
        let what = format!("delete route to {}", route.to);
        Self { what, flags: 0, message: RouteNetlinkMessage::DelRoute(message) }
    }

    /// Adds a route in the main table.
    pub(crate) fn add_route(route: Route) -> Self {
        let mut message = RouteMessage::default();
        message.header.address_family = family(route.to.addr());
        message.header.destination_prefix_length = route.to.prefix_len();
        message.header.table = RouteHeader::RT_TABLE_MAIN;
        message.header.protocol = RouteProtocol::Static;
        message.header.kind = RouteType::Unicast;
        message.header.scope = scope(&route);
        let attributes = &mut message.attributes;
        attributes.push(RouteAttribute::Destination(route.to.addr().into()));
        attributes.push(RouteAttribute::Oif(route.device));
        attributes.extend(route.source.map(|source| RouteAttribute::PrefSource(source.into())));
        attributes.extend(route.metric.map(RouteAttribute::Priority));
        if let Some(via) = route.via {
            attributes.push(RouteAttribute::Gateway(via.into()));
            message.header.flags = RouteFlags::Onlink;
        }
        Self {
            what: format!("add route to {}", route.to),
            flags: NLM_F_CREATE | NLM_F_REPLACE,
            message: RouteNetlinkMessage::NewRoute(message),
        }
    }
}

/// The scope `ip route` would choose: how far away the destination is.
fn scope(route: &Route) -> RouteScope {
    match route.via {
        None if route.to.addr().is_ipv4() => RouteScope::Link,
        _ => RouteScope::Universe,
    }
}

fn family(address: IpAddr) -> AddressFamily {
    match address {
        IpAddr::V4(_) => AddressFamily::Inet,
        IpAddr::V6(_) => AddressFamily::Inet6,
    }
}

fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(_) => false,
        IpAddr::V6(address) => address.is_unicast_link_local(),
    }
}
