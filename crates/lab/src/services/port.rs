//! What one node must know of a port of a Service, in one family.

use std::net::{IpAddr, SocketAddr};

use podfence_model::{Family, SessionAffinity, TrafficPolicy};

use super::ServicesError;
use crate::sockets::Transport;

/// A port of a Service in one family, and who is behind it, as one node sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServicePort {
    /// What `nft list` shows, for instance `shop/web:http`.
    pub name: String,
    /// The family of all addresses here.
    pub family: Family,
    /// The protocol.
    pub transport: Transport,
    /// The port of the Service, at its addresses.
    pub port: u16,
    /// Cluster addresses: for pods and nodes.
    pub cluster: Vec<IpAddr>,
    /// External and load-balancer addresses: for everybody, as are node ports.
    pub external: Vec<IpAddr>,
    /// The port of every node that leads here.
    pub node_port: Option<u16>,
    /// Pods and their ports.
    pub backends: Vec<SocketAddr>,
    /// Those of them on this node.
    pub local: Vec<SocketAddr>,
    /// Which backends connections to cluster addresses go to.
    pub internal_policy: TrafficPolicy,
    /// Which backends connections to other addresses and node ports go to, and whether the client's address stays.
    pub external_policy: TrafficPolicy,
    /// Whether a client stays with its backend.
    pub affinity: SessionAffinity,
}

impl ServicePort {
    /// A port of a cluster address, and nothing else.
    pub fn cluster_ip(name: &str, transport: Transport, at: SocketAddr, backends: Vec<SocketAddr>) -> Self {
        Self {
            name: name.to_owned(),
            family: Family::of(at.ip()),
            transport,
            port: at.port(),
            cluster: vec![at.ip()],
            external: Vec::new(),
            node_port: None,
            backends,
            local: Vec::new(),
            internal_policy: TrafficPolicy::Cluster,
            external_policy: TrafficPolicy::Cluster,
            affinity: SessionAffinity::None,
        }
    }

    /// Whether a packet to `address` may be for this port; any address is taken for the node's where it is one of its
    /// node port.
    pub fn is_asked(&self, transport: Transport, address: SocketAddr) -> bool {
        let fronts = || self.cluster.iter().chain(&self.external);
        let own = fronts().any(|front| SocketAddr::new(*front, self.port) == address);
        let node = self.node_port == Some(address.port()) && Family::of(address.ip()) == self.family;
        self.transport == transport && (own || node)
    }

    /// Forgets backends that are not there yet, or no more.
    pub(crate) fn without(&mut self, absent: impl Fn(IpAddr) -> bool) {
        self.backends.retain(|backend| !absent(backend.ip()));
        self.local.retain(|backend| !absent(backend.ip()));
    }

    pub(super) fn check(&self) -> Result<(), ServicesError> {
        let fronts = self.cluster.iter().chain(&self.external).copied();
        let all = fronts.chain(self.backends.iter().chain(&self.local).map(SocketAddr::ip));
        let mut strange = all.filter(|address| Family::of(*address) != self.family);
        let (name, family) = (self.name.clone(), self.family);
        strange.next().map_or(Ok(()), |address| Err(ServicesError::MixedFamilies { name, family, address }))
    }
}
