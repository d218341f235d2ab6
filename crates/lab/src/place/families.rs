//! Drops what the input states of families that the lab shall not have.

use std::net::IpAddr;

use podfence_model::{Addresses, Service, ServiceAddress, World};

use crate::setup::Families;

/// Keeps addresses and ranges of these families alone; who loses all of them will be given others.
pub(super) fn keep(world: &mut World, families: Families) {
    world.pod_ranges.retain(|range| families.has(range.family()));
    for node in world.nodes.values_mut() {
        node.addresses.retain(|ip| families.hold(*ip));
        node.pod_ranges.retain(|range| families.has(range.family()));
    }
    for pod in world.pods.values_mut() {
        let Addresses::Known(ips) = &mut pod.addresses else { continue };
        ips.retain(|ip| families.hold(*ip));
        if ips.is_empty() {
            pod.addresses = Addresses::Unstated;
        }
    }
    world.services.values_mut().for_each(|service| keep_of_service(service, families));
    for slice in world.endpoint_slices.values_mut() {
        slice.endpoints.iter_mut().for_each(|endpoint| retain(&mut endpoint.addresses, families));
        slice.endpoints.retain(|endpoint| !endpoint.addresses.is_empty() || endpoint.pod.is_some());
    }
}

fn keep_of_service(service: &mut Service, families: Families) {
    retain(&mut service.external_ips, families);
    retain(&mut service.load_balancer_ips, families);
    let ServiceAddress::Ips(ips) = &mut service.address else { return };
    retain(ips, families);
    if ips.is_empty() {
        service.address = ServiceAddress::Unstated;
    }
}

fn retain(addresses: &mut Vec<IpAddr>, families: Families) {
    addresses.retain(|ip| families.hold(*ip));
}
