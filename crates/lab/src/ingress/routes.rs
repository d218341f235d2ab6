//! What the Ingresses of a world come to: which endpoints a host and a path lead to.
//!
//! An exact host goes before a wildcard and that before none, then the longer path (`pathType` is taken for Prefix). Which
//! Ingresses a controller serves is [`podfence_analysis::serves`]'s.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use podfence_analysis::{Backend, backend_port, backends, controllers, serves};
use podfence_model::{Endpoint, Ingress, IngressBackend, Layer4, NamespacedName, Pod, World};
use tokio::sync::watch;

/// The routes of every controller, by the pod's name.
pub(crate) type AllRoutes = BTreeMap<String, Arc<Routes>>;

/// Routes that proxies read and others replace.
pub(crate) type SharedRoutes = watch::Sender<AllRoutes>;

/// The routes of one controller.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Routes(Vec<Route>);

/// Where requests for a host and a path go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Route {
    host: Option<String>,
    path: Option<String>,
    /// Who may answer; empty if nobody is ready, or the Ingress names no Service of the world.
    pub(crate) targets: Vec<Target>,
}

/// An endpoint of a Service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) backend: Backend,
    pub(crate) sockets: Vec<SocketAddr>,
}

/// The routes of all controllers.
pub(crate) fn all(world: &World) -> AllRoutes {
    controllers(world).map(|(pod, _)| (pod.meta.id.to_string(), Arc::new(Routes::of(world, pod)))).collect()
}

impl Routes {
    pub(crate) fn of(world: &World, controller: &Pod) -> Self {
        let served = world.ingresses.values().filter(|ingress| serves(world, controller, ingress));
        let route = |ingress: &Ingress, backend: &IngressBackend| Route {
            host: backend.host.clone(),
            path: backend.path.clone(),
            targets: targets(world, &ingress.meta.id.namespace, backend),
        };
        Self(served.flat_map(|ingress| ingress.backends.iter().map(move |b| route(ingress, b))).collect())
    }

    /// The route of a request. `host` is without a port.
    pub(crate) fn find(&self, host: &str, path: &str) -> Option<&Route> {
        let fitting = self.0.iter().filter_map(|route| Some((route.rank(host, path)?, route)));
        // Of equals the first: the API prefers the older Ingress, and manifests have no ages.
        let best = fitting.reduce(|best, next| if next.0 > best.0 { next } else { best });
        best.map(|(_, route)| route)
    }
}

impl Route {
    /// How well it fits: by host, then by path; `None` if not at all.
    fn rank(&self, host: &str, path: &str) -> Option<(u8, usize)> {
        let host = match &self.host {
            None => 0,
            Some(own) => match own.strip_prefix("*.") {
                Some(domain) => (host.split_once('.')?.1.eq_ignore_ascii_case(domain)).then_some(1)?,
                None => own.eq_ignore_ascii_case(host).then_some(2)?,
            },
        };
        let own = self.path.as_deref().unwrap_or("/").trim_end_matches('/');
        let rest = path.strip_prefix(own)?;
        (rest.is_empty() || rest.starts_with('/')).then_some((host, own.len()))
    }
}

fn targets(world: &World, namespace: &str, to: &IngressBackend) -> Vec<Target> {
    let service = world.services.get(&NamespacedName::new(namespace, &to.service));
    let Some((service, port)) = service.and_then(|s| Some((s, backend_port(s, &to.port)?))) else {
        return Vec::new();
    };
    backends(world, service, port).into_iter().filter_map(|backend| target(world, backend)).collect()
}

fn target(world: &World, backend: Backend) -> Option<Target> {
    let Layer4::Port(_, port) = backend.layer4 else { return None };
    let ips: Vec<IpAddr> = match &backend.end {
        Endpoint::Pod { id, .. } => world.pods.get(id)?.ips().to_vec(),
        Endpoint::Node { name, .. } => world.nodes.get(name)?.addresses.clone(),
        Endpoint::Ip(ip) => vec![*ip],
    };
    Some(Target { sockets: ips.into_iter().map(|ip| SocketAddr::new(ip, port.get())).collect(), backend })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_go_before_paths_and_longer_paths_before_shorter() {
        let route = |host: Option<&str>, path: Option<&str>| Route {
            host: host.map(str::to_owned),
            path: path.map(str::to_owned),
            targets: Vec::new(),
        };
        let shop = Some("shop.example.com");
        let routes = Routes(vec![
            route(None, None),
            route(shop, Some("/")),
            route(shop, Some("/api/")),
            route(Some("*.example.com"), Some("/api/v2")),
        ]);
        let find = |host: &str, path: &str| routes.find(host, path).map(|r| (r.host.clone(), r.path.clone()));
        let is =
            |host: Option<&str>, path: Option<&str>| Some((host.map(str::to_owned), path.map(str::to_owned)));
        assert_eq!(find("shop.example.com", "/api/v2"), is(shop, Some("/api/")));
        assert_eq!(find("SHOP.example.com", "/apiary"), is(shop, Some("/")));
        assert_eq!(find("blog.example.com", "/api/v2/x"), is(Some("*.example.com"), Some("/api/v2")));
        assert_eq!(find("a.blog.example.com", "/api/v2"), is(None, None));
        assert_eq!(find("other.org", "/"), is(None, None));
    }
}
