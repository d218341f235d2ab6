//! The guests of a router on one bridge, as the CNI plugin `bridge` hangs pods on their node.
//!
//! The bridge owns the gateway addresses; guests have addresses with the prefix of their range and a default route by the
//! gateway. Between guests frames are only bridged, so the router's bridge netfilter must be on for filters to see them
//! (`net/bridge/bridge-nf-call-*`). Ports may send back where a frame came from (hairpin), so that a guest reaches
//! itself through translation. An address outside of the ranges hangs on the bridge by a route of its own.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::{GATEWAY_V4, GATEWAY_V6, GUEST_INDEX, Guest, LOOPBACK, Link, ROUTER_MAC, link_local, of_family};
use crate::rtnl::{LinkEnd, Request, Route};

/// What CNI plugins call it.
pub(crate) const NAME: &str = "cni0";

/// A router's bridge.
#[derive(Debug, Clone)]
pub(crate) struct Bridge {
    pub(crate) index: u32,
    /// Its addresses, with the prefixes of what lies on it; one a family at least.
    addresses: Vec<IpNet>,
}

impl Bridge {
    /// A bridge with these addresses, behind which come those that ptp links have as gateways: the link-local one is
    /// the source of neighbour discovery, and both are gateways where their family has no other.
    pub(crate) fn new(index: u32, mut addresses: Vec<IpNet>) -> Self {
        let has_v4 = addresses.iter().any(|own| own.addr().is_ipv4());
        addresses.extend((!has_v4).then_some(IpNet::from(GATEWAY_V4)));
        addresses.push(link_local(GATEWAY_V6));
        Self { index, addresses }
    }

    /// Its addresses.
    pub(super) fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        self.addresses.iter().map(IpNet::addr)
    }

    /// Makes it, up.
    pub(crate) fn build(&self) -> Vec<Request> {
        let mut requests =
            vec![Request::add_bridge(NAME, self.index, ROUTER_MAC), Request::link_up(self.index)];
        requests.extend(self.addresses.iter().map(|address| Request::add_address(self.index, *address)));
        requests
    }

    /// Whether the addresses of a range lie on it.
    pub(crate) fn covers(&self, range: &IpNet) -> bool {
        self.addresses.iter().any(|own| own.contains(&range.addr()) && own.prefix_len() <= range.prefix_len())
    }

    /// The router's side of a new link.
    pub(super) fn plug(&self, link: &Link, guest: &Guest) -> Vec<Request> {
        let near = LinkEnd { name: &link.name, index: link.index, mac: None, arp: true };
        let far = LinkEnd { name: "eth0", index: GUEST_INDEX, mac: own_mac(guest), arp: true };
        let mut requests = vec![
            Request::add_veth(near, far, guest.netns.fd()),
            Request::enslave(link.index, self.index),
            Request::let_hairpin(link.index),
        ];
        requests.extend(self.strange_routes(link).map(Request::add_route));
        requests
    }

    /// What does not go with a link.
    pub(super) fn unplug(&self, link: &Link) -> impl Iterator<Item = Request> {
        self.strange_routes(link).map(Request::delete_route)
    }

    fn strange_routes(&self, link: &Link) -> impl Iterator<Item = Route> {
        let device = self.index;
        link.strange.iter().map(move |to| Route { to: *to, device, via: None, source: None, metric: None })
    }

    /// The addresses of a guest that lie outside of the bridge's ranges.
    pub(super) fn strange(&self, guest: &Guest) -> Vec<IpNet> {
        guest.addresses.iter().map(|ip| IpNet::from(*ip)).filter(|ip| !self.covers(ip)).collect()
    }

    /// What the guest itself needs.
    pub(super) fn furnish(&self, link: &Link, guest: &Guest) -> Vec<Request> {
        let mut requests = vec![Request::link_up(LOOPBACK), Request::link_up(GUEST_INDEX)];
        let addresses = guest.addresses.iter().map(|address| self.with_prefix(*address));
        requests.extend(addresses.map(|address| Request::add_address(GUEST_INDEX, address)));
        requests.push(Request::add_address(GUEST_INDEX, own_link_local(link)));
        for gateway in self.addresses.iter().map(IpNet::addr) {
            let Some(source) = of_family(&guest.addresses, gateway) else { continue };
            let (to, via) = (everywhere(gateway), Some(gateway));
            let route = Route { to, device: GUEST_INDEX, via, source: Some(source), metric: None };
            requests.push(Request::add_route(route));
        }
        requests
    }

    /// An address with the prefix of the range that it shares with the bridge.
    fn with_prefix(&self, address: IpAddr) -> IpNet {
        let shared = self.addresses.iter().find(|own| own.contains(&address));
        shared.and_then(|own| IpNet::new(address, own.prefix_len()).ok()).unwrap_or_else(|| address.into())
    }
}

/// From its address, as OVN-Kubernetes does and the plugin did, so that whoever has an address later is found by
/// neighbours who remember the one before.
fn own_mac(guest: &Guest) -> Option<[u8; 6]> {
    let [a, b, c, d] = match guest.addresses.first()? {
        IpAddr::V4(ip) => ip.octets(),
        IpAddr::V6(ip) => {
            let o = ip.octets();
            [o[12], o[13], o[14], o[15]]
        }
    };
    Some([0x0a, 0x58, a, b, c, d])
}

/// On a bridge link-local addresses must differ.
fn own_link_local(link: &Link) -> IpNet {
    let [high, low] = [link.index >> 16, link.index & 0xffff].map(|part| u16::try_from(part).unwrap_or(0));
    link_local(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 1, high, low))
}

fn everywhere(like: IpAddr) -> IpNet {
    match like {
        IpAddr::V4(_) => Ipv4Net::new_assert(Ipv4Addr::UNSPECIFIED, 0).into(),
        IpAddr::V6(_) => Ipv6Net::new_assert(Ipv6Addr::UNSPECIFIED, 0).into(),
    }
}
