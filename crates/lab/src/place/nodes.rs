//! Nodes, their addresses and the ranges of their pods.

use std::collections::BTreeSet;
use std::net::IpAddr;

use podfence_model::{Cidr, Family, Labels, Node, Origin, World};

use super::{MOST, PlaceError, WHY, stay, v4, v6};
use crate::setup::{Families, Links};

/// Nodes of a world that states none.
const USUAL_NODES: usize = 3;

/// Adds the nodes that pods name, and the usual ones to a world without any; gives each addresses and a range.
pub(super) fn add_nodes(previous: &World, world: &mut World, families: Families) -> Result<(), PlaceError> {
    let named: BTreeSet<String> = world.pods.values().filter_map(|p| p.node.clone()).collect();
    let by_workloads = world.workloads.values().filter_map(|w| w.template.node.clone());
    let mut names: BTreeSet<String> = named.into_iter().chain(by_workloads).collect();
    if world.nodes.is_empty() {
        names.extend(stay::made_nodes(previous));
    }
    if world.nodes.is_empty() && names.len() < USUAL_NODES {
        names.extend((1..=USUAL_NODES - names.len()).map(|n| format!("node-{n}")));
    }
    for name in names {
        world.nodes.entry(name.clone()).or_insert_with(|| made_node(&name));
    }
    if world.nodes.len() > MOST {
        return Err(PlaceError::TooManyNodes(world.nodes.len()));
    }
    stay::nodes(previous, world);
    let unfinished = world.nodes.values().filter(|n| n.addresses.is_empty() || n.pod_ranges.is_empty());
    for name in unfinished.map(|node| node.name.clone()).collect::<Vec<_>>() {
        let Some(number) = free_number(world) else { continue };
        world.nodes.entry(name).and_modify(|node| complete_node(node, number, families));
    }
    Ok(())
}

/// The first number of a node in the address plan whose addresses nobody has.
fn free_number(world: &World) -> Option<u8> {
    let taken = |ip: IpAddr| {
        let has =
            |node: &Node| node.addresses.contains(&ip) || node.pod_ranges.iter().any(|r| r.contains(ip));
        world.nodes.values().any(has)
    };
    (1..=u8::MAX).find(|number| {
        let mut planned = made_node("");
        complete_node(&mut planned, *number, Families::Dual);
        !planned.addresses.iter().copied().chain(planned.pod_ranges.iter().map(|r| r.first())).any(taken)
    })
}

fn made_node(name: &str) -> Node {
    Node {
        name: name.to_owned(),
        labels: Labels::from([("kubernetes.io/hostname".into(), name.to_owned())]),
        addresses: Vec::new(),
        pod_ranges: Vec::new(),
        origin: Origin::Assumed(WHY),
    }
}

fn complete_node(node: &mut Node, number: u8, families: Families) {
    if node.addresses.is_empty() {
        node.addresses = vec![v4([172, 18, 0, number]), v6([0xfd00, 0x172, 0x18, 0], number.into())];
        node.addresses.retain(|ip| families.hold(*ip));
    }
    if node.pod_ranges.is_empty() {
        node.pod_ranges =
            vec![block(v4([10, 244, number, 0]), 24), block(v6([0xfd00, 0x10, 0x244, number.into()], 0), 64)];
        node.pod_ranges.retain(|range| families.has(range.family()));
    }
}

fn block(first: IpAddr, prefix: u8) -> Cidr {
    // The prefixes here are constants that fit their families.
    ipnet::IpNet::new(first, prefix).map_or(Cidr::host(first), Cidr::new)
}

/// With bridges, gives each node the address of its bridge: the first of its range that no pod has. It is the
/// gateway of the node's pods, and one more address of the node.
pub(super) fn add_bridges(world: &mut World, links: Links) {
    if links == Links::Ptp {
        return;
    }
    let taken: BTreeSet<IpAddr> = world.pods.values().flat_map(|pod| pod.ips().to_vec()).collect();
    for node in world.nodes.values_mut() {
        for family in Family::BOTH {
            let bridged = |ip: &IpAddr| node.pod_ranges.iter().any(|range| range.contains(*ip));
            let stated = node.addresses.iter().any(|ip| Family::of(*ip) == family && bridged(ip));
            let range = node.pod_ranges.iter().find(|range| range.family() == family && has_room(range));
            let hosts = |range: &Cidr| {
                let first = range.first();
                range.net().hosts().filter(move |ip| *ip != first)
            };
            let free = range.and_then(|range| hosts(range).find(|ip| !taken.contains(ip)));
            node.addresses.extend(free.filter(|_| !stated));
        }
    }
}

/// Whether a gateway and a pod fit in.
fn has_room(range: &Cidr) -> bool {
    range.net().prefix_len() + 2 <= range.net().max_prefix_len()
}
