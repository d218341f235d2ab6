//! Which interface of the host is the pod's, of those that the plugins before this one name.

use std::net::IpAddr;

use podfence_netlink::Error;
use podfence_netlink::route::{LinkInfo, Routing};
use podfence_plan::Link;

use super::error::CniError;

/// The host's end of the link of a pod that has these addresses: of several, the one at whose far end they are.
pub(super) fn find(named: &[&str], addresses: &[IpAddr]) -> Result<Link, CniError> {
    look(named, addresses)
        .map_err(|error| CniError::Link(format!("cannot look at the links of this node: {error}")))?
        .ok_or_else(|| {
            CniError::Link(format!("none of the interfaces {named:?} is the host's end of the pod's link"))
        })
}

fn look(named: &[&str], addresses: &[IpAddr]) -> Result<Option<Link>, Error> {
    let mut routing = Routing::open()?;
    let links = routing.links()?;
    let mut ends: Vec<&LinkInfo> = links.iter().filter(|link| is_end(link, named)).collect();
    if ends.len() > 1 {
        ends.retain(|link| is_at(&mut routing, link, addresses));
    }
    let [end] = ends[..] else { return Ok(None) };
    let bridge = links.iter().find(|link| Some(link.index) == end.master && is_kind(link, "bridge"));
    Ok(Some(match bridge {
        Some(bridge) => Link::Bridged { bridge: bridge.name.clone(), port: end.name.clone() },
        None => Link::Routed(end.name.clone()),
    }))
}

fn is_end(link: &LinkInfo, named: &[&str]) -> bool {
    named.contains(&link.name.as_str()) && (is_kind(link, "veth") || is_kind(link, "netkit"))
}

fn is_at(routing: &mut Routing, link: &LinkInfo, addresses: &[IpAddr]) -> bool {
    let there = link.peer.and_then(|peer| routing.addresses_of(peer).ok());
    there.is_some_and(|there| addresses.iter().any(|address| there.contains(address)))
}

fn is_kind(link: &LinkInfo, kind: &str) -> bool {
    link.kind.as_deref() == Some(kind)
}
