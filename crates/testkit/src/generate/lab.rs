//! Flows that a laboratory of network namespaces can send.

use std::net::IpAddr;

use podfence_model::{Endpoint, Family, Flow, Layer4, Pod, Port, Protocol, World};

/// A port that no generated pod declares; a connection to it is refused when policies allow it.
pub const UNSERVED_PORT: u16 = 4444;

/// A flow to send, and what answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabProbe {
    /// What to send.
    pub flow: Flow,
    /// Whether somebody answers: if not, an allowed connection is refused, not opened.
    pub served: bool,
}

/// Every flow between two pods, from a node to a pod and from an address outside to a pod, of each family
/// that both have: to each port that the destination declares, to [`UNSERVED_PORT`] by TCP, and by ICMP.
pub fn lab_probes(world: &World, outside: &[IpAddr]) -> Vec<LabProbe> {
    let mut probes = Vec::new();
    for pod in world.pods.values() {
        for address in pod.ips() {
            let destination = Endpoint::Pod { id: pod.meta.id.clone(), address: Some(*address) };
            for source in sources(world, outside, Family::of(*address)) {
                probes.extend(probes_between(&source, &destination, pod));
            }
        }
    }
    probes
}

/// One end per pod, node and outside address that has an address of the family.
fn sources(world: &World, outside: &[IpAddr], family: Family) -> Vec<Endpoint> {
    let mut sources = Vec::new();
    for pod in world.pods.values() {
        let address = pod.ip(family);
        sources.extend(address.map(|ip| Endpoint::Pod { id: pod.meta.id.clone(), address: Some(ip) }));
    }
    for node in world.nodes.values() {
        let address = node.addresses.iter().copied().find(|ip| Family::of(*ip) == family);
        sources.extend(address.map(|ip| Endpoint::Node { name: node.name.clone(), address: Some(ip) }));
    }
    sources.extend(outside.iter().filter(|ip| Family::of(**ip) == family).map(|ip| Endpoint::Ip(*ip)));
    sources
}

fn probes_between(source: &Endpoint, destination: &Endpoint, pod: &Pod) -> Vec<LabProbe> {
    let probe = |layer4, served| LabProbe {
        flow: Flow { source: source.clone(), destination: destination.clone(), layer4 },
        served,
    };
    let mut probes: Vec<LabProbe> =
        pod.ports.iter().map(|port| probe(Layer4::Port(port.protocol, port.number), true)).collect();
    probes.extend(Port::new(UNSERVED_PORT).map(|port| probe(Layer4::Port(Protocol::Tcp, port), false)));
    probes.push(probe(Layer4::Icmp, true));
    probes
}
