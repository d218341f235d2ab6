//! What each node translates: the Services of a world, as that node sees them.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use podfence_analysis::{Backend, backends, node_of};
use podfence_model::{
    Family, Layer4, Node, Service, ServiceAddress, ServicePort as Port, ServiceType, World,
};

use super::{addresses, transport};
use crate::services::ServicePort;

/// What one node translates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Proxied {
    /// The ranges of its own pods.
    pub(super) pods: Vec<IpNet>,
    pub(super) ports: Vec<ServicePort>,
}

impl Proxied {
    pub(super) fn of(world: &World, node: &Node) -> Self {
        let services = world.services.values();
        let ports = services.flat_map(|service| service.ports.iter().map(move |port| (service, port)));
        let ports = ports.flat_map(|(service, port)| service_port(world, node, service, port)).collect();
        Self { pods: node.pod_ranges.iter().map(|range| range.net()).collect(), ports }
    }
}

/// Addresses that lead to Services from outside of the cluster, and are no node's.
pub(super) fn exposed(world: &World) -> Vec<IpAddr> {
    let of_nodes = |ip: &IpAddr| world.nodes.values().any(|node| node.addresses.contains(ip));
    world.services.values().flat_map(external).filter(|ip| !of_nodes(ip)).collect()
}

fn external(service: &Service) -> Vec<IpAddr> {
    service.external_ips.iter().chain(&service.load_balancer_ips).copied().collect()
}

/// A port of a Service in each of its families.
fn service_port(world: &World, node: &Node, service: &Service, port: &Port) -> Vec<ServicePort> {
    let ServiceAddress::Ips(cluster) = &service.address else { return Vec::new() };
    let behind = backends(world, service, port);
    let (near, _): (Vec<Backend>, Vec<Backend>) =
        behind.iter().cloned().partition(|backend| node_of(world, &backend.end) == Some(node.name.as_str()));
    let of = |ips: &[IpAddr], family| ips.iter().copied().filter(|ip| Family::of(*ip) == family).collect();
    let exposed = matches!(service.kind, ServiceType::NodePort | ServiceType::LoadBalancer);
    let one = |family| ServicePort {
        name: format!("{}:{}", service.meta.id, port.port),
        family,
        transport: transport(port.protocol),
        port: port.port.get(),
        cluster: of(cluster, family),
        external: of(&external(service), family),
        node_port: port.node_port.filter(|_| exposed).map(podfence_model::Port::get),
        backends: sockets(world, &behind, family),
        local: sockets(world, &near, family),
        internal_policy: service.internal_traffic,
        external_policy: service.external_traffic,
        affinity: service.affinity,
    };
    let has = |family: &Family| cluster.iter().any(|ip| Family::of(*ip) == *family);
    Family::BOTH.into_iter().filter(has).map(one).collect()
}

fn sockets(world: &World, behind: &[Backend], family: Family) -> Vec<SocketAddr> {
    let socket = |backend: &Backend| {
        let Layer4::Port(_, port) = backend.layer4 else { return None };
        let ip = addresses(world, &backend.end).into_iter().find(|ip| Family::of(*ip) == family)?;
        Some(SocketAddr::new(ip, port.get()))
    };
    behind.iter().filter_map(socket).collect()
}
