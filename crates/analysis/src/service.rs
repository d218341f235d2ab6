//! From a Service and one of its ports to the ends that packets really go to.

use std::fmt;
use std::net::IpAddr;

use podfence_model::{
    Addresses, Endpoint, EndpointAddress, EndpointPort, EndpointSlice, Labels, Layer4, Life, NamespacedName,
    Pod, Protocol, Service, ServiceAddress, ServicePort, ServiceType, TargetPort, World, nearest,
};

use crate::error::{AskError, Candidates, Suggestions};
use crate::judge::Backend;
use crate::port::{PortName, Wanted};
use crate::service_port::service_port;

/// What stands between the Service's name and its backends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Via {
    /// A virtual address; empty when no input states which.
    Virtual(Vec<IpAddr>),
    /// Nothing: the name resolves to the pods (`clusterIP: None`).
    Headless,
    /// A port of this node, which every node has for the Service.
    NodePort {
        /// The node that was asked for.
        node: String,
        /// Protocol and number there.
        layer4: Layer4,
    },
    /// An alias: the name resolves to this other name, wherever that leads.
    Alias(String),
}

/// Why something that belongs to a Service gets no traffic from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WhyLeftOut {
    /// Its Ready condition is not true.
    NotReady,
    /// It is being deleted.
    Terminating,
    /// It has no address yet.
    NoAddress,
    /// It declares no port of the name that `targetPort` asks for.
    LacksPort(String),
    /// It runs on another node, and the Service keeps connections from outside on the node they enter by.
    OtherNode,
    /// It runs on another node than the source, and the Service keeps connections from inside on their node.
    NotOnItsNode,
}

impl fmt::Display for WhyLeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotReady => f.write_str("is not ready"),
            Self::Terminating => f.write_str("is being deleted"),
            Self::NoAddress => f.write_str("has no address yet"),
            Self::LacksPort(name) => write!(f, "declares no port named `{name}`"),
            Self::NotOnItsNode => {
                f.write_str("runs on another node than the source, and internalTrafficPolicy is Local")
            }
            Self::OtherNode => f.write_str("runs on another node, and externalTrafficPolicy is Local"),
        }
    }
}

/// A pod or address that belongs to a Service but gets no traffic from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Which.
    pub who: String,
    /// Why.
    pub why: WhyLeftOut,
}

/// How a Service leads to its backends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceStep {
    /// The Service.
    pub service: NamespacedName,
    /// The port that was asked for; `None` for an alias and for a headless Service that does not list it.
    pub port: Option<ServicePort>,
    /// What stands between.
    pub via: Via,
    /// Where packets go.
    pub backends: Vec<Backend>,
    /// What gets none.
    pub left_out: Vec<LeftOut>,
    /// Whether the backends come from EndpointSlices: the Service has no selector.
    pub from_slices: bool,
    /// The external or load-balancer address that was asked for, if it was one.
    pub external: Option<IpAddr>,
}

/// The pods that a Service's selector matches, ready or not; finished ones left out.
pub(crate) fn selected_pods<'a>(world: &'a World, service: &'a Service) -> impl Iterator<Item = &'a Pod> {
    let home = &service.meta.id.namespace;
    let chosen = move |p: &&Pod| {
        p.meta.id.namespace == *home
            && p.life != Life::Finished
            && service
                .selector
                .as_ref()
                .is_some_and(|wanted| wanted.iter().all(|(key, value)| p.meta.labels.get(key) == Some(value)))
    };
    world.pods.values().filter(chosen)
}

/// Where packets to one port of a Service go; nobody when nobody is ready.
pub fn backends(world: &World, service: &Service, port: &ServicePort) -> Vec<Backend> {
    let wanted = Wanted { port: Some(&PortName::Number(port.port)), protocol: Some(port.protocol) };
    follow(world, service, wanted, false).map(|step| step.backends).unwrap_or_default()
}

/// Where a port of a Service is served, and under which numbers: what SRV records of a headless Service say. Nobody where
/// the port has no name.
pub fn served_at(world: &World, service: &Service, port: &ServicePort) -> Vec<Backend> {
    let Some(name) = port.name.clone().map(PortName::Name) else { return Vec::new() };
    let wanted = Wanted { port: Some(&name), protocol: Some(port.protocol) };
    follow(world, service, wanted, false).map(|step| step.backends).unwrap_or_default()
}

/// Follows a Service; `icmp` asks for an echo, which only a headless Service leads anywhere.
pub(crate) fn follow(
    world: &World,
    service: &Service,
    wanted: Wanted<'_>,
    icmp: bool,
) -> Result<ServiceStep, AskError> {
    let via = match (&service.kind, &service.address) {
        (ServiceType::ExternalName(name), _) => Via::Alias(name.clone()),
        (_, ServiceAddress::Headless) => Via::Headless,
        (_, ServiceAddress::Ips(ips)) => Via::Virtual(ips.clone()),
        (_, ServiceAddress::Unstated) => Via::Virtual(Vec::new()),
    };
    let mut step = ServiceStep {
        service: service.meta.id.clone(),
        port: service_port(world, service, wanted).ok().cloned(),
        via,
        backends: Vec::new(),
        left_out: Vec::new(),
        from_slices: service.selector.is_none(),
        external: None,
    };
    let reach = match step.via {
        Via::Alias(_) => return Ok(step),
        Via::Virtual(_) if icmp => return Err(icmp_error(world, service)),
        Via::Virtual(_) | Via::NodePort { .. } => Reach::Target(service_port(world, service, wanted)?),
        Via::Headless if icmp => Reach::Fixed(Layer4::Icmp),
        Via::Headless => headless_reach(world, service, wanted)?,
    };
    if service.selector.is_some() {
        add_pods(world, service, &reach, &mut step);
    } else {
        add_endpoints(world, service, &reach, &mut step);
    }
    if step.backends.is_empty() {
        return Err(no_backends(world, service, &step));
    }
    Ok(step)
}

/// Which port a Service leads to on a backend.
enum Reach<'a> {
    /// The same everywhere.
    Fixed(Layer4),
    /// Where this port's `targetPort` comes to.
    Target(&'a ServicePort),
}

impl Reach<'_> {
    fn on(&self, pod: &Pod) -> Result<Layer4, WhyLeftOut> {
        match self {
            Self::Fixed(layer4) => Ok(*layer4),
            Self::Target(port) => match &port.target {
                TargetPort::Number(number) => Ok(Layer4::Port(port.protocol, *number)),
                TargetPort::Named(name) => pod
                    .named_port(name, port.protocol)
                    .next()
                    .map(|number| Layer4::Port(port.protocol, number))
                    .ok_or_else(|| WhyLeftOut::LacksPort(name.clone())),
            },
        }
    }

    /// On an endpoint of a slice, whose own list of ports decides (`EndpointPort.name` is the Service port's).
    fn in_slice(&self, slice: &EndpointSlice) -> Option<Layer4> {
        let port = match self {
            Self::Fixed(layer4) => return Some(*layer4),
            Self::Target(port) => port,
        };
        let unnamed = |name: &Option<String>| name.clone().unwrap_or_default();
        let same = |p: &&EndpointPort| p.protocol == port.protocol && unnamed(&p.name) == unnamed(&port.name);
        let number = slice.ports.iter().find(same)?.port.unwrap_or(port.port);
        Some(Layer4::Port(port.protocol, number))
    }
}

/// Nothing translates a headless Service's ports: a number is dialled as it is. Only asking by name
/// (an SRV record) gives the number that the pod listens on.
fn headless_reach<'a>(
    world: &World,
    service: &'a Service,
    wanted: Wanted<'_>,
) -> Result<Reach<'a>, AskError> {
    let listed = service_port(world, service, wanted);
    match (wanted.port, listed) {
        (Some(PortName::Number(number)), listed) => {
            let protocol = wanted.protocol.or(listed.ok().map(|p| p.protocol)).unwrap_or(Protocol::Tcp);
            Ok(Reach::Fixed(Layer4::Port(protocol, *number)))
        }
        (Some(PortName::Name(_)), listed) => listed.map(Reach::Target),
        (None, listed) => listed.map(|p| Reach::Fixed(Layer4::Port(p.protocol, p.port))),
    }
}

fn add_pods(world: &World, service: &Service, reach: &Reach<'_>, step: &mut ServiceStep) {
    for pod in selected_pods(world, service) {
        match usable(pod, service).and_then(|()| reach.on(pod)) {
            Ok(layer4) => step.backends.push(Backend { end: pod_end(pod, None), layer4 }),
            Err(why) => step.left_out.push(LeftOut { who: format!("pod {}", pod.meta.id), why }),
        }
    }
}

fn usable(pod: &Pod, service: &Service) -> Result<(), WhyLeftOut> {
    match (&pod.addresses, pod.life) {
        (Addresses::NotYet, _) => Err(WhyLeftOut::NoAddress),
        _ if service.publish_not_ready => Ok(()),
        (_, Life::Terminating) => Err(WhyLeftOut::Terminating),
        _ if !pod.ready => Err(WhyLeftOut::NotReady),
        _ => Ok(()),
    }
}

pub(crate) fn pod_end(pod: &Pod, address: Option<IpAddr>) -> Endpoint {
    Endpoint::Pod { id: pod.meta.id.clone(), address }
}

fn add_endpoints(world: &World, service: &Service, reach: &Reach<'_>, step: &mut ServiceStep) {
    let id = &service.meta.id;
    let ours =
        |s: &&EndpointSlice| s.meta.id.namespace == id.namespace && s.service.as_ref() == Some(&id.name);
    for slice in world.endpoint_slices.values().filter(ours) {
        let Some(layer4) = reach.in_slice(slice) else { continue };
        for endpoint in &slice.endpoints {
            let Some(end) = endpoint_end(world, &id.namespace, endpoint) else { continue };
            if endpoint.ready || service.publish_not_ready {
                step.backends.push(Backend { end, layer4 });
            } else {
                step.left_out.push(LeftOut { who: end.to_string(), why: WhyLeftOut::NotReady });
            }
        }
    }
}

/// The pod that an endpoint names, if the world has it, or else its address.
fn endpoint_end(world: &World, namespace: &str, endpoint: &EndpointAddress) -> Option<Endpoint> {
    let named = endpoint.pod.as_ref().map(|name| NamespacedName::new(namespace, name));
    match named.and_then(|id| world.pods.get(&id)) {
        Some(pod) => Some(pod_end(pod, None)),
        None => endpoint.addresses.first().map(|ip| Endpoint::Ip(*ip)),
    }
}

pub(crate) fn no_backends(world: &World, service: &Service, step: &ServiceStep) -> AskError {
    let why = match (&service.selector, step.left_out.as_slice()) {
        (_, [one, rest @ ..]) => {
            let more = if rest.is_empty() { String::new() } else { format!(" (and {} more)", rest.len()) };
            format!("{} {}{more}", one.who, one.why)
        }
        (Some(selector), []) => selects_nothing(world, service, selector),
        (None, []) => "it has no selector, and no EndpointSlice has a fitting endpoint".to_owned(),
    };
    AskError::NoBackends { service: service.meta.id.clone(), why }
}

fn selects_nothing(world: &World, service: &Service, selector: &Labels) -> String {
    let home = &service.meta.id.namespace;
    let near = selector.iter().find_map(|(key, value)| {
        let neighbours = world.pods.values().filter(|p| p.meta.id.namespace == *home);
        let values: Vec<&str> =
            neighbours.filter_map(|p| p.meta.labels.get(key)).map(String::as_str).collect();
        nearest(value, values).filter(|found| found != value).map(|found| format!("{key}={found}"))
    });
    let text: Vec<String> = selector.iter().map(|(k, v)| format!("{k}={v}")).collect();
    let suggestions = Suggestions(near.into_iter().collect());
    format!("its selector {} matches no pod in namespace {home}{suggestions}", text.join(","))
}

fn icmp_error(world: &World, service: &Service) -> AskError {
    let pods = selected_pods(world, service).take(3);
    let pods = pods.map(|p| format!("{}/pod/{}", p.meta.id.namespace, p.meta.id.name)).collect();
    AskError::IcmpToService { service: service.meta.id.clone(), pods: Candidates(pods) }
}
