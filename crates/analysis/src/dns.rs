//! Whether a source may ask the cluster DNS, without which a Service's name leads nowhere.

use podfence_engine::Engine;
use podfence_model::{Direction, Endpoint, Layer4, NamespacedName, Origin, Pod, Protocol, World};

use crate::assumed::{DNS_PORT, is_cluster_dns, is_dns_namespace};
use crate::error::AskError;
use crate::judge::{Ask, Backend, Path, judge};
use crate::port::{PortName, Wanted};
use crate::service::{follow, pod_end, selected_pods};
use crate::twins::Twins;

/// May the source ask the cluster DNS?
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DnsStep {
    /// The DNS pods.
    pub servers: Vec<NamespacedName>,
    /// Whether they are assumed: no input states them.
    pub assumed: bool,
    /// Over UDP 53, which every resolver tries first.
    pub udp: Vec<Path>,
    /// Over TCP 53, which long answers need.
    pub tcp: Vec<Path>,
}

/// The step for these sources, each of which stands for its `twins`; `None` when none of them is a pod, or the world has no cluster DNS.
pub(crate) fn dns_step(
    world: &World,
    engine: &Engine,
    sources: &[Endpoint],
    twins: &Twins,
) -> Result<Option<DnsStep>, AskError> {
    let servers: Vec<&Pod> = world.pods.values().filter(|p| is_cluster_dns(p)).collect();
    if servers.is_empty() || !sources.iter().any(|s| matches!(s, Endpoint::Pod { .. })) {
        return Ok(None);
    }
    let over = |protocol| -> Result<Vec<Path>, AskError> {
        let backends = dns_backends(world, &servers, protocol);
        let asks = sources.iter().flat_map(|s| backends.iter().map(move |b| Ask::direct(s, b)));
        let mut paths = judge(world, engine, &asks.collect::<Vec<_>>())?;
        twins.expand(&mut paths);
        Ok(paths)
    };
    Ok(Some(DnsStep {
        udp: over(Protocol::Udp)?,
        tcp: over(Protocol::Tcp)?,
        assumed: servers.iter().all(|p| matches!(p.meta.origin, Origin::Assumed(_))),
        servers: servers.iter().map(|p| p.meta.id.clone()).collect(),
    }))
}

/// Behind the Service that selects the DNS pods, or port 53 of each pod when there is none.
pub(crate) fn dns_backends(world: &World, servers: &[&Pod], protocol: Protocol) -> Vec<Backend> {
    let wanted = Wanted { port: Some(&PortName::Number(DNS_PORT)), protocol: Some(protocol) };
    let mut services = world
        .services
        .values()
        .filter(|s| is_dns_namespace(&s.meta.id.namespace) && selected_pods(world, s).any(is_cluster_dns));
    let behind = services.find_map(|s| follow(world, s, wanted, false).ok()).map(|step| step.backends);
    let layer4 = Layer4::Port(protocol, DNS_PORT);
    behind.unwrap_or_else(|| servers.iter().map(|p| Backend { end: pod_end(p, None), layer4 }).collect())
}

/// Whether some policy isolates one of the ends for egress.
pub(crate) fn any_isolated(engine: &Engine, ends: &[Endpoint]) -> bool {
    let isolated = |id| !engine.isolating(id, Direction::Egress).is_empty();
    ends.iter().any(|end| match end {
        Endpoint::Pod { id, .. } => engine.pod_id(id).is_some_and(isolated),
        Endpoint::Node { .. } | Endpoint::Ip(_) => false,
    })
}
