//! How a namespace hangs on its router: a point-to-point veth pair, as many CNIs build it, or a port of its [`bridge`].
//!
//! A node hangs on the outside, and with ptp links a pod on its node, in the same way: `/32` and `/128` addresses on the guest's `eth0`, a default route through
//! 169.254.1.1 (a permanent neighbour, nobody owns it) and fe80::1 (every router's end; fe80::2 is the guest's, and discovery is real), and on
//! the router one route for each address. Packets for nobody go into the void: a veth whose far end does not forward, so they vanish in silence
//! wherever they were sent from.

mod bridge;
mod ready;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::netns::Netns;
use crate::rtnl::{self, LinkEnd, Request, Route, RtnlError};

pub(crate) use bridge::{Bridge, NAME as BRIDGE};
use ready::Fresh;

/// The hardware address of every router's end of a link.
const ROUTER_MAC: [u8; 6] = [0xee; 6];
const GATEWAY_V4: IpAddr = IpAddr::V4(Ipv4Addr::new(169, 254, 1, 1));
const GATEWAY_V6: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);
/// Without it a guest that forwards has no source for neighbour discovery, and what it forwards is lost.
const GUEST_LINK_LOCAL: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 2);
const LOOPBACK: u32 = 1;
const GUEST_INDEX: u32 = 100;
const BRIDGE_INDEX: u32 = 999;
const FIRST_ROUTER_INDEX: u32 = 1000;

/// A namespace that forwards, and what it needs to know to hang others on it.
#[derive(Debug)]
pub(crate) struct Router {
    pub(crate) netns: Netns,
    /// Its own addresses; the first of a family is the source of what it sends itself.
    pub(crate) addresses: Vec<IpAddr>,
    /// What guests are ports of; without one each has a link of its own.
    bridge: Option<Bridge>,
    next_index: u32,
    void: u32,
}

/// A namespace to be hung on a router.
#[derive(Debug, Clone)]
pub(crate) struct Guest {
    pub(crate) netns: Netns,
    pub(crate) addresses: Vec<IpAddr>,
    /// The name of the router's end; `veth` and the link's index if absent.
    pub(crate) router_interface: Option<String>,
    /// Ranges that lie behind the guest.
    pub(crate) ranges: Vec<IpNet>,
}

/// The router's end of a link.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    pub(crate) index: u32,
    pub(crate) name: String,
    /// Addresses of the guest whose routes do not go with the link.
    strange: Vec<IpNet>,
}

impl Router {
    /// Switches loopback on and opens the way into `void`.
    pub(crate) fn new(
        netns: Netns,
        addresses: Vec<IpAddr>,
        void: &Netns,
        void_index: u32,
    ) -> Result<Self, RtnlError> {
        let (bridge, next_index, void_here) = (None, FIRST_ROUTER_INDEX + 1, FIRST_ROUTER_INDEX);
        let router = Self { netns, addresses, bridge, next_index, void: void_here };
        let name = format!("void{void_index}");
        let near = LinkEnd { name: "void", index: router.void, mac: None, arp: false };
        let far = LinkEnd { name: &name, index: void_index, mac: None, arp: false };
        router.apply(vec![Request::link_up(LOOPBACK), Request::add_veth(near, far, void.fd())])?;
        void.run(move || rtnl::apply(&[Request::link_up(void_index)]))?;
        Ok(router)
    }

    /// Lets guests be ports of a bridge from now on, which has these addresses.
    pub(crate) fn bridge(&mut self, addresses: Vec<IpNet>) -> Result<(), RtnlError> {
        let bridge = Bridge::new(BRIDGE_INDEX, addresses);
        self.apply(bridge.build())?;
        self.bridge = Some(bridge);
        Ok(())
    }

    /// Gives the router addresses of its own, on loopback.
    pub(crate) fn own(&self, addresses: &[IpAddr]) -> Result<(), RtnlError> {
        self.apply(
            addresses.iter().map(|address| Request::add_address(LOOPBACK, (*address).into())).collect(),
        )
    }

    /// Sends what goes to `ranges`, and has no better route, into the void; what lies on the bridge has one.
    pub(crate) fn swallow(&self, ranges: &[IpNet]) -> Result<(), RtnlError> {
        let bridged = |range: &&IpNet| self.bridge.as_ref().is_some_and(|bridge| bridge.covers(range));
        let swallowed = ranges.iter().filter(|range| !bridged(range));
        self.apply(swallowed.map(|range| Request::add_route(self.route(*range, self.void))).collect())
    }

    /// Hangs `guests` on this router, all in one batch.
    pub(crate) fn connect(&mut self, guests: &[Guest]) -> Result<Vec<Link>, RtnlError> {
        let links: Vec<Link> = guests.iter().map(|guest| self.next_link(guest)).collect();
        let requests = links.iter().zip(guests).flat_map(|(link, guest)| self.plug(link, guest)).collect();
        self.apply(requests)?;
        for (link, guest) in links.iter().zip(guests) {
            let requests = self.furnish(link, guest);
            let fresh = Fresh { index: GUEST_INDEX, addresses: guest.addresses.clone() };
            guest.netns.run(move || rtnl::apply(&requests).and_then(|()| ready::wait(&[fresh])))?;
        }
        let ends: Vec<Fresh> =
            links.iter().map(|link| self.near_end(link)).chain(self.fresh_bridge()).collect();
        self.netns.run(move || ready::wait(&ends))?;
        // Whoever was sent to before its link was ready would not be looked for again for a second.
        self.apply(links.iter().zip(guests).flat_map(|(link, guest)| self.lead_all(link, guest)).collect())?;
        Ok(links)
    }

    /// Sends what goes to `ranges` to the guest at `link`, who has these addresses.
    pub(crate) fn lead(&self, link: &Link, guest: &[IpAddr], ranges: &[IpNet]) -> Result<(), RtnlError> {
        self.apply(self.behind(link, guest, ranges).collect())
    }

    /// Makes the guest at `link`, who has these addresses, one of the ways to `new`, and to `gone` no more. Of several ways
    /// the first guest's is taken, unless a sender is bound to a link.
    pub(crate) fn offer(
        &self,
        link: &Link,
        guest: &[IpAddr],
        new: &[IpNet],
        gone: &[IpNet],
    ) -> Result<(), RtnlError> {
        let way = |to: &IpNet| {
            let via = of_family(guest, to.addr())?;
            Some(Route { via: Some(via), metric: Some(link.index), ..self.route(*to, link.index) })
        };
        let new = new.iter().filter_map(way).map(Request::add_route);
        let gone = gone.iter().filter_map(way).map(Request::delete_route);
        self.apply(new.chain(gone).collect())
    }

    /// Takes back what [`Self::swallow`] did for these.
    pub(crate) fn forget(&self, ranges: &[IpNet]) -> Result<(), RtnlError> {
        self.apply(ranges.iter().map(|range| Request::delete_route(self.route(*range, self.void))).collect())
    }

    /// Takes a link and its other end away, with all routes through it.
    pub(crate) fn disconnect(&self, link: &Link) -> Result<(), RtnlError> {
        let mut requests: Vec<Request> = self.bridge.iter().flat_map(|bridge| bridge.unplug(link)).collect();
        requests.push(Request::delete_link(link.index));
        self.apply(requests)
    }

    /// Takes a guest's link away and gives it a macvlan of the router's own uplink instead.
    pub(crate) fn bypass(&self, link: &Link, guest: &Netns) -> Result<(), RtnlError> {
        self.disconnect(link)?;
        let end = LinkEnd { name: "eth0", index: GUEST_INDEX, mac: None, arp: true };
        self.apply(vec![Request::add_macvlan(end, GUEST_INDEX, guest.fd())])
    }

    fn apply(&self, requests: Vec<Request>) -> Result<(), RtnlError> {
        self.netns.run(move || rtnl::apply(&requests))
    }

    fn next_link(&mut self, guest: &Guest) -> Link {
        let index = self.next_index;
        self.next_index += 1;
        let name = guest.router_interface.clone().unwrap_or_else(|| format!("veth{index}"));
        let strange = self.bridge.as_ref().map_or_else(Vec::new, |bridge| bridge.strange(guest));
        Link { index, name, strange }
    }

    fn plug(&self, link: &Link, guest: &Guest) -> Vec<Request> {
        if let Some(bridge) = &self.bridge {
            return bridge.plug(link, guest);
        }
        let near = LinkEnd { name: &link.name, index: link.index, mac: Some(ROUTER_MAC), arp: true };
        let far = LinkEnd { name: "eth0", index: GUEST_INDEX, mac: None, arp: true };
        vec![
            Request::add_veth(near, far, guest.netns.fd()),
            Request::add_address(link.index, link_local(GATEWAY_V6)),
        ]
    }

    /// The ways to the guest and to what lies behind it; on a bridge it is found by its neighbours.
    fn lead_all(&self, link: &Link, guest: &Guest) -> Vec<Request> {
        if self.bridge.is_some() {
            return Vec::new();
        }
        let addresses = guest.addresses.iter().map(|address| self.route((*address).into(), link.index));
        let behind = self.behind(link, &guest.addresses, &guest.ranges);
        addresses.map(Request::add_route).chain(behind).collect()
    }

    fn near_end(&self, link: &Link) -> Fresh {
        let addresses = if self.bridge.is_some() { Vec::new() } else { vec![GATEWAY_V6.into()] };
        Fresh { index: link.index, addresses }
    }

    fn fresh_bridge(&self) -> Option<Fresh> {
        let bridge = self.bridge.as_ref()?;
        Some(Fresh { index: bridge.index, addresses: bridge.addresses().collect() })
    }

    fn furnish(&self, link: &Link, guest: &Guest) -> Vec<Request> {
        self.bridge.as_ref().map_or_else(|| furnish(guest), |bridge| bridge.furnish(link, guest))
    }

    fn behind(&self, link: &Link, guest: &[IpAddr], ranges: &[IpNet]) -> impl Iterator<Item = Request> {
        ranges.iter().filter_map(|range| {
            let via = of_family(guest, range.addr())?;
            Some(Request::add_route(Route { via: Some(via), ..self.route(*range, link.index) }))
        })
    }

    fn route(&self, to: IpNet, device: u32) -> Route {
        Route { to, device, via: None, source: of_family(&self.addresses, to.addr()), metric: None }
    }
}

/// Gives the guest that the calling thread is in one more address.
pub(crate) fn take(address: IpAddr) -> Result<(), RtnlError> {
    rtnl::apply(&[Request::add_address(GUEST_INDEX, address.into())])
}

/// What the guest of a ptp link needs itself: loopback, addresses and the way out.
fn furnish(guest: &Guest) -> Vec<Request> {
    let mut requests = vec![Request::link_up(LOOPBACK), Request::link_up(GUEST_INDEX)];
    requests
        .extend(guest.addresses.iter().map(|address| Request::add_address(GUEST_INDEX, (*address).into())));
    requests.push(Request::add_address(GUEST_INDEX, link_local(GUEST_LINK_LOCAL)));
    requests.push(Request::add_neighbour(GUEST_INDEX, GATEWAY_V4, ROUTER_MAC));
    for (everywhere, gateway) in
        [(IpNet::V4(Ipv4Net::default()), GATEWAY_V4), (IpNet::V6(Ipv6Net::default()), GATEWAY_V6.into())]
    {
        let source = of_family(&guest.addresses, gateway);
        let route = Route { to: everywhere, device: GUEST_INDEX, via: Some(gateway), source, metric: None };
        requests.extend(source.map(|_| Request::add_route(route)));
    }
    requests
}

fn link_local(address: Ipv6Addr) -> IpNet {
    Ipv6Net::new_assert(address, 64).into()
}

fn of_family(addresses: &[IpAddr], like: IpAddr) -> Option<IpAddr> {
    addresses.iter().copied().find(|address| address.is_ipv4() == like.is_ipv4())
}
