//! A flow: the question that a verdict answers.

use std::fmt;
use std::net::IpAddr;

use crate::meta::NamespacedName;
use crate::net::{Port, Protocol};

/// One end of a flow.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Endpoint {
    /// A pod, by name. `address` picks one when it has several or fixes what `None` leaves open.
    Pod {
        /// Which pod.
        id: NamespacedName,
        /// Its address in this flow; `None` when not known.
        address: Option<IpAddr>,
    },
    /// A node, by name, with the address it uses in this flow, if known.
    Node {
        /// Which node.
        name: String,
        /// Its address in this flow; `None` when not known.
        address: Option<IpAddr>,
    },
    /// An address; if a known pod or node has it, that pod or node is meant.
    Ip(IpAddr),
}

impl Endpoint {
    /// The address, if the endpoint fixes one.
    pub fn address(&self) -> Option<IpAddr> {
        match self {
            Self::Pod { address, .. } | Self::Node { address, .. } => *address,
            Self::Ip(ip) => Some(*ip),
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pod { id, .. } => id.fmt(f),
            Self::Node { name, .. } => write!(f, "node/{name}"),
            Self::Ip(ip) => ip.fmt(f),
        }
    }
}

/// What a flow carries above IP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer4 {
    /// A protocol with ports and the destination port, after service translation.
    Port(Protocol, Port),
    /// ICMP or ICMPv6 (echo): no ports, so only rules without `ports` admit it.
    Icmp,
}

impl fmt::Display for Layer4 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Port(protocol, port) => write!(f, "{protocol} {port}"),
            Self::Icmp => f.write_str("ICMP"),
        }
    }
}

/// A connection attempt, as the destination's packet carries it after service translation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Flow {
    /// Who opens it.
    pub source: Endpoint,
    /// Whom it reaches.
    pub destination: Endpoint,
    /// Protocol and port.
    pub layer4: Layer4,
}

impl fmt::Display for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} → {} {}", self.source, self.destination, self.layer4)
    }
}
