//! Which pods proxy for Ingresses, where they listen, and which Ingresses they serve.

use std::collections::BTreeSet;

use podfence_model::{
    Endpoint, Ingress, Layer4, Pod, Port, Protocol, Service, ServicePort, TargetPort, World,
};

use crate::assumed::is_ingress_controller;
use crate::judge::Backend;

/// Names that charts give to the port for plain HTTP.
const HTTP_NAMES: [&str; 2] = ["http", "web"];
/// Numbers that it has where it has no name.
const HTTP_NUMBERS: [u16; 3] = [80, 8080, 8000];

/// Where a controller's pod proxies: at its TCP port named `http` or `web`, or else numbered 80, 8080 or 8000. `None` for other
/// pods, and in a world without Ingresses.
pub fn proxy_port(world: &World, pod: &Pod) -> Option<Port> {
    if world.ingresses.is_empty() || !is_ingress_controller(pod) {
        return None;
    }
    let tcp = || pod.ports.iter().filter(|port| port.protocol == Protocol::Tcp);
    let named = |port: &&podfence_model::ContainerPort| {
        port.name.as_deref().is_some_and(|name| HTTP_NAMES.contains(&name))
    };
    let numbered = || HTTP_NUMBERS.iter().find_map(|number| tcp().find(|port| port.number.get() == *number));
    tcp().find(named).or_else(numbered).map(|port| port.number)
}

/// The pods that proxy, and where.
pub fn controllers(world: &World) -> impl Iterator<Item = (&Pod, Port)> {
    world.pods.values().filter_map(move |pod| Some((pod, proxy_port(world, pod)?)))
}

/// Whether a controller serves an Ingress: one without a class, one whose class is in a value of the controller's labels, or any
/// where the world has but one kind of controller. IngressClass objects are not read.
pub fn serves(world: &World, controller: &Pod, ingress: &Ingress) -> bool {
    let kinds: BTreeSet<_> = controllers(world).map(|(pod, _)| &pod.meta.labels).collect();
    let Some(class) = &ingress.class else { return true };
    kinds.len() == 1 || controller.meta.labels.values().any(|value| value.contains(class.as_str()))
}

/// The port of a Service that an Ingress names by number or name.
pub fn backend_port<'s>(service: &'s Service, wanted: &TargetPort) -> Option<&'s ServicePort> {
    service.ports.iter().find(|port| match wanted {
        TargetPort::Number(number) => port.port == *number,
        TargetPort::Named(name) => port.name.as_ref() == Some(name),
    })
}

/// A controller as a backend of the Services before it.
pub(super) fn backend(end: Endpoint, port: Port) -> Backend {
    Backend { end, layer4: Layer4::Port(Protocol::Tcp, port) }
}
