//! What was read of this node's network at one moment, and reading it.
//!
//! What somebody forbids to read is left out: the pods concerned are then found nowhere, which the status says.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::IpAddr;

use podfence_model::Family;
use podfence_netlink::Error;
use podfence_netlink::nft::{Flowtable, Nftables};
use podfence_netlink::route::{LinkInfo, RouteInfo, Routing, Way};

/// A node's links, routes and switches.
#[derive(Debug, Clone, Default)]
pub(super) struct Picture {
    /// Links, by number.
    pub links: BTreeMap<u32, LinkInfo>,
    /// Unicast routes of the main table.
    pub routes: Vec<RouteInfo>,
    /// The addresses at the far ends of bridge ports, by the port's number.
    pub far: BTreeMap<u32, Vec<IpAddr>>,
    /// Where packets to each of the pods' addresses go.
    pub ways: BTreeMap<IpAddr, Way>,
    /// Flow tables, anybody's.
    pub flowtables: Vec<Flowtable>,
    /// Links of pods that a program of somebody's sees before us.
    pub programs: BTreeMap<u32, &'static str>,
    /// Families that bridged packets are shown to filters in, on every bridge of this network namespace.
    pub filters_bridges: BTreeSet<Family>,
    /// Families that are forwarded between links.
    pub forwards: BTreeSet<Family>,
}

impl Picture {
    /// Reads everything, for pods with these addresses.
    pub(super) fn take(
        routing: &mut Routing,
        nft: &mut Nftables,
        addresses: impl Iterator<Item = IpAddr>,
    ) -> Result<Self, Error> {
        let links: BTreeMap<u32, LinkInfo> =
            routing.links()?.into_iter().map(|link| (link.index, link)).collect();
        let mut picture = Self {
            routes: routing.routes()?,
            flowtables: nft.flowtables()?,
            filters_bridges: switched_on(
                "net/bridge/bridge-nf-call-iptables",
                "net/bridge/bridge-nf-call-ip6tables",
            ),
            forwards: switched_on("net/ipv4/ip_forward", "net/ipv6/conf/all/forwarding"),
            links,
            ..Self::default()
        };
        for address in addresses {
            picture.ways.insert(address, routing.way_to(address)?);
        }
        picture.look_behind_ports(routing);
        picture.look_for_programs(routing)?;
        Ok(picture)
    }

    /// A namespace may be gone since its number was read, or belong to somebody whose addresses we may not see.
    fn look_behind_ports(&mut self, routing: &mut Routing) {
        let mut far = BTreeMap::new();
        let ports = self.links.values().filter(|link| self.bridge_of(link).is_some());
        for (port, peer) in ports.filter_map(|port| Some((port, port.peer?))) {
            match routing.addresses_of(peer) {
                Ok(addresses) => drop(far.insert(port.index, addresses)),
                Err(error) => tracing::debug!(port = port.name, %error, "cannot see which pod is at a port"),
            }
        }
        self.far = far;
    }

    fn look_for_programs(&mut self, routing: &mut Routing) -> Result<(), Error> {
        let of_pods: BTreeSet<u32> = self.ways.values().copied().filter_map(link_of).collect();
        for index in of_pods.into_iter().chain(self.far.keys().copied()) {
            let xdp = self.links.get(&index).is_some_and(|link| link.xdp);
            if xdp {
                self.programs.insert(index, "an XDP program");
            } else if routing.filters(index)?.iter().any(|kind| kind == "bpf") {
                self.programs.insert(index, "a traffic control program (bpf)");
            }
        }
        Ok(())
    }

    /// The bridge that a link is a port of.
    pub(super) fn bridge_of(&self, link: &LinkInfo) -> Option<&LinkInfo> {
        let master = self.links.get(&link.master?)?;
        (master.kind.as_deref() == Some("bridge")).then_some(master)
    }

    /// The links that lead to routers: none of them is a pod's alone.
    pub(super) fn uplinks(&self) -> BTreeSet<u32> {
        self.routes.iter().filter(|route| route.gateway).filter_map(|route| route.link).collect()
    }
}

/// The link of a way that ends on it.
fn link_of(way: Way) -> Option<u32> {
    match way {
        Way::Link { index, gateway: false } => Some(index),
        Way::Link { .. } | Way::Here | Way::Nowhere => None,
    }
}

fn switched_on(v4: &str, v6: &str) -> BTreeSet<Family> {
    let is_on =
        |path: &&str| fs::read_to_string(format!("/proc/sys/{path}")).is_ok_and(|value| value.trim() != "0");
    [(v4, Family::V4), (v6, Family::V6)].iter().filter(|(path, _)| is_on(path)).map(|(_, f)| *f).collect()
}
