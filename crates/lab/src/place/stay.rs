//! What keeps its place when a world changes: nodes their numbers, pods their nodes and addresses, Services theirs.
//!
//! Only what the input leaves open is taken from the world before. An address that the input now states for one pod is
//! lost to the pod that was given it.

use std::collections::BTreeSet;
use std::net::IpAddr;

use podfence_model::{Addresses, Node, Origin, Pod, Port, Protocol, Service, ServiceAddress, World};

use super::WHY;

/// The nodes that the lab made for the world before, whom nobody stated.
pub(super) fn made_nodes(previous: &World) -> impl Iterator<Item = String> + '_ {
    let made = |node: &&Node| node.origin == Origin::Assumed(WHY);
    previous.nodes.values().filter(made).map(|node| node.name.clone())
}

/// Nodes keep their addresses and ranges.
pub(super) fn nodes(previous: &World, world: &mut World) {
    for node in world.nodes.values_mut() {
        let Some(before) = previous.nodes.get(&node.name) else { continue };
        if node.addresses.is_empty() {
            node.addresses.clone_from(&before.addresses);
        }
        if node.pod_ranges.is_empty() {
            node.pod_ranges.clone_from(&before.pod_ranges);
        }
    }
}

/// Pods keep their nodes and, while they stay there, their addresses. Returns how many kept the node they were given.
pub(super) fn pods(previous: &World, world: &mut World) -> usize {
    let stated: BTreeSet<IpAddr> = world.pods.values().flat_map(Pod::ips).copied().collect();
    let mut kept = 0;
    for pod in world.pods.values_mut() {
        let Some(before) = previous.pods.get(&pod.meta.id) else { continue };
        let node = before.node.as_ref().filter(|node| world.nodes.contains_key(*node));
        if pod.node.is_none() && node.is_some() {
            pod.node = node.cloned();
            kept += 1;
        }
        let same_seat = pod.node == before.node && pod.host_network == before.host_network;
        let given = !matches!(pod.addresses, Addresses::Known(_));
        if same_seat && given && !before.ips().iter().any(|ip| stated.contains(ip)) {
            pod.addresses.clone_from(&before.addresses);
        }
    }
    kept
}

/// Services keep their cluster addresses.
pub(super) fn services(previous: &World, world: &mut World) {
    let stated: BTreeSet<IpAddr> = world.services.values().flat_map(service_ips).copied().collect();
    for service in world.services.values_mut().filter(|s| s.address == ServiceAddress::Unstated) {
        let Some(before) = previous.services.get(&service.meta.id) else { continue };
        let ips = service_ips(before);
        if before.kind == service.kind && !ips.is_empty() && !ips.iter().any(|ip| stated.contains(ip)) {
            service.address = before.address.clone();
        }
    }
}

/// Services keep their node ports and the addresses of their load balancers.
pub(super) fn exposed(previous: &World, world: &mut World) {
    let of =
        |service: &Service| service.ports.iter().filter_map(|p| Some((p.protocol, p.node_port?))).collect();
    let stated_ports: BTreeSet<(Protocol, Port)> =
        world.services.values().flat_map(|s| -> Vec<_> { of(s) }).collect();
    let stated_ips: BTreeSet<IpAddr> =
        world.services.values().flat_map(|s| s.load_balancer_ips.clone()).collect();
    for service in world.services.values_mut() {
        let Some(before) = previous.services.get(&service.meta.id) else { continue };
        if before.kind != service.kind {
            continue;
        }
        if service.load_balancer_ips.is_empty() {
            let free = before.load_balancer_ips.iter().filter(|ip| !stated_ips.contains(ip));
            service.load_balancer_ips = free.copied().collect();
        }
        for port in service.ports.iter_mut().filter(|port| port.node_port.is_none()) {
            let number = before.port(port.protocol, port.port).and_then(|same| same.node_port);
            port.node_port = number.filter(|number| !stated_ports.contains(&(port.protocol, *number)));
        }
    }
}

/// The cluster addresses of a Service, as far as known.
pub(super) fn service_ips(service: &Service) -> &[IpAddr] {
    match &service.address {
        ServiceAddress::Ips(ips) => ips,
        ServiceAddress::Headless | ServiceAddress::Unstated => &[],
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use podfence_model::{Life, NamespacedName};
    use podfence_testkit::generate::{self, Rng};
    use podfence_testkit::storm::{self, Edit};

    use super::super::{place, place_after};
    use super::*;
    use crate::setup::Setup;

    /// What a file says of a world: nothing that the cluster decides.
    fn unplaced(world: &World) -> World {
        let mut world = world.clone();
        world.nodes.clear();
        for pod in world.pods.values_mut() {
            pod.addresses = Addresses::Unstated;
            pod.node = None;
        }
        world
    }

    fn seats(world: &World) -> BTreeMap<NamespacedName, (Option<String>, Addresses)> {
        let seat = |pod: &Pod| (pod.meta.id.clone(), (pod.node.clone(), pod.addresses.clone()));
        world.pods.values().map(seat).collect()
    }

    #[test]
    fn what_stays_keeps_its_seat_and_no_address_is_given_twice() {
        let mut moved = 0;
        for seed in 0..40 {
            let (mut world, mut rng) = (generate::lab_sized(seed), Rng::with_seed(seed));
            let mut placed = place(unplaced(&world)).unwrap();
            for _ in 0..25 {
                let edit = storm::random_edit(&world, &mut rng);
                if matches!(edit, Edit::ReaddressPod(..)) {
                    continue;
                }
                storm::apply(&mut world, &edit);
                world.pods.retain(|_, pod| pod.life != Life::Finished);
                let next = place_after(&placed, unplaced(&world), Setup::default()).unwrap();
                let (before, after) = (seats(&placed), seats(&next));
                for (id, seat) in &after {
                    assert!(before.get(id).is_none_or(|old| old == seat), "seed {seed}: {id} after {edit:?}");
                }
                let all: Vec<IpAddr> =
                    next.pods.values().filter(|p| !p.host_network).flat_map(Pod::ips).copied().collect();
                assert_eq!(all.len(), all.iter().collect::<BTreeSet<_>>().len(), "seed {seed}: {edit:?}");
                assert_eq!(placed.nodes, next.nodes, "seed {seed}: {edit:?}");
                moved += usize::from(before.keys().ne(after.keys()));
                placed = next;
            }
        }
        assert!(moved > 100, "{moved} edits moved pods");
    }

    #[test]
    fn a_new_node_and_a_new_service_change_nobodys_address() {
        let mut world = unplaced(&generate::lab_sized(1));
        let id = world.pods.keys().next().unwrap().clone();
        let before = place(world.clone()).unwrap();
        world.pods.get_mut(&id).unwrap().node = Some("a-node".into());
        let after = place_after(&before, world, Setup::default()).unwrap();
        for (name, node) in &before.nodes {
            assert_eq!(after.nodes.get(name), Some(node));
        }
        assert_eq!(after.nodes["a-node"].addresses[0].to_string(), "172.18.0.4");
        assert_ne!(after.pods[&id].ips(), before.pods[&id].ips());
        assert_eq!(after.services, before.services);
    }

    #[test]
    fn an_address_that_is_stated_now_is_taken_from_whom_it_was_given() {
        let mut world = unplaced(&generate::lab_sized(1));
        let before = place(world.clone()).unwrap();
        let alone: Vec<_> = before.pods.values().filter(|p| !p.host_network && !p.ips().is_empty()).collect();
        let (robber, victim) = (alone[0].meta.id.clone(), alone[1].meta.id.clone());
        let Some(robber_pod) = world.pods.get_mut(&robber) else { return };
        robber_pod.addresses = before.pods[&victim].addresses.clone();
        robber_pod.node.clone_from(&before.pods[&victim].node);
        let after = place_after(&before, world, Setup::default()).unwrap();
        assert_eq!(after.pods[&robber].ips(), before.pods[&victim].ips());
        assert!(after.pods[&victim].ips().iter().all(|ip| !after.pods[&robber].ips().contains(ip)));
    }
}
