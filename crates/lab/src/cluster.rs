//! A placed world as a running cluster: namespaces, servers, Services, DNS, and an agent on every node.
//!
//! [`Cluster::build`] makes it, [`Cluster::update`] follows changes and lets the nodes enforce them, and [`crate::check`] asks
//! the kernel. Dropping it takes everything away.

mod names;
mod parts;
mod proxied;
mod stale;
mod update;

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use podfence_analysis::assumed::DNS_PORT;
use podfence_model::{Endpoint, Family, NamespacedName, Pod, Protocol, World};
use podfence_plan::Link;
use tokio::runtime::Runtime;

use self::parts::{Place, Serving};
use self::proxied::Proxied;
use crate::agents::{AgentError, Agents, Manifests, Objects};
use crate::dns::{NameError, Resolver, SharedZone};
use crate::ingress::SharedRoutes;
use crate::netns::Netns;
use crate::place::nameservers;
use crate::serve::{ServeError, Servers};
use crate::services::ServicesError;
use crate::setup::Links;
use crate::sockets::Transport;
use crate::topology::{NodeSpec, PodSpec, Topology, TopologyError, usual_outside};

pub(crate) use self::parts::is_dns_flow;
pub use podfence_dataplane_nft::Settings;

/// What the outside world serves by TCP: web pages, and the metadata of the cloud.
pub(crate) const OUTSIDE_PORT: u16 = 80;

/// The cluster could not be built or changed.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// The threads of the servers could not be started.
    #[error("cannot start the lab's servers: {0}")]
    Runtime(#[source] io::Error),
    /// Namespaces, links or routes.
    #[error(transparent)]
    Topology(#[from] TopologyError),
    /// A server.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// Services.
    #[error(transparent)]
    Services(#[from] ServicesError),
    /// The entries of connections.
    #[error("connections of node {node}: {source}")]
    Connections {
        /// The node.
        node: String,
        /// What went wrong.
        source: podfence_netlink::Error,
    },
    /// A Service whose name DNS cannot hold.
    #[error(transparent)]
    Name(#[from] NameError),
    /// An agent.
    #[error(transparent)]
    Agent(#[from] AgentError),
    /// There is no place for the agents' files and objects.
    #[error("cannot make a place for what the agents read: {0}")]
    Directory(#[source] io::Error),
}

/// A running cluster.
#[derive(Debug)]
pub struct Cluster {
    pub(crate) world: World,
    pub(crate) topology: Topology,
    pub(crate) runtime: Runtime,
    agents: Agents,
    /// Nodes and pods as they were built, by name.
    nodes: BTreeMap<String, NodeSpec>,
    plugged: BTreeMap<String, PodSpec>,
    /// The node's end of every pod's link, those about to be made included.
    links: BTreeMap<String, String>,
    last_link: u32,
    serving: BTreeMap<Place, (Serving, Vec<Servers>)>,
    /// What every node translates.
    translated: BTreeMap<String, Proxied>,
    zone: SharedZone,
    routes: SharedRoutes,
}

impl Cluster {
    /// Builds a placed world. Nothing is enforced yet.
    pub fn build(world: World) -> Result<Self, ClusterError> {
        Self::build_with(world, Settings::default())
    }

    /// As [`Cluster::build`], with other settings for the dataplanes.
    pub fn build_with(world: World, settings: Settings) -> Result<Self, ClusterError> {
        Self::build_on(Links::Ptp, world, settings)
    }

    /// As [`Cluster::build_with`], with pods hanging on their nodes by `links`, as the world was placed for.
    pub fn build_on(links: Links, world: World, settings: Settings) -> Result<Self, ClusterError> {
        let manifests = |_: &Topology| Manifests::new().map(|all| Box::new(all) as Box<dyn Objects>);
        let mut cluster = Self::empty(links, settings, manifests)?;
        let parts = cluster.begin(world)?;
        cluster.finish(&parts)?;
        Ok(cluster)
    }

    /// A cluster with nothing in it, whose agents will be told of the world by `objects`, which may have its seat outside.
    pub fn empty(
        links: Links,
        settings: Settings,
        objects: impl FnOnce(&Topology) -> io::Result<Box<dyn Objects>>,
    ) -> Result<Self, ClusterError> {
        let topology = Topology::with_links(links, &usual_outside())?;
        let objects = objects(&topology).map_err(ClusterError::Directory)?;
        Ok(Self {
            world: World::default(),
            topology,
            runtime: Runtime::new().map_err(ClusterError::Runtime)?,
            agents: Agents::new(settings, objects).map_err(ClusterError::Directory)?,
            nodes: BTreeMap::new(),
            plugged: BTreeMap::new(),
            links: BTreeMap::new(),
            last_link: 0,
            serving: BTreeMap::new(),
            translated: BTreeMap::new(),
            zone: SharedZone::default(),
            routes: SharedRoutes::default(),
        })
    }

    /// The world that is built.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// The agents of the nodes, for drills.
    pub fn agents(&mut self) -> &mut Agents {
        &mut self.agents
    }

    /// Lets the agent of every node enforce the world, each in one transaction.
    fn enforce(&mut self) -> Result<(), ClusterError> {
        let links = self.links_of_pods();
        let nodes: Vec<(String, Netns)> =
            self.topology.nodes().map(|(name, netns)| (name.to_owned(), netns.clone())).collect();
        Ok(self.agents.enforce(&self.world, &nodes, &links)?)
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

    /// The namespace that a pod lives in, its node's if it is `hostNetwork`; `None` while it has no address.
    pub fn netns_of(&self, pod: &Pod) -> Option<&Netns> {
        if pod.host_network {
            return self.topology.node(pod.node.as_deref()?);
        }
        self.topology.pod(&pod.meta.id.to_string()).map(crate::topology::Pod::netns)
    }

    /// The namespaces of nodes, pods and the outside.
    pub fn topology(&self) -> &Topology {
        &self.topology
    }

    /// How a pod's resolver is set up.
    pub(crate) fn resolver(&self, pod: &Pod, timeout: Duration) -> Option<Resolver> {
        let server = nameservers(&self.world).into_iter().find(|ip| pod.ip(Family::of(*ip)).is_some())?;
        let server = SocketAddr::new(server, DNS_PORT.get());
        Some(Resolver::of_pod(&pod.meta.id.namespace, server, timeout))
    }

    fn links_of_pods(&self) -> BTreeMap<NamespacedName, Link> {
        let bridge = self.topology.bridge();
        let link = |pod: &Pod| {
            let name = self.links.get(&pod.meta.id.to_string())?.clone();
            Some(match bridge {
                None => Link::Routed(name),
                Some(bridge) => Link::Bridged { bridge: bridge.to_owned(), port: name },
            })
        };
        self.world.pods.values().filter_map(|pod| Some((pod.meta.id.clone(), link(pod)?))).collect()
    }
}

fn addresses(world: &World, end: &Endpoint) -> Vec<IpAddr> {
    match end {
        Endpoint::Pod { id, .. } => world.pods.get(id).map_or_else(Vec::new, |pod| pod.ips().to_vec()),
        Endpoint::Node { name, .. } => world.nodes.get(name).map_or_else(Vec::new, |n| n.addresses.clone()),
        Endpoint::Ip(ip) => vec![*ip],
    }
}

/// The lab's word for a protocol.
pub(crate) fn transport(protocol: Protocol) -> Transport {
    match protocol {
        Protocol::Tcp => Transport::Tcp,
        Protocol::Udp => Transport::Udp,
        Protocol::Sctp => Transport::Sctp,
    }
}
