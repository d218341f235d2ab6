//! A placed world as a running cluster: namespaces, servers, Services, DNS, and a dataplane in every node.
//!
//! [`Cluster::build`] makes it, [`Cluster::enforce`] lets the nodes enforce what an engine says, and
//! [`crate::check`] asks the kernel. Dropping it takes everything away.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use podfence_analysis::assumed::{DNS_PORT, is_cluster_dns};
use podfence_dataplane_nft::{Dataplane, DataplaneError, Settings};
use podfence_engine::Engine;
use podfence_model::{
    ContainerPort, Endpoint, Family, Labels, Layer4, Meta, NamespacedName, Pod, Protocol, Service,
    ServiceAddress, World,
};
use podfence_plan::NodePlan;
use tokio::runtime::Runtime;

use crate::dns::{self, NameError, Resolver, SharedZone, Zone};
use crate::netns::Netns;
use crate::place::nameservers;
use crate::serve::{Listener, ServeError, Servers, serve};
use crate::services::{self, ServicePort, ServicesError};
use crate::sockets::Transport;
use crate::topology::{NodeSpec, PodSpec, Topology, TopologyError, usual_outside};

/// What the outside world serves by TCP: web pages, and the metadata of the cloud.
pub(crate) const OUTSIDE_PORT: u16 = 80;

/// The cluster could not be built or changed.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// The threads of the servers could not be started.
    #[error("cannot start the lab's servers: {0}")]
    Runtime(#[source] std::io::Error),
    /// Namespaces, links or routes.
    #[error(transparent)]
    Topology(#[from] TopologyError),
    /// A server.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// Services.
    #[error(transparent)]
    Services(#[from] ServicesError),
    /// A Service whose name DNS cannot hold.
    #[error(transparent)]
    Name(#[from] NameError),
    /// Policies.
    #[error("node {node}: {source}")]
    Dataplane {
        /// The node.
        node: String,
        /// What went wrong.
        source: DataplaneError,
    },
}

/// A running cluster.
#[derive(Debug)]
pub struct Cluster {
    pub(crate) world: World,
    pub(crate) topology: Topology,
    pub(crate) runtime: Runtime,
    dataplanes: BTreeMap<String, Dataplane>,
    _servers: Vec<Servers>,
}

impl Cluster {
    /// Builds a placed world. Nothing is enforced yet.
    pub fn build(world: World) -> Result<Self, ClusterError> {
        let runtime = Runtime::new().map_err(ClusterError::Runtime)?;
        let topology = topology(&world)?;
        let mut servers = serve_all(&world, &topology, &runtime)?;
        servers.extend(serve_dns(&world, &topology, &runtime)?);
        let ports = service_ports(&world);
        for (_, node) in topology.nodes() {
            services::program(node, &ports)?;
        }
        Ok(Self { world, topology, runtime, dataplanes: BTreeMap::new(), _servers: servers })
    }

    /// Whether another world has the same nodes, pods and Services, so that only what is enforced must change.
    pub fn fits(&self, world: &World) -> bool {
        let built = &self.world;
        let pods = |w: &World| -> Vec<Pod> {
            w.pods
                .values()
                .map(|p| Pod { meta: Meta { labels: Labels::new(), ..p.meta.clone() }, ..p.clone() })
                .collect()
        };
        built.nodes == world.nodes && built.services == world.services && pods(built) == pods(world)
    }

    /// The world as it was built.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// Lets every node enforce the engine's verdicts, each in one transaction.
    pub fn enforce(&mut self, engine: &Engine) -> Result<(), ClusterError> {
        let links = self.links();
        let nodes: Vec<(String, Netns)> =
            self.topology.nodes().map(|(name, netns)| (name.to_owned(), netns.clone())).collect();
        for (node, netns) in nodes {
            let plan = NodePlan::build(engine, &node, &links);
            let failed = |source| ClusterError::Dataplane { node: node.clone(), source };
            let mut dataplane = match self.dataplanes.remove(&node) {
                Some(dataplane) => dataplane,
                None => netns.run(|| Dataplane::open(Settings::default())).map_err(failed)?,
            };
            let enforced = dataplane.enforce(plan);
            self.dataplanes.insert(node.clone(), dataplane);
            enforced.map_err(failed)?;
        }
        Ok(())
    }

    /// The namespace that an end of a flow sends from, and the address it uses; `None` for what the lab does not have.
    pub(crate) fn seat(&self, end: &Endpoint, family: Family) -> Option<(Netns, IpAddr)> {
        let (netns, address) = match end {
            Endpoint::Pod { id, address } => {
                let pod = self.world.pods.get(id)?;
                (self.netns_of(pod)?, address.or(pod.ip(family))?)
            }
            Endpoint::Node { name, address } => {
                let own = self.world.nodes.get(name)?.addresses.iter().copied();
                (self.topology.node(name)?, address.or(own.into_iter().find(|ip| Family::of(*ip) == family))?)
            }
            Endpoint::Ip(ip) => (self.topology.outside(), *ip),
        };
        Some((netns.clone(), address))
    }

    pub(crate) fn netns_of(&self, pod: &Pod) -> Option<&Netns> {
        netns_of(&self.topology, pod)
    }

    /// How a pod's resolver is set up.
    pub(crate) fn resolver(&self, pod: &Pod, timeout: Duration) -> Option<Resolver> {
        let server = nameservers(&self.world).into_iter().find(|ip| pod.ip(Family::of(*ip)).is_some())?;
        let server = SocketAddr::new(server, DNS_PORT.get());
        Some(Resolver::of_pod(&pod.meta.id.namespace, server, timeout))
    }

    fn links(&self) -> BTreeMap<NamespacedName, String> {
        let link = |pod: &Pod| Some(self.topology.pod(&pod.meta.id.to_string())?.interface().to_owned());
        self.world.pods.values().filter_map(|pod| Some((pod.meta.id.clone(), link(pod)?))).collect()
    }
}

fn netns_of<'t>(topology: &'t Topology, pod: &Pod) -> Option<&'t Netns> {
    if pod.host_network {
        return topology.node(pod.node.as_deref()?);
    }
    topology.pod(&pod.meta.id.to_string()).map(crate::topology::Pod::netns)
}

fn topology(world: &World) -> Result<Topology, TopologyError> {
    let nodes = world.nodes.values().map(|node| NodeSpec {
        name: node.name.clone(),
        addresses: node.addresses.clone(),
        pod_ranges: node.pod_ranges.iter().map(|range| range.net()).collect(),
    });
    let own = world.pods.values().filter(|pod| !pod.host_network && !pod.ips().is_empty());
    let pods = own.filter_map(|pod| {
        let (name, node) = (pod.meta.id.to_string(), pod.node.clone()?);
        Some(PodSpec { name, node, addresses: pod.ips().to_vec(), interface: None })
    });
    let mut topology = Topology::new(&usual_outside())?;
    topology.add_nodes(&nodes.collect::<Vec<_>>())?;
    topology.add_pods(&pods.collect::<Vec<_>>())?;
    Ok(topology)
}

/// Serves the declared ports of all pods, and the outside's.
fn serve_all(world: &World, topology: &Topology, runtime: &Runtime) -> Result<Vec<Servers>, ServeError> {
    let mut servers = Vec::new();
    let alone = world.pods.values().filter(|pod| !pod.host_network);
    for (pod, netns) in alone.filter_map(|pod| Some((pod, netns_of(topology, pod)?))) {
        servers.push(serve(netns, runtime.handle(), &listeners(&[pod]))?);
    }
    for (name, netns) in topology.nodes() {
        let guests: Vec<&Pod> =
            world.pods.values().filter(|p| p.host_network && p.node.as_deref() == Some(name)).collect();
        servers.push(serve(netns, runtime.handle(), &listeners(&guests))?);
    }
    let web = Listener { transport: Transport::Tcp, port: OUTSIDE_PORT, name: "outside".into() };
    servers.push(serve(topology.outside(), runtime.handle(), &[web])?);
    Ok(servers)
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

fn serve_dns(world: &World, topology: &Topology, runtime: &Runtime) -> Result<Vec<Servers>, ClusterError> {
    let zone = SharedZone::new(zone(world)?);
    let mut servers = Vec::new();
    for pod in world.pods.values() {
        let (Some(port), Some(netns)) = (dns_port(pod), netns_of(topology, pod)) else { continue };
        servers.push(dns::serve(netns, runtime.handle(), &pod.meta.id.to_string(), port, &zone)?);
    }
    Ok(servers)
}

fn zone(world: &World) -> Result<Zone, NameError> {
    let mut zone = Zone::new();
    for service in world.services.values() {
        let id = &service.meta.id;
        let name = format!("{}.{}.svc.cluster.local.", id.name, id.namespace);
        zone.add_addresses(&name, &resolved_addresses(world, service))?;
    }
    Ok(zone)
}

/// What a Service's name resolves to: its cluster addresses, or its pods' when it is headless.
fn resolved_addresses(world: &World, service: &Service) -> Vec<IpAddr> {
    match &service.address {
        ServiceAddress::Ips(ips) => ips.clone(),
        ServiceAddress::Unstated => Vec::new(),
        ServiceAddress::Headless => {
            let ports = service.ports.iter();
            let ends = ports.flat_map(|port| podfence_analysis::backends(world, service, port));
            let ips = ends.flat_map(|backend| addresses(world, &backend.end));
            ips.collect::<BTreeSet<_>>().into_iter().collect()
        }
    }
}

fn addresses(world: &World, end: &Endpoint) -> Vec<IpAddr> {
    match end {
        Endpoint::Pod { id, .. } => world.pods.get(id).map_or_else(Vec::new, |pod| pod.ips().to_vec()),
        Endpoint::Node { name, .. } => world.nodes.get(name).map_or_else(Vec::new, |n| n.addresses.clone()),
        Endpoint::Ip(ip) => vec![*ip],
    }
}

/// Every port of every cluster address, with who is behind it.
fn service_ports(world: &World) -> Vec<ServicePort> {
    let mut out = Vec::new();
    for service in world.services.values() {
        let ServiceAddress::Ips(ips) = &service.address else { continue };
        for port in &service.ports {
            let behind = podfence_analysis::backends(world, service, port);
            for address in ips {
                out.push(ServicePort {
                    name: format!("{}:{}", service.meta.id, port.port),
                    address: *address,
                    transport: transport(port.protocol),
                    port: port.port.get(),
                    backends: sockets_of(world, &behind, Family::of(*address)),
                });
            }
        }
    }
    out
}

fn sockets_of(world: &World, behind: &[podfence_analysis::Backend], family: Family) -> Vec<SocketAddr> {
    let socket = |backend: &podfence_analysis::Backend| {
        let Layer4::Port(_, port) = backend.layer4 else { return None };
        let ip = addresses(world, &backend.end).into_iter().find(|ip| Family::of(*ip) == family)?;
        Some(SocketAddr::new(ip, port.get()))
    };
    behind.iter().filter_map(socket).collect()
}

/// The lab's word for a protocol.
pub(crate) fn transport(protocol: Protocol) -> Transport {
    match protocol {
        Protocol::Tcp => Transport::Tcp,
        Protocol::Udp => Transport::Udp,
        Protocol::Sctp => Transport::Sctp,
    }
}
