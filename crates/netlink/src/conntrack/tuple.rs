//! One direction of a connection.

use std::fmt;
use std::net::IpAddr;

use super::constants::{
    CTA_IP_V4_DST, CTA_IP_V4_SRC, CTA_IP_V6_DST, CTA_IP_V6_SRC, CTA_PROTO_DST_PORT, CTA_PROTO_ICMP_CODE,
    CTA_PROTO_ICMP_ID, CTA_PROTO_ICMP_TYPE, CTA_PROTO_ICMPV6_CODE, CTA_PROTO_ICMPV6_ID,
    CTA_PROTO_ICMPV6_TYPE, CTA_PROTO_NUM, CTA_PROTO_SRC_PORT, CTA_TUPLE_IP, CTA_TUPLE_PROTO,
};
use crate::nft::IpVersion;
use crate::wire::{Attributes, Encode};

/// What packets of one direction have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tuple {
    /// Source address.
    pub source: IpAddr,
    /// Destination address; of the same IP version.
    pub destination: IpAddr,
    /// Protocol number.
    pub protocol: u8,
    /// What the protocol tells connections apart by.
    pub transport: Transport,
}

/// What a protocol tells connections apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    /// TCP, UDP, SCTP, DCCP, UDP-Lite; for GRE the call keys.
    Ports {
        /// Source port.
        source: u16,
        /// Destination port.
        destination: u16,
    },
    /// ICMP and ICMPv6 queries.
    Icmp {
        /// Identifier.
        id: u16,
        /// Type.
        kind: u8,
        /// Code.
        code: u8,
    },
    /// Nothing: there is one connection for two addresses.
    None,
}

impl Tuple {
    /// IPv4 or IPv6.
    pub const fn version(&self) -> IpVersion {
        if self.source.is_ipv4() { IpVersion::V4 } else { IpVersion::V6 }
    }

    pub(crate) fn put(&self, buffer: &mut Vec<u8>, kind: u16) {
        buffer.nest(kind, |tuple| {
            tuple.nest(CTA_TUPLE_IP, |ip| {
                put_address(ip, self.source, (CTA_IP_V4_SRC, CTA_IP_V6_SRC));
                put_address(ip, self.destination, (CTA_IP_V4_DST, CTA_IP_V6_DST));
            });
            tuple.nest(CTA_TUPLE_PROTO, |proto| self.put_protocol(proto));
        });
    }

    fn put_protocol(&self, proto: &mut Vec<u8>) {
        proto.put_u8(CTA_PROTO_NUM, self.protocol);
        match self.transport {
            Transport::Ports { source, destination } => {
                proto.put_be16(CTA_PROTO_SRC_PORT, source);
                proto.put_be16(CTA_PROTO_DST_PORT, destination);
            }
            Transport::Icmp { id, kind, code } => {
                let numbers = icmp_numbers(self.version());
                proto.put_be16(numbers.id, id);
                proto.put_u8(numbers.kind, kind);
                proto.put_u8(numbers.code, code);
            }
            Transport::None => {}
        }
    }

    pub(crate) fn read(tuple: Attributes<'_>) -> Option<Self> {
        let (ip, proto) = (tuple.nested(CTA_TUPLE_IP)?, tuple.nested(CTA_TUPLE_PROTO)?);
        let source = read_address(ip, (CTA_IP_V4_SRC, CTA_IP_V6_SRC))?;
        let destination = read_address(ip, (CTA_IP_V4_DST, CTA_IP_V6_DST))?;
        Some(Self {
            source,
            destination,
            protocol: proto.u8(CTA_PROTO_NUM)?,
            transport: read_transport(proto),
        })
    }
}

fn put_address(buffer: &mut Vec<u8>, address: IpAddr, (v4, v6): (u16, u16)) {
    match address {
        IpAddr::V4(address) => buffer.put(v4, &address.octets()),
        IpAddr::V6(address) => buffer.put(v6, &address.octets()),
    }
}

fn read_address(ip: Attributes<'_>, (v4, v6): (u16, u16)) -> Option<IpAddr> {
    ip.ipv4(v4).map(IpAddr::from).or_else(|| ip.ipv6(v6).map(IpAddr::from))
}

fn read_transport(proto: Attributes<'_>) -> Transport {
    let ports = proto.be16(CTA_PROTO_SRC_PORT).zip(proto.be16(CTA_PROTO_DST_PORT));
    if let Some((source, destination)) = ports {
        return Transport::Ports { source, destination };
    }
    [IpVersion::V4, IpVersion::V6]
        .into_iter()
        .find_map(|version| read_icmp(proto, version))
        .unwrap_or(Transport::None)
}

fn read_icmp(proto: Attributes<'_>, version: IpVersion) -> Option<Transport> {
    let numbers = icmp_numbers(version);
    Some(Transport::Icmp {
        id: proto.be16(numbers.id)?,
        kind: proto.u8(numbers.kind)?,
        code: proto.u8(numbers.code)?,
    })
}

struct IcmpNumbers {
    id: u16,
    kind: u16,
    code: u16,
}

const fn icmp_numbers(version: IpVersion) -> IcmpNumbers {
    match version {
        IpVersion::V4 => {
            IcmpNumbers { id: CTA_PROTO_ICMP_ID, kind: CTA_PROTO_ICMP_TYPE, code: CTA_PROTO_ICMP_CODE }
        }
        IpVersion::V6 => {
            IcmpNumbers { id: CTA_PROTO_ICMPV6_ID, kind: CTA_PROTO_ICMPV6_TYPE, code: CTA_PROTO_ICMPV6_CODE }
        }
    }
}

impl fmt::Display for Tuple {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { source, destination, protocol, .. } = self;
        write!(f, "{source} → {destination}, protocol {protocol}")?;
        match self.transport {
            Transport::Ports { source, destination } => write!(f, ", ports {source} → {destination}"),
            Transport::Icmp { id, kind, code } => write!(f, ", id {id} type {kind} code {code}"),
            Transport::None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tuples_survive_the_wire() {
        let v4 = |last| IpAddr::from([10, 0, 0, last]);
        let v6 = |last| IpAddr::from([0xfd00, 0, 0, 0, 0, 0, 0, last]);
        let ports = Transport::Ports { source: 40000, destination: 443 };
        let icmp = Transport::Icmp { id: 7, kind: 128, code: 0 };
        for tuple in [
            Tuple { source: v4(1), destination: v4(2), protocol: 6, transport: ports },
            Tuple { source: v6(1), destination: v6(2), protocol: 132, transport: ports },
            Tuple { source: v4(1), destination: v4(2), protocol: 1, transport: icmp },
            Tuple { source: v6(1), destination: v6(2), protocol: 58, transport: icmp },
            Tuple { source: v4(1), destination: v4(2), protocol: 50, transport: Transport::None },
        ] {
            let mut bytes = Vec::new();
            tuple.put(&mut bytes, 1);
            assert_eq!(Attributes::new(&bytes).nested(1).and_then(Tuple::read), Some(tuple));
        }
    }
}
