//! Asks by every way into a Service, from everywhere, and compares with the engine, entry node by entry node.
//!
//! Pods ask cluster addresses in [`crate::service_check`]. Here nodes ask them, too, and everybody asks node ports at every
//! node, external and load-balancer addresses; these the outside enters by each node in turn.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use podfence_analysis::{Front, backends, passage};
use podfence_engine::{Engine, Outcome as Verdict};
use podfence_model::{
    Endpoint, Family, NamespacedName, Port, Protocol, Service, ServiceAddress, ServicePort, World,
};

use crate::cluster::{Cluster, is_dns_flow, transport};
use crate::flows::{node_end, outside, pod_end};
use crate::probe::{self, Outcome, Probe, Question};
use crate::service_check::{is_one_of, verdicts};
use crate::topology::usual_outside;

/// A connection to a Service by one of the ways into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryQuestion {
    /// Who connects, with the address.
    pub source: Endpoint,
    /// To which Service.
    pub service: NamespacedName,
    /// By which protocol.
    pub protocol: Protocol,
    /// To which of its ports, as the Service numbers them.
    pub port: Port,
    /// By which way.
    pub front: Front,
}

impl EntryQuestion {
    /// The node that it enters by, where the way says so: a node port's, and the outside's at an external address.
    pub fn entry(&self) -> Option<&str> {
        match (&self.front, &self.source) {
            (Front::NodePort(node, _), _) | (Front::External(_, node), Endpoint::Ip(_)) => Some(node),
            (Front::External(..) | Front::Cluster(_), _) => None,
        }
    }
}

impl fmt::Display for EntryQuestion {
    /// The way, as it is told.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.front {
            Front::Cluster(ip) | Front::External(ip, _) => write!(f, "{ip}")?,
            Front::NodePort(_, number) => write!(f, "nodePort {number}")?,
        }
        self.entry().map_or(Ok(()), |node| write!(f, " by node/{node}"))
    }
}

/// Such a connection, what the engine says, and what the kernel did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryChecked {
    /// What was tried.
    pub asked: EntryQuestion,
    /// As in [`crate::service_check::ServiceChecked`].
    pub engine: Vec<Verdict>,
    /// What came of the packets.
    pub kernel: Outcome,
}

impl EntryChecked {
    /// Whether the kernel did what the engine says of some backend: it chooses one by itself.
    pub fn agrees(&self) -> bool {
        is_one_of(&self.engine, &self.kernel)
    }
}

/// Every way into a port of a Service, from pods, nodes and the outside.
pub(crate) fn entries(world: &World, service: &Service, port: &ServicePort) -> Vec<EntryQuestion> {
    if leads_to_dns(world, service, port) {
        return Vec::new(); // it answers nothing but questions for names, and those are asked
    }
    let ServiceAddress::Ips(cluster) = &service.address else { return Vec::new() };
    let families =
        Family::BOTH.into_iter().filter(|family| cluster.iter().any(|ip| Family::of(*ip) == *family));
    let mut out = Vec::new();
    for family in families {
        for source in sources(world, family) {
            let fronts = fronts(world, service, port, &source, family);
            out.extend(fronts.into_iter().map(|front| EntryQuestion {
                source: source.clone(),
                service: service.meta.id.clone(),
                protocol: port.protocol,
                port: port.port,
                front,
            }));
        }
    }
    out
}

/// Whether a port leads to the lab's DNS servers by UDP.
pub(crate) fn leads_to_dns(world: &World, service: &Service, port: &ServicePort) -> bool {
    backends(world, service, port).iter().any(|backend| {
        let Endpoint::Pod { id, .. } = &backend.end else { return false };
        world.pods.get(id).is_some_and(|pod| is_dns_flow(pod, backend.layer4))
    })
}

fn sources(world: &World, family: Family) -> Vec<Endpoint> {
    let pods = world.pods.values().filter_map(|pod| pod_end(world, pod, family));
    let nodes = world.nodes.keys().filter_map(|name| node_end(world, name, family));
    pods.chain(nodes).chain(outside(family).map(Endpoint::Ip)).collect()
}

/// The ways that a source has.
fn fronts(
    world: &World,
    service: &Service,
    port: &ServicePort,
    source: &Endpoint,
    family: Family,
) -> Vec<Front> {
    let ServiceAddress::Ips(cluster) = &service.address else { return Vec::new() };
    let ours = |ip: &&std::net::IpAddr| Family::of(**ip) == family;
    let mut fronts = Vec::new();
    if matches!(source, Endpoint::Node { .. }) {
        fronts.extend(cluster.iter().filter(ours).map(|ip| Front::Cluster(*ip)));
    }
    for node in world.nodes.values() {
        let has_family = node.addresses.iter().any(|ip| Family::of(*ip) == family);
        fronts.extend(port.node_port.filter(|_| has_family).map(|n| Front::NodePort(node.name.clone(), n)));
    }
    for ip in service.external_ips.iter().chain(&service.load_balancer_ips).filter(ours) {
        fronts.extend(entry_nodes(world, *ip, source).into_iter().map(|node| Front::External(*ip, node)));
    }
    fronts
}

/// The nodes that packets of a source to an external address may enter by.
fn entry_nodes(world: &World, ip: std::net::IpAddr, source: &Endpoint) -> Vec<String> {
    let owner = world.nodes.values().find(|node| node.addresses.contains(&ip));
    match (podfence_analysis::node_of(world, source), owner) {
        (Some(home), _) => vec![home.to_owned()],
        (None, Some(owner)) => vec![owner.name.clone()],
        (None, None) if usual_outside().contains(&ip) => Vec::new(), // it never leaves the outside
        (None, None) => world.nodes.keys().cloned().collect(),
    }
}

impl Cluster {
    /// Connects by all of these ways. What is late is tried again, as for flows.
    pub(crate) async fn check_entries(
        &self,
        engine: &Engine,
        asked: &[EntryQuestion],
        timeout: Duration,
    ) -> Vec<EntryChecked> {
        let tried = asked.iter().filter_map(|question| self.entry_probe(engine, question));
        probe::run_all(tried, timeout, |one, outcome| one.kernel = outcome, EntryChecked::agrees).await
    }

    fn entry_probe(&self, engine: &Engine, asked: &EntryQuestion) -> Option<(EntryChecked, Probe)> {
        let service = self.world.services.get(&asked.service)?;
        let port = service.port(asked.protocol, asked.port)?;
        let found = passage(&self.world, engine, (service, port), &asked.source, &asked.front).ok()?;
        let address = asked.source.address()?;
        let (from, source) = self.seat(&asked.source, Family::of(address))?;
        let to = self.dialled(asked, Family::of(address))?;
        let outside = matches!(asked.source, Endpoint::Ip(_));
        let link = asked.entry().filter(|_| outside).and_then(|node| self.topology.uplink(node));
        let link = link.map(str::to_owned);
        let question = Question::Port(transport(asked.protocol), to.port());
        let probe = Probe { from, source: Some(source), link, to: to.ip(), question };
        let (asked, engine) = (asked.clone(), verdicts(found));
        Some((EntryChecked { asked, engine, kernel: Outcome::TimedOut }, probe))
    }

    /// Where a connection is sent to.
    pub(crate) fn dialled(&self, asked: &EntryQuestion, family: Family) -> Option<SocketAddr> {
        match &asked.front {
            Front::Cluster(ip) | Front::External(ip, _) => Some(SocketAddr::new(*ip, asked.port.get())),
            Front::NodePort(node, number) => {
                let address = node_end(&self.world, node, family)?.address()?;
                Some(SocketAddr::new(address, number.get()))
            }
        }
    }
}
