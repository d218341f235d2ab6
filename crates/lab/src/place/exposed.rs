//! Node ports and load-balancer addresses, for Services that want them and state none.

use std::collections::BTreeSet;
use std::net::IpAddr;

use podfence_model::{Family, Port, Protocol, Service, ServiceType, World};

use super::stay::service_ips;
use super::{v4, v6};

/// The API server's default range (`--service-node-port-range`) begins here.
const FIRST_NODE_PORT: u16 = 30000;
/// Load balancers have the upper half of 203.0.113.0/24 (RFC 5737), and 2001:db8:1b::/64 (RFC 3849).
const LOAD_BALANCERS: u8 = 128;

/// Gives every port of a Service that has node ports a free number.
pub(super) fn place_node_ports(world: &mut World) {
    let ports = || world.services.values().filter(|s| has_node_ports(s)).flat_map(|s| &s.ports);
    let stated = ports().filter_map(|port| Some((port.protocol, port.node_port?)));
    let mut taken: BTreeSet<(Protocol, Port)> = stated.collect();
    for service in world.services.values_mut().filter(|service| has_node_ports(service)) {
        for port in service.ports.iter_mut().filter(|port| port.node_port.is_none()) {
            let numbers = (FIRST_NODE_PORT..).filter_map(Port::new);
            let protocol = port.protocol;
            port.node_port = numbers.into_iter().find(|number| taken.insert((protocol, *number)));
        }
    }
}

/// Whether every node has a port for each port of a Service.
fn has_node_ports(service: &Service) -> bool {
    matches!(service.kind, ServiceType::NodePort | ServiceType::LoadBalancer)
}

/// Gives load balancers without an address one of each family that the Service has.
pub(super) fn place_load_balancers(world: &mut World) {
    let stated = world.services.values().flat_map(|s| s.load_balancer_ips.iter().chain(&s.external_ips));
    let mut taken: BTreeSet<IpAddr> = stated.copied().collect();
    let wanting = |s: &&mut Service| s.kind == ServiceType::LoadBalancer && s.load_balancer_ips.is_empty();
    for service in world.services.values_mut().filter(wanting) {
        let families: BTreeSet<Family> = service_ips(service).iter().map(|ip| Family::of(*ip)).collect();
        let free = families.into_iter().filter_map(|family| {
            let addresses = (1..LOAD_BALANCERS - 1).map(|number| address(family, number));
            addresses.into_iter().find(|ip| taken.insert(*ip))
        });
        service.load_balancer_ips = free.collect();
    }
}

fn address(family: Family, number: u8) -> IpAddr {
    match family {
        Family::V4 => v4([203, 0, 113, LOAD_BALANCERS + number]),
        Family::V6 => v6([0x2001, 0xdb8, 0x1b, 0], number.into()),
    }
}
