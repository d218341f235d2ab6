//! Which flows a run tries: everybody to everything that is served, and a ping, in each family they share.

use std::net::IpAddr;

use podfence_model::{Endpoint, Family, Flow, Layer4, Pod, Port, Protocol, World};

use crate::cluster::OUTSIDE_PORT;
use crate::place::has_seat;
use crate::topology::{METADATA_V4, METADATA_V6, usual_outside};

/// Every flow from a pod, node or the outside to a pod; from a pod to a node, the outside and the metadata server.
pub fn everything(world: &World) -> Vec<Flow> {
    let mut flows = Vec::new();
    for family in Family::BOTH {
        let sources = sources(world, family);
        for (destination, layers) in destinations(world, family) {
            for source in sources.iter().filter(|source| judged(source, &destination)) {
                flows.extend(layers.iter().map(|layer4| Flow {
                    source: source.clone(),
                    destination: destination.clone(),
                    layer4: *layer4,
                }));
            }
        }
    }
    flows
}

/// Whether policies may have a say: one end must be a pod.
pub(crate) fn judged(source: &Endpoint, destination: &Endpoint) -> bool {
    [source, destination].iter().any(|end| matches!(end, Endpoint::Pod { .. }))
}

/// Everybody who may send.
pub(crate) fn sources(world: &World, family: Family) -> Vec<Endpoint> {
    let pods = world.pods.values().filter_map(|pod| pod_end(world, pod, family));
    let nodes = world.nodes.keys().flat_map(|name| node_ends(world, name, family));
    let outside = outside(family).into_iter().map(Endpoint::Ip);
    pods.chain(nodes).chain(outside).collect()
}

fn destinations(world: &World, family: Family) -> Vec<(Endpoint, Vec<Layer4>)> {
    let web = Port::new(OUTSIDE_PORT).map(|port| Layer4::Port(Protocol::Tcp, port));
    let mut out: Vec<_> =
        world.pods.values().filter_map(|pod| Some((pod_end(world, pod, family)?, served(&[pod])))).collect();
    for name in world.nodes.keys() {
        let guests: Vec<&Pod> =
            world.pods.values().filter(|p| p.host_network && p.node.as_ref() == Some(name)).collect();
        out.extend(node_ends(world, name, family).into_iter().map(|end| (end, served(&guests))));
    }
    let addresses = outside(family).into_iter().chain([metadata(family)]);
    out.extend(addresses.map(|ip| (Endpoint::Ip(ip), web.into_iter().chain([Layer4::Icmp]).collect())));
    out
}

/// What answers at pods that share a namespace.
fn served(pods: &[&Pod]) -> Vec<Layer4> {
    let ports = pods.iter().flat_map(|pod| &pod.ports).map(|p| Layer4::Port(p.protocol, p.number));
    let mut layers: Vec<Layer4> = ports.chain([Layer4::Icmp]).collect();
    layers.sort_unstable();
    layers.dedup();
    layers
}

/// A pod's end of a flow; none for a `hostNetwork` pod, which is its node, and for one without a place of its own.
pub(crate) fn pod_end(world: &World, pod: &Pod, family: Family) -> Option<Endpoint> {
    let address = Some(pod.ip(family)?);
    has_seat(world, pod).then(|| Endpoint::Pod { id: pod.meta.id.clone(), address })
}

/// A node's ends of a flow: every address it has, its bridge's among them.
fn node_ends(world: &World, name: &str, family: Family) -> Vec<Endpoint> {
    let addresses = world.nodes.get(name).map_or(&[][..], |node| &node.addresses).iter();
    let own = addresses.filter(|ip| Family::of(**ip) == family);
    own.map(|ip| Endpoint::Node { name: name.to_owned(), address: Some(*ip) }).collect()
}

/// A node's end of a flow, at its first address.
pub(crate) fn node_end(world: &World, name: &str, family: Family) -> Option<Endpoint> {
    let address = world.nodes.get(name)?.addresses.iter().copied().find(|ip| Family::of(*ip) == family)?;
    Some(Endpoint::Node { name: name.to_owned(), address: Some(address) })
}

/// The address that stands for the world outside.
pub(crate) fn outside(family: Family) -> Option<IpAddr> {
    usual_outside().into_iter().find(|ip| Family::of(*ip) == family)
}

/// The metadata server.
pub(crate) fn metadata(family: Family) -> IpAddr {
    match family {
        Family::V4 => METADATA_V4,
        Family::V6 => METADATA_V6,
    }
}
