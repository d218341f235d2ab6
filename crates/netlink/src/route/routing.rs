//! Asking for links, for routes of the main table, for the addresses at the far end of a link, and for the way to an address.

use std::net::IpAddr;

use nix::libc;
use nix::sys::socket::SockProtocol;

use super::constants::{
    ADDRESS_HEADER, FILTER_HEADER, IFA_ADDRESS, IFA_LOCAL, IFA_TARGET_NETNSID, ROUTE_HEADER, RT_TABLE_MAIN,
    RTA_DST, RTA_GATEWAY, RTA_MULTIPATH, RTA_OIF, RTA_TABLE, RTA_VIA, RTM_F_CLONED, RTM_GETADDR, RTM_GETLINK,
    RTM_GETROUTE, RTM_GETTFILTER, RTM_NEWADDR, RTM_NEWLINK, RTM_NEWROUTE, RTM_NEWTFILTER, RTN_LOCAL,
    RTN_UNICAST, TC_EGRESS, TC_INGRESS, TCA_KIND,
};
use super::link::{LinkInfo, Peer};
use crate::error::Error;
use crate::message::{self, Message};
use crate::socket::{Request, Socket};
use crate::wire::Encode;

const FAMILIES: [u8; 2] = [narrow(libc::AF_INET), narrow(libc::AF_INET6)];

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "families are small numbers")]
const fn narrow(family: libc::c_int) -> u8 {
    family as u8
}

/// A unicast route of the main table that leads to one link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RouteInfo {
    /// The first address it is for; unspecified for a default route.
    pub destination: IpAddr,
    /// How many of its bits count.
    pub prefix: u8,
    /// The link it leads to; `None` where there are several.
    pub link: Option<u32>,
    /// Whether a router is on the way.
    pub gateway: bool,
}

impl RouteInfo {
    /// Whether it is for one address alone.
    pub fn is_of_host(&self) -> bool {
        self.prefix == if self.destination.is_ipv4() { 32 } else { 128 }
    }
}

/// Where the kernel would send a packet now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Out of this link.
    Link {
        /// Its number.
        index: u32,
        /// Whether to a router.
        gateway: bool,
    },
    /// To this network namespace itself.
    Here,
    /// Nowhere.
    Nowhere,
}

/// Asks the kernel for links and routes of the network namespace of the thread that opened it. Needs no capability, except
/// for what is at the far end of a link.
#[derive(Debug)]
pub struct Routing {
    /// Its dumps are of what the request names (`NETLINK_GET_STRICT_CHK`, Linux 4.20), not of everything.
    strict: Socket,
    /// Lookups want no prefix length here.
    loose: Socket,
}

impl Routing {
    /// Opens its sockets.
    pub fn open() -> Result<Self, Error> {
        let strict = Socket::open_of(SockProtocol::NetlinkRoute)?;
        strict.switch_on(libc::NETLINK_GET_STRICT_CHK)?;
        Ok(Self { strict, loose: Socket::open_of(SockProtocol::NetlinkRoute)? })
    }

    /// All links.
    pub fn links(&mut self) -> Result<Vec<LinkInfo>, Error> {
        let links = request(RTM_GETLINK, 0, "list the links");
        let body = |bytes: &mut Vec<u8>| bytes.extend([0; 12]);
        self.strict
            .dump(links, body, |message| Ok(LinkInfo::read(message).filter(|_| message.kind == RTM_NEWLINK)))
    }

    /// The unicast routes of the main table, of both families.
    pub fn routes(&mut self) -> Result<Vec<RouteInfo>, Error> {
        let mut all = Vec::new();
        for family in FAMILIES {
            let routes = request(RTM_GETROUTE, family, "list the routes");
            let body = |bytes: &mut Vec<u8>| {
                bytes.extend([RT_TABLE_MAIN, 0, 0, 0, 0, 0, 0, 0]);
                bytes.put(RTA_TABLE, &u32::from(RT_TABLE_MAIN).to_ne_bytes());
            };
            match self.strict.dump(routes, body, |message| Ok(read_route(message, family))) {
                Err(error) if error.is_absent() => {} // no table yet
                found => all.extend(found?),
            }
        }
        Ok(all)
    }

    /// The addresses of a link at the far end of ours, in its own network namespace. Needs `CAP_NET_ADMIN` over the user
    /// namespace that owns that one (`rtnl_get_net_ns_capable`).
    pub fn addresses_of(&mut self, peer: Peer) -> Result<Vec<IpAddr>, Error> {
        let mut all = Vec::new();
        for family in FAMILIES {
            let addresses = request(RTM_GETADDR, family, "list the addresses at the far end of a link");
            let body = |bytes: &mut Vec<u8>| {
                bytes.extend(peer.index.to_ne_bytes());
                bytes.put(IFA_TARGET_NETNSID, &peer.namespace.to_ne_bytes());
            };
            all.extend(self.strict.dump(addresses, body, |message| Ok(read_address(message, peer.index)))?);
        }
        Ok(all)
    }

    /// Where packets to an address go.
    pub fn way_to(&mut self, address: IpAddr) -> Result<Way, Error> {
        let (family, octets) = match address {
            IpAddr::V4(address) => (FAMILIES[0], address.octets().to_vec()),
            IpAddr::V6(address) => (FAMILIES[1], address.octets().to_vec()),
        };
        let body = |bytes: &mut Vec<u8>| {
            bytes.extend([0; 8]);
            bytes.put(RTA_DST, &octets);
        };
        let mut way = Way::Nowhere;
        let lookup = Request { flags: message::ACK, ..request(RTM_GETROUTE, family, "look up a route") };
        let asked = self.loose.request(lookup, body, |message| {
            way = read_way(message);
            Ok(())
        });
        match asked {
            Err(Error::Refused { .. }) => Ok(Way::Nowhere), // unreachable, prohibited and the like are errors
            asked => asked.map(|()| way),
        }
    }

    /// The kinds of traffic control filters that see packets of a link, `bpf` for instance. Programs that are attached by
    /// `tcx` are not among them.
    pub fn filters(&mut self, link: u32) -> Result<Vec<String>, Error> {
        let mut kinds = Vec::new();
        for parent in [TC_INGRESS, TC_EGRESS] {
            let filters = request(RTM_GETTFILTER, 0, "list traffic control filters");
            let body = |bytes: &mut Vec<u8>| {
                bytes.extend(link.to_ne_bytes());
                bytes.extend([0; 4]);
                bytes.extend(parent.to_ne_bytes());
                bytes.extend([0; 4]);
            };
            let kind = |message: &Message<'_>| message.attributes_behind(FILTER_HEADER).string(TCA_KIND);
            match self.loose.dump(filters, body, |m| Ok(kind(m).filter(|_| m.kind == RTM_NEWTFILTER))) {
                Err(Error::Refused { .. }) => {} // no such qdisc
                found => kinds.extend(found?),
            }
        }
        Ok(kinds)
    }
}

fn request(kind: u16, family: u8, name: &str) -> Request<'_> {
    Request { kind, flags: 0, family, resource: 0, name }
}

fn read_route(message: &Message<'_>, family: u8) -> Option<RouteInfo> {
    let [_, prefix, _, _, table, _, _, kind] = message.header(0)?;
    let flags = message.header(8).map(u32::from_ne_bytes)?;
    if message.kind != RTM_NEWROUTE
        || table != RT_TABLE_MAIN
        || kind != RTN_UNICAST
        || flags & RTM_F_CLONED != 0
    {
        return None;
    }
    let attributes = message.attributes_behind(ROUTE_HEADER);
    let anywhere = if family == FAMILIES[0] { IpAddr::from([0; 4]) } else { IpAddr::from([0; 16]) };
    Some(RouteInfo {
        destination: attributes.ip(RTA_DST).unwrap_or(anywhere),
        prefix,
        link: attributes.ne32(RTA_OIF).filter(|_| attributes.get(RTA_MULTIPATH).is_none()),
        gateway: [RTA_GATEWAY, RTA_VIA, RTA_MULTIPATH].iter().any(|kind| attributes.get(*kind).is_some()),
    })
}

fn read_way(message: &Message<'_>) -> Way {
    let attributes = message.attributes_behind(ROUTE_HEADER);
    let gateway = [RTA_GATEWAY, RTA_VIA].iter().any(|kind| attributes.get(*kind).is_some());
    match (message.header(7), attributes.ne32(RTA_OIF)) {
        (Some([RTN_LOCAL]), _) => Way::Here,
        (Some([RTN_UNICAST]), Some(index)) => Way::Link { index, gateway },
        _ => Way::Nowhere,
    }
}

/// `IFA_LOCAL` is the link's own address where `IFA_ADDRESS` is that of the other side.
fn read_address(message: &Message<'_>, link: u32) -> Option<IpAddr> {
    let of = message.header(4).map(u32::from_ne_bytes)?;
    let attributes = message.attributes_behind(ADDRESS_HEADER);
    let address = attributes.ip(IFA_LOCAL).or_else(|| attributes.ip(IFA_ADDRESS));
    address.filter(|_| message.kind == RTM_NEWADDR && of == link)
}
