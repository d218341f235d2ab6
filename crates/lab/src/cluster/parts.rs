//! What a placed world is built of: nodes, pods with a namespace of their own, and who serves what where.
//!
//! Two worlds are compared part by part; a part that is the same in both is left alone ([`super::update`]).

use std::collections::{BTreeMap, BTreeSet};

use podfence_analysis::assumed::{DNS_PORT, is_cluster_dns};
use podfence_analysis::proxy_port;
use podfence_model::{ContainerPort, Layer4, Life, Pod, Protocol, World};
use tokio::runtime::Handle;

use super::{OUTSIDE_PORT, transport};
use crate::dns::{self, SharedZone};
use crate::ingress::{self, SharedRoutes};
use crate::netns::Netns;
use crate::place::has_seat;
use crate::serve::{Listener, ServeError, Servers, serve};
use crate::sockets::Transport;
use crate::topology::{NodeSpec, PodSpec, Topology};

/// The nodes and pods of a world by name, and the servers of each place.
#[derive(Debug, Default)]
pub(super) struct Parts {
    pub(super) nodes: BTreeMap<String, NodeSpec>,
    pub(super) pods: BTreeMap<String, PodSpec>,
    pub(super) serving: BTreeMap<Place, Serving>,
}

/// Where servers run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    Outside,
    Node(String),
    Pod(String),
}

/// What is served at a place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Serving {
    listeners: Vec<Listener>,
    /// DNS servers: their names and ports.
    dns: Vec<(String, u16)>,
    /// Proxies of ingress controllers: likewise.
    proxies: Vec<(String, u16)>,
}

/// What servers answer from while others replace it.
pub(super) struct Shared<'a> {
    pub(super) zone: &'a SharedZone,
    pub(super) routes: &'a SharedRoutes,
}

impl Parts {
    pub(super) fn of(world: &World) -> Self {
        let mut parts = Self::default();
        parts.serving.insert(Place::Outside, Serving::of_outside());
        for node in world.nodes.values() {
            let (name, addresses) = (node.name.clone(), node.addresses.clone());
            let pod_ranges = node.pod_ranges.iter().map(|range| range.net()).collect();
            let guests = running(world).filter(|p| p.host_network && p.node.as_ref() == Some(&name));
            parts.serving.insert(Place::Node(name.clone()), Serving::of(world, &guests.collect::<Vec<_>>()));
            parts.nodes.insert(name.clone(), NodeSpec { name, addresses, pod_ranges });
        }
        for pod in world.pods.values().filter(|pod| has_seat(world, pod)) {
            let (name, Some(node)) = (pod.meta.id.to_string(), pod.node.clone()) else { continue };
            parts.serving.insert(Place::Pod(name.clone()), Serving::of(world, &[pod]));
            let addresses = pod.ips().to_vec();
            parts.pods.insert(name.clone(), PodSpec { name, node, addresses, interface: None });
        }
        parts
    }
}

fn running(world: &World) -> impl Iterator<Item = &Pod> {
    world.pods.values().filter(|pod| pod.life != Life::Finished)
}

impl Place {
    pub(super) fn netns<'t>(&self, topology: &'t Topology) -> Option<&'t Netns> {
        match self {
            Self::Outside => Some(topology.outside()),
            Self::Node(name) => topology.node(name),
            Self::Pod(name) => Some(topology.pod(name)?.netns()),
        }
    }
}

impl Serving {
    fn of_outside() -> Self {
        let web = Listener { transport: Transport::Tcp, port: OUTSIDE_PORT, name: "outside".into() };
        Self { listeners: vec![web], ..Self::default() }
    }

    /// What pods that share a namespace serve.
    fn of(world: &World, pods: &[&Pod]) -> Self {
        let dns = pods.iter().filter_map(|pod| Some((pod.meta.id.to_string(), dns_port(pod)?)));
        let proxies =
            pods.iter().filter_map(|pod| Some((pod.meta.id.to_string(), proxy_port(world, pod)?.get())));
        let proxies: Vec<(String, u16)> = proxies.collect();
        let mut listeners = listeners(pods);
        let is_proxy = |one: &Listener| {
            one.transport == Transport::Tcp && proxies.iter().any(|(_, port)| *port == one.port)
        };
        listeners.retain(|one| !is_proxy(one));
        Self { listeners, dns: dns.collect(), proxies }
    }

    /// Starts the servers.
    pub(super) fn start(
        &self,
        netns: &Netns,
        runtime: &Handle,
        shared: &Shared<'_>,
    ) -> Result<Vec<Servers>, ServeError> {
        let mut servers = vec![serve(netns, runtime, &self.listeners)?];
        for (name, port) in &self.dns {
            servers.push(dns::serve(netns, runtime, name, *port, shared.zone)?);
        }
        for (name, port) in &self.proxies {
            servers.push(ingress::serve(netns, runtime, name, *port, &shared.routes.subscribe())?);
        }
        Ok(servers)
    }
}

/// The ports that pods of one namespace declare, each once; the DNS server has its own.
fn listeners(pods: &[&Pod]) -> Vec<Listener> {
    let mut seen = BTreeSet::new();
    let mut out = Vec::new();
    for pod in pods {
        for port in pod.ports.iter().filter(|port| !is_dns_port(pod, port)) {
            if seen.insert((port.protocol, port.number)) {
                let (transport, port) = (transport(port.protocol), port.number.get());
                out.push(Listener { transport, port, name: pod.meta.id.to_string() });
            }
        }
    }
    out
}

/// Whether a port is where the lab's DNS server listens.
fn is_dns_port(pod: &Pod, port: &ContainerPort) -> bool {
    port.protocol != Protocol::Sctp && Some(port.number.get()) == dns_port(pod)
}

/// The port that the DNS server of a pod listens on, by UDP and TCP.
fn dns_port(pod: &Pod) -> Option<u16> {
    let udp = pod.ports.iter().filter(|p| p.protocol == Protocol::Udp);
    let named = udp.clone().find(|p| p.name.as_deref() == Some("dns"));
    let port = named.or_else(|| udp.clone().find(|p| p.number == DNS_PORT)).map_or(DNS_PORT, |p| p.number);
    is_cluster_dns(pod).then_some(port.get())
}

/// Whether a flow goes to a DNS server, which does not answer what other servers answer.
pub(crate) fn is_dns_flow(pod: &Pod, layer4: Layer4) -> bool {
    matches!(layer4, Layer4::Port(Protocol::Udp, port) if Some(port.get()) == dns_port(pod))
}
