//! Cluster addresses of Services.

use std::collections::BTreeSet;
use std::net::IpAddr;

use podfence_analysis::assumed::{is_cluster_dns, is_dns_namespace};
use podfence_model::{NamespacedName, Service, ServiceAddress, ServiceType, World};

use super::{stay, v4, v6};
use crate::setup::Families;

/// Gives Services that want them cluster addresses: x.x.x.10 to the DNS, as everywhere, the others in order.
pub(super) fn place_services(world: &mut World, families: Families) {
    let dns: BTreeSet<NamespacedName> =
        world.services.values().filter(|s| is_dns(world, s)).map(|s| s.meta.id.clone()).collect();
    let mut taken: BTreeSet<IpAddr> = world.services.values().flat_map(stay::service_ips).copied().collect();
    let mut numbers = 101..;
    for service in world.services.values_mut() {
        if service.address != ServiceAddress::Unstated || matches!(service.kind, ServiceType::ExternalName(_))
        {
            continue;
        }
        let planned = |number| addresses(number, families);
        let is_free = |ips: &Vec<IpAddr>| !ips.iter().any(|ip| taken.contains(ip));
        let own = dns.contains(&service.meta.id).then(|| planned(10));
        let ips = own.or_else(|| numbers.by_ref().map(planned).find(is_free));
        taken.extend(ips.iter().flatten());
        service.address = ips.map_or(ServiceAddress::Unstated, ServiceAddress::Ips);
    }
}

fn addresses(number: u16, families: Families) -> Vec<IpAddr> {
    let [high, low] = number.to_be_bytes();
    let mut ips = vec![v4([10, 96, high, low]), v6([0xfd00, 0x10, 0x96, 0], number)];
    ips.retain(|ip| families.hold(*ip));
    ips
}

fn is_dns(world: &World, service: &Service) -> bool {
    let wanted = service.selector.iter().flatten();
    let wanted: Vec<_> = wanted.collect();
    is_dns_namespace(&service.meta.id.namespace)
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
