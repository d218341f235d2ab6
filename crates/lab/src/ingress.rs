//! Ingress: controllers that truly proxy, so that their addresses are what backends see, and the comparison of the whole way.
//!
//! A pod that is taken for an ingress controller ([`podfence_analysis::assumed::is_ingress_controller`]) runs a small reverse
//! proxy for HTTP/1.1 on its HTTP port (`proxy_port`), as soon as the world has an Ingress. `routes` says which endpoints a
//! host and path lead to, the `proxy` goes there itself, not by the Service's address, as real controllers do, and gives the
//! name of who answered as the body. [`check`] asks from outside and compares with both halves of the engine's answer.

pub mod check;
mod client;
mod proxy;
mod routes;

use podfence_analysis::assumed::is_ingress_controller;
use podfence_model::{Pod, Protocol, World};

pub(crate) use proxy::serve;
pub(crate) use routes::{SharedRoutes, all as all_routes};

/// Names that charts give to the port for plain HTTP.
const HTTP_NAMES: [&str; 2] = ["http", "web"];
/// Numbers that it has where it has no name.
const HTTP_NUMBERS: [u16; 3] = [80, 8080, 8000];

/// Where the proxy of a pod listens: at its TCP port named `http` or `web`, or else numbered 80, 8080 or 8000. `None` for other
/// pods, and in a world without Ingresses.
pub(crate) fn proxy_port(world: &World, pod: &Pod) -> Option<u16> {
    if world.ingresses.is_empty() || !is_ingress_controller(pod) {
        return None;
    }
    let tcp = || pod.ports.iter().filter(|port| port.protocol == Protocol::Tcp);
    let named = |port: &&podfence_model::ContainerPort| {
        port.name.as_deref().is_some_and(|name| HTTP_NAMES.contains(&name))
    };
    let numbered = || HTTP_NUMBERS.iter().find_map(|number| tcp().find(|port| port.number.get() == *number));
    tcp().find(named).or_else(numbered).map(|port| port.number.get())
}

/// The pods that proxy, and where.
pub(crate) fn controllers(world: &World) -> impl Iterator<Item = (&Pod, u16)> {
    world.pods.values().filter_map(move |pod| Some((pod, proxy_port(world, pod)?)))
}
