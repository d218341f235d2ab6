//! A packet that the kernel told of, as far as it tells one kind from another.

use std::net::IpAddr;
use std::time::Instant;

use podfence_dataplane_nft::{Refusal, is_admission};
use podfence_model::{Endpoint, Flow, Layer4, Port, Protocol};
use podfence_netlink::conntrack::Transport;
use podfence_netlink::headers::{self, TransportHeader};
use podfence_netlink::nflog::Packet;

const ICMP: u8 = 1;
const TCP: u8 = 6;
const UDP: u8 = 17;
const ICMPV6: u8 = 58;
const SCTP: u8 = 132;

/// Why the kernel tells of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Why {
    /// It was dropped.
    Refused(Refusal),
    /// It opens a connection that was admitted.
    Admitted,
}

/// What tells one kind of packets from another: those of one kind are one line of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Kind {
    /// Why.
    pub why: Why,
    /// Who opened the connection, or sent the packet where there is none.
    pub source: IpAddr,
    /// Whom it was for, behind a Service the pod.
    pub destination: IpAddr,
    /// The number of the protocol above IP.
    pub protocol: u8,
    /// The port of the destination, where the protocol has ports.
    pub port: Option<u16>,
}

/// A kind of packets that is to be told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Noted {
    /// Which.
    pub kind: Kind,
    /// When the first of these packets came.
    pub since: Instant,
    /// How many packets there were since it was told last, this one among them.
    pub packets: u64,
}

impl Noted {
    /// How many packets were refused; none if they were admitted.
    pub(crate) fn refused(&self) -> u64 {
        match self.kind.why {
            Why::Refused(_) => self.packets,
            Why::Admitted => 0,
        }
    }
}

impl Why {
    /// What a log prefix says; `None` for those that are not ours.
    fn from_prefix(prefix: &str) -> Option<Self> {
        let admitted = is_admission(prefix).then_some(Self::Admitted);
        admitted.or_else(|| Refusal::from_prefix(prefix).map(Self::Refused))
    }

    /// Whether it is what policies say, and not the shape of the packet.
    fn is_of_policies(self) -> bool {
        matches!(self, Self::Refused(Refusal::Egress | Refusal::Ingress) | Self::Admitted)
    }
}

impl Kind {
    /// What a logged packet says; `None` for packets that others log, or whose addresses cannot be read.
    ///
    /// Policies judge a connection by who opened it and by the pod that answers, whichever way the packet goes.
    pub(crate) fn read(packet: &Packet) -> Option<Self> {
        let why = Why::from_prefix(packet.prefix.trim_end())?;
        let connection = packet.connection.as_ref().filter(|_| why.is_of_policies());
        if let Some(connection) = connection {
            let (original, reply) = (&connection.entry.original, &connection.entry.reply);
            let port = match reply.transport {
                Transport::Ports { source, .. } => Some(source),
                _ => None,
            };
            let (source, destination) = (original.source, reply.source);
            return Some(Self { why, source, destination, protocol: original.protocol, port });
        }
        let headers = headers::parse(&packet.payload)?;
        let port = match headers.transport {
            Some(TransportHeader::Ports { destination, .. }) => Some(destination),
            _ => None,
        };
        let headers::Headers { source, destination, protocol, .. } = headers;
        Some(Self { why, source, destination, protocol, port })
    }

    /// The question that the engine can answer; `None` for protocols that policies do not know.
    pub(crate) fn flow(&self) -> Option<Flow> {
        let layer4 = match self.protocol {
            ICMP | ICMPV6 => Layer4::Icmp,
            _ => Layer4::Port(self.named_protocol()?, Port::new(self.port?)?),
        };
        Some(Flow { source: Endpoint::Ip(self.source), destination: Endpoint::Ip(self.destination), layer4 })
    }

    fn named_protocol(&self) -> Option<Protocol> {
        match self.protocol {
            TCP => Some(Protocol::Tcp),
            UDP => Some(Protocol::Udp),
            SCTP => Some(Protocol::Sctp),
            _ => None,
        }
    }

    /// The protocol in a word, or its number.
    pub(crate) fn protocol_text(&self) -> String {
        match (self.named_protocol(), self.protocol) {
            (Some(protocol), _) => protocol.to_string(),
            (None, ICMP) => "ICMP".into(),
            (None, ICMPV6) => "ICMPv6".into(),
            (None, number) => number.to_string(),
        }
    }
}
