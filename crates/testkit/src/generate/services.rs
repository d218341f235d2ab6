//! Random Services of every kind, in front of the pods of a generated world.
//!
//! What the cluster decides (cluster addresses, node ports, addresses of load balancers) is left open. Selectors, target ports and
//! names come from the alphabets of pods, so that most Services lead somewhere and some lead nowhere.

use std::net::IpAddr;

use fastrand::Rng;
use podfence_model::{
    EndpointAddress, EndpointPort, EndpointSlice, Labels, Meta, Service, ServiceAddress, ServicePort,
    ServiceType, SessionAffinity, TargetPort, TrafficPolicy, World,
};

use super::draw::Draw;
use super::objects::POD_LABELS;
use super::ports::{DECLARED, NAMES, PROTOCOLS};
use crate::build::{ORIGIN, ip, labels, port};

/// What Services listen on; no pod does.
const FRONTS: [u16; 3] = [1234, 1235, 1236];
/// Addresses for `externalIPs`, of RFC 5737 and RFC 3849, that neither nodes nor the outside have.
const EXTERNAL: [[&str; 2]; 3] = [
    ["198.51.100.71", "2001:db8:e::71"],
    ["198.51.100.72", "2001:db8:e::72"],
    ["198.51.100.73", "2001:db8:e::73"],
];

/// An endpoint outside of the cluster.
const OUTSIDE: &str = "192.0.2.1";

/// Adds up to `most` Services named `svc-0` and on to random namespaces.
pub fn add_services(world: &mut World, most: usize, rng: &mut Rng) {
    let namespaces: Vec<String> = world.namespaces.keys().cloned().collect();
    for index in 0..rng.usize(0..=most) {
        put_service(world, rng.pick::<String>(&namespaces), &format!("svc-{index}"), rng);
    }
}

/// Puts a random Service into a namespace, in the place of one of that name; without a selector with an EndpointSlice.
pub fn put_service(world: &mut World, namespace: &str, name: &str, rng: &mut Rng) -> Service {
    let service = random_service(world, namespace, name, rng);
    let slice = service.selector.is_none().then(|| slice_of(world, &service, rng));
    world.endpoint_slices.remove(&service.meta.id);
    world.endpoint_slices.extend(slice.map(|slice| (slice.meta.id.clone(), slice)));
    world.services.insert(service.meta.id.clone(), service.clone());
    service
}

fn random_service(world: &World, namespace: &str, name: &str, rng: &mut Rng) -> Service {
    let kinds = [(45, ServiceType::ClusterIp), (30, ServiceType::NodePort), (25, ServiceType::LoadBalancer)];
    let kind = rng.weighted(&kinds).clone();
    let headless = kind == ServiceType::ClusterIp && rng.chance(25);
    Service {
        meta: Meta::new(namespace, name, ORIGIN),
        kind,
        address: if headless { ServiceAddress::Headless } else { ServiceAddress::Unstated },
        external_ips: if !headless && rng.chance(25) { free_external(world, rng) } else { Vec::new() },
        load_balancer_ips: Vec::new(),
        selector: (!rng.chance(10)).then(|| selector(rng)),
        ports: random_ports(rng),
        external_traffic: traffic_policy(rng),
        internal_traffic: traffic_policy(rng),
        affinity: if rng.chance(30) { SessionAffinity::ClientIp } else { SessionAffinity::None },
        publish_not_ready: rng.chance(20),
    }
}

fn traffic_policy(rng: &mut Rng) -> TrafficPolicy {
    if rng.chance(35) { TrafficPolicy::Local } else { TrafficPolicy::Cluster }
}

/// One label of pods; now and then one that none has.
fn selector(rng: &mut Rng) -> Labels {
    let (key, values) = *rng.pick(&POD_LABELS);
    let value = if rng.chance(8) { "nobody" } else { *rng.pick(values) };
    labels(&[(key, value)])
}

/// External addresses, one of each family, that no Service has: two of them at one address and port cannot both be served.
fn free_external(world: &World, rng: &mut Rng) -> Vec<IpAddr> {
    let addresses = rng.pick(&EXTERNAL).map(ip);
    // A world of one family has lost the addresses of the other.
    let is_taken = |address| world.services.values().any(|service| service.external_ips.contains(address));
    if addresses.iter().any(is_taken) { Vec::new() } else { addresses.to_vec() }
}

/// One or two ports. Two may share a number if their protocols differ.
fn random_ports(rng: &mut Rng) -> Vec<ServicePort> {
    let mut ports: Vec<ServicePort> = Vec::new();
    for index in 0..rng.usize(1..=2) {
        let candidate = random_port(index, rng);
        let twin = |p: &ServicePort| p.protocol == candidate.protocol && p.port == candidate.port;
        if !ports.iter().any(twin) {
            ports.push(candidate);
        }
    }
    ports
}

fn random_port(index: usize, rng: &mut Rng) -> ServicePort {
    let target = if rng.bool() {
        TargetPort::Named((*rng.pick(&NAMES)).to_owned())
    } else {
        TargetPort::Number(port(*rng.pick(&DECLARED)))
    };
    ServicePort {
        name: Some(format!("port-{index}")),
        protocol: *rng.weighted(&PROTOCOLS),
        port: port(*rng.pick(&FRONTS)),
        target,
        node_port: None,
    }
}

/// A slice with a pod or two of the Service's namespace, and perhaps an address outside.
fn slice_of(world: &World, service: &Service, rng: &mut Rng) -> EndpointSlice {
    let id = &service.meta.id;
    let near: Vec<_> = world
        .pods
        .values()
        .filter(|pod| pod.meta.id.namespace == id.namespace && !pod.ips().is_empty())
        .collect();
    let mut endpoints: Vec<EndpointAddress> = Vec::new();
    for pod in rng.some(&near, 0, 2) {
        endpoints.push(EndpointAddress {
            addresses: pod.ips().to_vec(),
            ready: rng.chance(85),
            node: pod.node.clone(),
            pod: Some(pod.meta.id.name.clone()),
        });
    }
    if rng.chance(30) {
        let addresses = vec![ip(OUTSIDE)];
        endpoints.push(EndpointAddress { addresses, ready: true, node: None, pod: None });
    }
    let target = port(*rng.pick(&DECLARED));
    let of =
        |p: &ServicePort| EndpointPort { name: p.name.clone(), protocol: p.protocol, port: Some(target) };
    EndpointSlice {
        meta: Meta::new(&id.namespace, &id.name, ORIGIN),
        service: Some(id.name.clone()),
        endpoints,
        ports: service.ports.iter().map(of).collect(),
    }
}
