//! Which link leads to which address, by what no pod can forge.
//!
//! A pod of a routed CNI has a route for its address alone that ends on its link: only root writes those. On a bridge the
//! bridge's table and the neighbours say which port an address is at, but both learn from traffic, and any pod may send a frame
//! with another's address. So we ask the namespace at the far end of each port which addresses it was given. A pod could only
//! add to those with `CAP_NET_ADMIN`; therefore the port at which a known pod's address was found first keeps it as long as the
//! pod is known and the port is there, and an address that turns up at two ports before is found at none. Of addresses that
//! no known pod has a few at each port are found, for the pod that comes, and none is kept.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use podfence_model::NamespacedName;
use podfence_netlink::route::{LinkInfo, RouteInfo};
use podfence_plan::Link;

use super::picture::Picture;

/// Links that have a single pod at their far end.
const PAIRS: [&str; 2] = ["veth", "netkit"];

/// Where an address was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub link: Link,
    /// The number of the link: names come back, numbers of links that were there at the same time do not.
    index: u32,
}

/// Several that claim one address leave it unfound.
type Claims = BTreeMap<IpAddr, Option<Found>>;

/// Addresses at a port that no known pod has, at most: two families, and some.
const AHEAD: usize = 4;

/// The pods that have addresses.
pub(super) type Owners = BTreeMap<IpAddr, NamespacedName>;

/// Where every address is that can be found, given what was found before of the pods that have addresses.
pub(super) fn find(
    picture: &Picture,
    owners: &Owners,
    before: &BTreeMap<IpAddr, Found>,
) -> BTreeMap<IpAddr, Found> {
    let mut found: BTreeMap<IpAddr, Found> =
        bridged(picture, owners).into_iter().filter_map(|(address, found)| Some((address, found?))).collect();
    let kept = before.iter().filter(|(_, found)| is_there(picture, found));
    found.extend(kept.map(|(address, found)| (*address, found.clone())));
    for (address, by_route) in routed(picture) {
        match by_route {
            Some(by_route) => drop(found.insert(address, by_route)),
            None => drop(found.remove(&address)),
        }
    }
    found
}

/// Whether what was found at a port of a bridge stays: the port is there.
fn is_there(picture: &Picture, found: &Found) -> bool {
    let Link::Bridged { bridge, port } = &found.link else { return false };
    picture.links.get(&found.index).is_some_and(|link| {
        link.name == *port && picture.bridge_of(link).is_some_and(|master| master.name == *bridge)
    })
}

fn routed(picture: &Picture) -> Claims {
    let uplinks = picture.uplinks();
    let mut claims = Claims::new();
    for route in picture.routes.iter().filter(|route| route.is_of_host()) {
        match route.link.and_then(|index| picture.links.get(&index)) {
            Some(bridge) if bridge.kind.as_deref() == Some("bridge") => {} // its ports tell
            Some(link) if is_pods_own(link, *route, &uplinks) => {
                claim(&mut claims, route.destination, Link::Routed(link.name.clone()), link.index);
            }
            _ => drop(claims.insert(route.destination, None)),
        }
    }
    claims
}

fn is_pods_own(link: &LinkInfo, route: RouteInfo, uplinks: &BTreeSet<u32>) -> bool {
    is_pair(link) && link.master.is_none() && !route.gateway && !uplinks.contains(&link.index)
}

fn bridged(picture: &Picture, owners: &Owners) -> Claims {
    let mut claims = Claims::new();
    for (index, addresses) in &picture.far {
        let Some(port) = picture.links.get(index).filter(|port| is_pair(port)) else { continue };
        let Some(bridge) = picture.bridge_of(port) else { continue };
        let of_pods = addresses.iter().filter(|address| is_of_a_pod(address));
        let (known, ahead): (Vec<&IpAddr>, Vec<&IpAddr>) =
            of_pods.partition(|address| owners.contains_key(address));
        for address in known.into_iter().chain(ahead.into_iter().take(AHEAD)) {
            let link = Link::Bridged { bridge: bridge.name.clone(), port: port.name.clone() };
            claim(&mut claims, *address, link, *index);
        }
    }
    claims
}

fn claim(claims: &mut Claims, address: IpAddr, link: Link, index: u32) {
    let found = Some(Found { link, index });
    match claims.get(&address) {
        None => drop(claims.insert(address, found)),
        Some(other) if *other == found => {}
        Some(_) => drop(claims.insert(address, None)),
    }
}

fn is_pair(link: &LinkInfo) -> bool {
    link.kind.as_deref().is_some_and(|kind| PAIRS.contains(&kind))
}

fn is_of_a_pod(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !address.is_loopback() && !address.is_link_local(),
        IpAddr::V6(address) => !address.is_loopback() && !address.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use podfence_testkit::build::ip;

    use super::*;

    fn link(index: u32, name: &str, kind: &str, master: Option<u32>) -> (u32, LinkInfo) {
        let kind = (!kind.is_empty()).then(|| kind.to_owned());
        let (peer, xdp, bridge_filters) = (None, false, None);
        (index, LinkInfo { index, name: name.into(), kind, master, peer, xdp, bridge_filters })
    }

    fn route(to: &str, prefix: u8, link: u32, gateway: bool) -> RouteInfo {
        RouteInfo { destination: ip(to), prefix, link: Some(link), gateway }
    }

    /// A node with a bridge of two ports and two links of their own; `far` is what is at the ports.
    fn picture(routes: &[RouteInfo], far: &[(u32, &[&str])]) -> Picture {
        let links = [
            link(2, "eth0", "veth", None),
            link(3, "cni0", "bridge", None),
            link(4, "veth4", "veth", Some(3)),
            link(5, "veth5", "veth", Some(3)),
            link(6, "cali6", "veth", None),
            link(7, "tunl0", "ipip", None),
        ];
        let far = far.iter().map(|(port, ips)| (*port, ips.iter().map(|text| ip(text)).collect()));
        let mut routes = routes.to_vec();
        routes.push(route("0.0.0.0", 0, 2, true));
        routes.push(route("10.244.1.0", 24, 3, false));
        Picture { links: links.into(), routes, far: far.collect(), ..Picture::default() }
    }

    fn told(found: &BTreeMap<IpAddr, Found>) -> Vec<String> {
        let name = |link: &Link| match link {
            Link::Routed(name) => name.clone(),
            Link::Bridged { bridge, port } => format!("{bridge}/{port}"),
        };
        found.iter().map(|(address, found)| format!("{address} {}", name(&found.link))).collect()
    }

    fn check(routes: &[RouteInfo], far: &[(u32, &[&str])], expected: &[&str]) {
        assert_eq!(told(&find(&picture(routes, far), &Owners::new(), &BTreeMap::new())), expected);
    }

    #[test]
    fn routes_of_one_address_lead_to_pods_and_others_do_not() {
        check(
            &[route("10.0.0.5", 32, 6, false), route("fd00::5", 128, 6, false)],
            &[],
            &["10.0.0.5 cali6", "fd00::5 cali6"],
        );
        check(&[route("10.0.0.5", 32, 6, true)], &[], &[]);
        check(&[route("10.0.0.0", 24, 6, false)], &[], &[]);
        check(&[route("10.0.0.5", 32, 2, false)], &[], &[]); // the uplink
        check(&[route("10.0.0.5", 32, 7, false)], &[], &[]); // a tunnel
        check(&[route("10.0.0.5", 32, 3, false)], &[], &[]); // a bridge has many
        check(&[route("10.0.0.5", 32, 6, false), route("10.0.0.5", 32, 2, true)], &[], &[]); // now it is an uplink
    }

    #[test]
    fn an_address_at_one_port_is_found_and_at_two_is_not() {
        check(
            &[],
            &[(4, &["10.244.1.4", "fe80::1", "fd00::4"]), (5, &["10.244.1.5"])],
            &["10.244.1.4 cni0/veth4", "10.244.1.5 cni0/veth5", "fd00::4 cni0/veth4"],
        );
        check(&[], &[(4, &["10.244.1.4"]), (5, &["10.244.1.4"])], &[]);
        check(&[route("10.0.0.5", 32, 6, false)], &[(4, &["10.0.0.5"])], &["10.0.0.5 cali6"]);
    }

    #[test]
    fn what_was_found_first_stays_as_long_as_its_port() {
        let owners = Owners::from([(ip("10.244.1.4"), NamespacedName::new("shop", "web"))]);
        let find = |picture: &Picture, before: &_| find(picture, &owners, before);
        let before = find(&picture(&[], &[(4, &["10.244.1.4"])]), &BTreeMap::new());
        let stolen = picture(&[], &[(4, &["10.244.1.4"]), (5, &["10.244.1.4"])]);
        assert_eq!(told(&find(&stolen, &before)), ["10.244.1.4 cni0/veth4"]);
        let dropped = picture(&[], &[(4, &[])]);
        assert_eq!(told(&find(&dropped, &before)), ["10.244.1.4 cni0/veth4"], "a pod does not shake it off");
        let mut gone = picture(&[], &[(5, &["10.244.1.4"])]);
        gone.links.remove(&4);
        assert_eq!(told(&find(&gone, &before)), ["10.244.1.4 cni0/veth5"]);
    }
    #[test]
    fn a_port_keeps_no_more_than_a_few_addresses_of_pods_to_come() {
        let many: Vec<String> = (1..=200).map(|n| format!("10.244.1.{n}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let owners = Owners::from([(ip("10.244.1.150"), NamespacedName::new("shop", "web"))]);
        let found = find(&picture(&[], &[(4, &many)]), &owners, &BTreeMap::new());
        assert_eq!(found.len(), AHEAD + 1);
        assert!(found.contains_key(&ip("10.244.1.150")), "a known pod's own is always among them");
    }
}
