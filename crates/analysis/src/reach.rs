//! Where a destination leads: to itself, or through a Service to its backends.

use std::net::IpAddr;

use podfence_model::{Endpoint, Layer4, NamespacedName, World};

use crate::entry::service_of_node_port;
use crate::error::AskError;
use crate::judge::Backend;
use crate::port::{AskedProtocol, PortName, Wanted, bare_layer4, pod_layer4};
use crate::resolve::Resolved;
use crate::service::{ServiceStep, Via, follow, pod_end};

/// The ends that packets to a destination come to.
pub(crate) struct Reached {
    /// The Service on the way, if there is one.
    pub service: Option<ServiceStep>,
    /// Empty only behind an alias.
    pub backends: Vec<Backend>,
}

impl From<ServiceStep> for Reached {
    fn from(step: ServiceStep) -> Self {
        Self { backends: step.backends.clone(), service: Some(step) }
    }
}

/// Finds them.
pub(crate) fn reach(
    world: &World,
    destination: &Resolved,
    port: Option<&PortName>,
    protocol: Option<AskedProtocol>,
) -> Result<Reached, AskError> {
    let asked = Asked { port, protocol };
    let backends = match destination {
        Resolved::Service { id, address } => {
            let service = world.services.get(id).ok_or_else(|| AskError::NoPods(id.to_string()))?;
            let step = follow(world, service, asked.wanted(), asked.is_icmp())?;
            let is_external =
                |ip: &IpAddr| service.external_ips.contains(ip) || service.load_balancer_ips.contains(ip);
            return Ok(ServiceStep { external: address.filter(is_external), ..step }.into());
        }
        Resolved::Pods { pods, .. } => pod_backends(world, pods, &asked)?,
        Resolved::Node(name) => {
            let layer4 = asked.on_bare(&format!("node {name}"))?;
            if let Some(step) = node_port(world, name, layer4)? {
                return Ok(step.into());
            }
            vec![Backend { end: Endpoint::Node { name: name.clone(), address: None }, layer4 }]
        }
        Resolved::Ip(ip) => {
            vec![Backend { end: Endpoint::Ip(*ip), layer4: asked.on_bare(&ip.to_string())? }]
        }
    };
    Ok(Reached { service: None, backends })
}

/// Port and protocol as asked for.
struct Asked<'a> {
    port: Option<&'a PortName>,
    protocol: Option<AskedProtocol>,
}

impl Asked<'_> {
    fn is_icmp(&self) -> bool {
        self.protocol == Some(AskedProtocol::Icmp)
    }

    fn wanted(&self) -> Wanted<'_> {
        let protocol = match self.protocol {
            Some(AskedProtocol::Ports(protocol)) => Some(protocol),
            Some(AskedProtocol::Icmp) | None => None,
        };
        Wanted { port: self.port, protocol }
    }

    fn on_bare(&self, who: &str) -> Result<Layer4, AskError> {
        if self.is_icmp() { Ok(Layer4::Icmp) } else { bare_layer4(self.wanted(), who) }
    }
}

fn pod_backends(world: &World, pods: &[NamespacedName], asked: &Asked<'_>) -> Result<Vec<Backend>, AskError> {
    let known = pods.iter().filter_map(|id| world.pods.get(id));
    let backend = |pod| {
        let layer4 = if asked.is_icmp() { Layer4::Icmp } else { pod_layer4(pod, asked.wanted())? };
        Ok(Backend { end: pod_end(pod, None), layer4 })
    };
    known.map(backend).collect()
}

/// Where a port of a node leads if it is a `nodePort`.
fn node_port(world: &World, node: &str, layer4: Layer4) -> Result<Option<ServiceStep>, AskError> {
    let found = service_of_node_port(world, layer4);
    let service = found.and_then(|(id, port)| Some((world.services.get(&id)?, PortName::Number(port))));
    let (Some((service, port)), Layer4::Port(protocol, _)) = (service, layer4) else { return Ok(None) };
    let wanted = Wanted { port: Some(&port), protocol: Some(protocol) };
    let step = follow(world, service, wanted, false)?;
    Ok(Some(ServiceStep { via: Via::NodePort { node: node.to_owned(), layer4 }, ..step }))
}
