//! Places a world: every fact that manifests leave to the cluster is filled in, so that it can be built.
//!
//! Nodes, their addresses and pod ranges; the node and the addresses of each pod; cluster addresses of Services;
//! the cluster DNS. What the input states stays as it is. The same world is always placed the same way, and after a change
//! what stays keeps its place ([`place_after`]).

mod stay;

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use podfence_analysis::assumed::{DNS_NAMESPACE, add_cluster_dns, is_cluster_dns};
use podfence_model::{
    Addresses, Cidr, Family, Labels, Life, NamespacedName, Node, Origin, Pod, Service, ServiceAddress,
    ServiceType, World,
};

/// Nodes of a world that states none.
const USUAL_NODES: usize = 3;
/// The last nodes and pods that the address plan has room for.
const MOST: usize = 240;
/// Addresses at the start of a node's range that are left to bridges and the like.
const FIRST_POD: usize = 9;
const WHY: &str = "made by the lab";

/// A world that cannot be placed.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// More nodes than the address plan has room for.
    #[error("{0} nodes are more than the lab can build; it has room for {MOST}")]
    TooManyNodes(usize),
    /// More pods on a node than its range has room for.
    #[error("{pods} pods on node {node} are more than the lab can build; it has room for {MOST}")]
    TooManyPods {
        /// The node.
        node: String,
        /// How many it has.
        pods: usize,
    },
}

/// Fills in what the cluster would decide. Adds the cluster DNS when the world has none.
pub fn place(world: World) -> Result<World, PlaceError> {
    place_after(&World::default(), world)
}

/// As [`place`], for a world that follows the placed world `previous`: what is in both keeps what it was given there. What is
/// free again may be given to others.
pub fn place_after(previous: &World, mut world: World) -> Result<World, PlaceError> {
    add_nodes(previous, &mut world)?;
    add_cluster_dns(&mut world);
    world.expand_workloads();
    world.pods.retain(|_, pod| pod.life != Life::Finished);
    for namespace in world.namespaces.values_mut() {
        namespace.labels_known = true; // in the lab a namespace has the labels that are stated, and no others
    }
    let kept = stay::pods(previous, &mut world);
    place_pods(&mut world, kept)?;
    stay::services(previous, &mut world);
    place_services(&mut world);
    Ok(world)
}

/// Adds the nodes that pods name, and the usual ones to a world without any; gives each addresses and a range.
fn add_nodes(previous: &World, world: &mut World) -> Result<(), PlaceError> {
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
        world.nodes.entry(name).and_modify(|node| complete_node(node, number));
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
        complete_node(&mut planned, *number);
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

fn complete_node(node: &mut Node, number: u8) {
    if node.addresses.is_empty() {
        node.addresses = vec![v4([172, 18, 0, number]), v6([0xfd00, 0x172, 0x18, 0], number.into())];
    }
    if node.pod_ranges.is_empty() {
        node.pod_ranges =
            vec![block(v4([10, 244, number, 0]), 24), block(v6([0xfd00, 0x10, 0x244, number.into()], 0), 64)];
    }
}

fn v4(octets: [u8; 4]) -> IpAddr {
    Ipv4Addr::from(octets).into()
}

fn v6(network: [u16; 4], host: u16) -> IpAddr {
    let [a, b, c, d] = network;
    Ipv6Addr::new(a, b, c, d, 0, 0, 0, host).into()
}

fn block(first: IpAddr, prefix: u8) -> Cidr {
    // The prefixes here are constants that fit their families.
    ipnet::IpNet::new(first, prefix).map_or(Cidr::host(first), Cidr::new)
}

/// Gives every pod a node, in turn, and addresses of that node's ranges. `kept` pods had their turn before.
fn place_pods(world: &mut World, kept: usize) -> Result<(), PlaceError> {
    let nodes: Vec<String> = world.nodes.keys().cloned().collect();
    for (turn, pod) in world.pods.values_mut().filter(|p| p.node.is_none()).enumerate() {
        pod.node = nodes.get((kept + turn) % nodes.len().max(1)).cloned();
    }
    let mut taken: BTreeSet<IpAddr> = world.pods.values().flat_map(|p| p.ips().to_vec()).collect();
    let mut next: BTreeMap<String, usize> = BTreeMap::new();
    for pod in world.pods.values_mut() {
        let Some(node) = pod.node.as_ref().and_then(|name| world.nodes.get_mut(name)) else { continue };
        if pod.host_network {
            pod.addresses = Addresses::Known(node.addresses.clone());
            continue;
        }
        let count = next.entry(node.name.clone()).or_default();
        *count += 1;
        if *count > MOST {
            return Err(PlaceError::TooManyPods { node: node.name.clone(), pods: *count });
        }
        address_pod(pod, node, &mut taken);
    }
    Ok(())
}

/// Gives a pod a free address of each family of its node's ranges; an address that it states becomes part of them.
fn address_pod(pod: &mut Pod, node: &mut Node, taken: &mut BTreeSet<IpAddr>) {
    if let Addresses::Known(ips) = &pod.addresses {
        let strange = ips.iter().filter(|ip| !node.pod_ranges.iter().any(|r| r.contains(**ip)));
        let strange: Vec<Cidr> = strange.map(|ip| Cidr::host(*ip)).collect();
        node.pod_ranges.extend(strange);
        return;
    }
    let mut ips: Vec<IpAddr> = Vec::new();
    for range in &node.pod_ranges {
        let family_done = ips.iter().any(|ip| Family::of(*ip) == range.family());
        let free = range.net().hosts().skip(FIRST_POD).find(|ip| !taken.contains(ip));
        ips.extend(free.filter(|_| !family_done));
    }
    taken.extend(&ips);
    pod.addresses = if ips.is_empty() { Addresses::NotYet } else { Addresses::Known(ips) };
}

/// Gives Services that want them cluster addresses: x.x.x.10 to the DNS, as everywhere, the others in order.
fn place_services(world: &mut World) {
    let dns: BTreeSet<NamespacedName> =
        world.services.values().filter(|s| is_dns(world, s)).map(|s| s.meta.id.clone()).collect();
    let mut taken: BTreeSet<IpAddr> = world.services.values().flat_map(stay::service_ips).copied().collect();
    let mut numbers = 101..;
    for service in world.services.values_mut() {
        if service.address != ServiceAddress::Unstated || matches!(service.kind, ServiceType::ExternalName(_))
        {
            continue;
        }
        let mut free =
            numbers.by_ref().map(service_addresses).filter(|ips| !ips.iter().any(|ip| taken.contains(ip)));
        let ips = if dns.contains(&service.meta.id) { Some(service_addresses(10)) } else { free.next() };
        taken.extend(ips.iter().flatten());
        service.address = ips.map_or(ServiceAddress::Unstated, |ips| ServiceAddress::Ips(ips.into()));
    }
}

fn service_addresses(number: u16) -> [IpAddr; 2] {
    let [high, low] = number.to_be_bytes();
    [v4([10, 96, high, low]), v6([0xfd00, 0x10, 0x96, 0], number)]
}

fn is_dns(world: &World, service: &Service) -> bool {
    let wanted = service.selector.iter().flatten();
    let wanted: Vec<_> = wanted.collect();
    service.meta.id.namespace == DNS_NAMESPACE
        && !wanted.is_empty()
        && world
            .pods
            .values()
            .any(|p| is_cluster_dns(p) && wanted.iter().all(|(k, v)| p.meta.labels.get(*k) == Some(v)))
}

/// The addresses that pods ask for names: those of the Service in front of the cluster DNS.
pub fn nameservers(world: &World) -> Vec<IpAddr> {
    let dns = world.services.values().find(|s| is_dns(world, s));
    dns.map_or_else(Vec::new, |service| match &service.address {
        ServiceAddress::Ips(ips) => ips.clone(),
        ServiceAddress::Headless | ServiceAddress::Unstated => Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_world_gets_nodes_and_dns() {
        let world = place(World::default()).unwrap();
        assert_eq!(world.nodes.len(), USUAL_NODES);
        let dns = world.pods.values().find(|p| is_cluster_dns(p)).unwrap();
        assert_eq!(dns.ips().len(), 2);
        assert_eq!(nameservers(&world)[0].to_string(), "10.96.0.10");
        assert!(world.nodes.values().any(|n| n.pod_ranges.iter().any(|r| r.contains(dns.ips()[0]))));
    }

    #[test]
    fn what_is_stated_stays() {
        let mut world = World::default();
        let mut pod = podfence_testkit::build::pod("x/a", "worker", &["192.168.7.7"], &[]);
        pod.node = Some("worker".into());
        world.pods.insert(pod.meta.id.clone(), pod.clone());
        let placed = place(world).unwrap();
        let same = &placed.pods[&pod.meta.id];
        assert_eq!((same.ips(), same.node.as_deref()), (pod.ips(), Some("worker")));
        assert!(placed.nodes["worker"].pod_ranges.iter().any(|r| r.contains(pod.ips()[0])));
    }
}
