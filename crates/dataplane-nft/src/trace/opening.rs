//! The packet that opens a connection, as rules see it where connections are judged: its destination is translated by then,
//! its source not yet.

use std::net::IpAddr;

use podfence_model::{Layer4, Protocol};
use podfence_netlink::nft::{CtKey, Direction, Header, Load, MetaKey, Value, ct_state, tcp_flags};

const ICMP: u8 = 1;
const ICMPV6: u8 = 58;
/// `NFPROTO_IPV4` and `NFPROTO_IPV6`.
const VERSIONS: [u8; 2] = [2, 10];
/// As Linux sends it, and as no neighbour discovery may have it.
const HOP_LIMIT: u8 = 64;

/// Where the packet goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hop {
    /// To a pod, another node or the outside.
    Forward,
    /// To the node itself.
    Input,
}

/// A packet that opens a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// Who opens it.
    pub source: IpAddr,
    /// Who really answers, of the same family: behind a Service the pod.
    pub destination: IpAddr,
    /// How; the port is the pod's.
    pub layer4: Layer4,
    /// The link that it comes in by, where it is known: the bridge, for a port of one.
    pub input: Option<String>,
    /// The link that it leaves by, likewise.
    pub output: Option<String>,
    /// Where it goes.
    pub hop: Hop,
}

impl Opening {
    /// The bytes that a rule loads of it; `None` where there is no such field, so that the rule does not match.
    pub(super) fn load(&self, from: Load) -> Option<Vec<u8>> {
        match from {
            Load::Meta(key) => self.meta(key),
            Load::Payload { header: Header::Network, offset, length } => {
                part(&self.network(), offset, length)
            }
            Load::Payload { header: Header::Transport, offset, length } => {
                part(&self.transport(), offset, length)
            }
            Load::Ct { key, direction } => self.entry(key, direction),
            Load::Payload { header: Header::Link, .. } | Load::Fib { .. } | Load::Numgen { .. } => None,
        }
    }

    fn meta(&self, key: MetaKey) -> Option<Vec<u8>> {
        Some(match key {
            MetaKey::NfProto => vec![VERSIONS[usize::from(self.source.is_ipv6())]],
            MetaKey::L4Proto => vec![self.protocol()],
            MetaKey::IifName => interface(self.input.as_deref()),
            MetaKey::OifName => interface(self.output.as_deref()),
            _ => return None,
        })
    }

    /// Its entry in the connection table: new, and not stamped.
    fn entry(&self, key: CtKey, direction: Option<Direction>) -> Option<Vec<u8>> {
        let address = |v6: bool| Some(self.end(direction?)).filter(|ip| ip.is_ipv6() == v6).map(octets);
        match key {
            CtKey::State => Some(ct_state::NEW.to_ne_bytes().into()),
            CtKey::Direction => Some(vec![Direction::Original as u8]),
            CtKey::Mark => Some(vec![0; 4]),
            CtKey::Protocol => Some(vec![self.protocol()]),
            CtKey::SrcIp => address(false),
            CtKey::SrcIp6 => address(true),
            CtKey::ProtoSrc if direction == Some(Direction::Reply) => Some(self.port().to_be_bytes().into()),
            _ => None,
        }
    }

    /// Who sends in a direction.
    fn end(&self, direction: Direction) -> IpAddr {
        match direction {
            Direction::Original => self.source,
            Direction::Reply => self.destination,
        }
    }

    fn protocol(&self) -> u8 {
        match self.layer4 {
            Layer4::Port(protocol, _) => protocol.number(),
            Layer4::Icmp if self.source.is_ipv6() => ICMPV6,
            Layer4::Icmp => ICMP,
        }
    }

    /// The destination's port; 0 without ports.
    fn port(&self) -> u16 {
        match self.layer4 {
            Layer4::Port(_, port) => port.get(),
            Layer4::Icmp => 0,
        }
    }

    /// RFC 791, 3.1, and RFC 8200, 3; fields that no rule of ours looks at are zero.
    fn network(&self) -> Vec<u8> {
        let addresses = [octets(self.source), octets(self.destination)].concat();
        let mut header = if self.source.is_ipv6() { vec![0; 8] } else { vec![0; 12] };
        let (protocol, lives) = if self.source.is_ipv6() { (6, 7) } else { (9, 8) };
        (header[protocol], header[lives]) = (self.protocol(), HOP_LIMIT);
        header.extend(addresses);
        header
    }

    /// A SYN, an INIT, a datagram or an echo request, with a source port of 0, which no rule of ours looks at.
    fn transport(&self) -> Vec<u8> {
        const SCTP_INIT: u8 = 1;
        const ECHO_REQUESTS: [u8; 2] = [8, 128];
        let mut header = vec![0; 20];
        header[2..4].copy_from_slice(&self.port().to_be_bytes());
        match self.layer4 {
            Layer4::Port(Protocol::Tcp, _) => header[13] = tcp_flags::SYN,
            Layer4::Port(Protocol::Sctp, _) => header[12] = SCTP_INIT,
            Layer4::Port(Protocol::Udp, _) => {}
            Layer4::Icmp => header[0] = ECHO_REQUESTS[usize::from(self.source.is_ipv6())],
        }
        header
    }
}

fn octets(ip: IpAddr) -> Vec<u8> {
    Value::from(ip).as_bytes().to_vec()
}

fn part(header: &[u8], offset: u32, length: u8) -> Option<Vec<u8>> {
    let begin = usize::try_from(offset).ok()?;
    Some(header.get(begin..begin + usize::from(length))?.to_vec())
}

/// The name of an interface as rules see it; without one, that of none.
fn interface(name: Option<&str>) -> Vec<u8> {
    let value = name.and_then(|name| Value::interface(name).ok());
    value.map_or_else(|| vec![0; Load::IIFNAME.width()], |value| value.as_bytes().to_vec())
}
