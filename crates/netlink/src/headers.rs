//! The headers of an IP packet, as far as a flow log needs them. Never panics, whatever the bytes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::wire::array;

/// Addresses and transport of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Headers {
    /// Source address.
    pub source: IpAddr,
    /// Destination address.
    pub destination: IpAddr,
    /// Transport protocol number; for IPv6 the one behind the extension headers that could be read.
    pub protocol: u8,
    /// What the transport header tells; none if it was cut off, belongs to a later fragment, or has neither ports nor types.
    pub transport: Option<TransportHeader>,
}

/// The part of a transport header that policies look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransportHeader {
    /// TCP, UDP, SCTP, DCCP and UDP-Lite.
    Ports {
        /// Source port.
        source: u16,
        /// Destination port.
        destination: u16,
    },
    /// ICMP and ICMPv6.
    Icmp {
        /// Type.
        kind: u8,
        /// Code.
        code: u8,
    },
}

const HOP_BY_HOP: u8 = 0;
const ICMP: u8 = 1;
const TCP: u8 = 6;
const UDP: u8 = 17;
const DCCP: u8 = 33;
const ROUTING: u8 = 43;
const FRAGMENT: u8 = 44;
const AUTHENTICATION: u8 = 51;
const ICMPV6: u8 = 58;
const DESTINATION_OPTIONS: u8 = 60;
const SCTP: u8 = 132;
const MOBILITY: u8 = 135;
const UDP_LITE: u8 = 136;

/// Reads a packet that begins with its IPv4 or IPv6 header. None if its addresses are not there.
pub fn parse(packet: &[u8]) -> Option<Headers> {
    match packet.first()? >> 4 {
        4 => ipv4(packet),
        6 => ipv6(packet),
        _ => None,
    }
}

/// RFC 791, section 3.1.
fn ipv4(packet: &[u8]) -> Option<Headers> {
    let source = Ipv4Addr::from(array::<4>(packet.get(12..)?)?);
    let destination = Ipv4Addr::from(array::<4>(packet.get(16..)?)?);
    let protocol = *packet.get(9)?;
    let fragment_offset = u16::from_be_bytes(array(packet.get(6..)?)?) & 0x1fff;
    let length = usize::from(packet[0] & 0x0f) * 4;
    let rest = packet.get(length..).filter(|_| fragment_offset == 0 && length >= 20);
    let transport = rest.and_then(|rest| transport(protocol, rest));
    Some(Headers { source: source.into(), destination: destination.into(), protocol, transport })
}

/// RFC 8200, sections 3 and 4.
fn ipv6(packet: &[u8]) -> Option<Headers> {
    const HEADER: usize = 40;
    let source = Ipv6Addr::from(array::<16>(packet.get(8..)?)?);
    let destination = Ipv6Addr::from(array::<16>(packet.get(24..)?)?);
    let (protocol, rest) = skip_extensions(*packet.get(6)?, packet.get(HEADER..));
    let transport = rest.and_then(|rest| transport(protocol, rest));
    Some(Headers { source: source.into(), destination: destination.into(), protocol, transport })
}

/// The first header that is no extension, or the last that can be read, and the bytes behind. Each round consumes bytes, so it ends.
fn skip_extensions(mut protocol: u8, mut rest: Option<&[u8]>) -> (u8, Option<&[u8]>) {
    while let Some(header @ [next, length, ..]) = rest {
        let bytes = match protocol {
            HOP_BY_HOP | ROUTING | DESTINATION_OPTIONS | MOBILITY => (usize::from(*length) + 1) * 8,
            AUTHENTICATION => (usize::from(*length) + 2) * 4,
            FRAGMENT => 8,
            _ => break,
        };
        let later_fragment =
            protocol == FRAGMENT && header.get(2..).and_then(array).is_none_or(is_later_fragment);
        protocol = *next;
        rest = header.get(bytes..);
        if later_fragment {
            return (protocol, None);
        }
    }
    (protocol, rest)
}

fn is_later_fragment(offset_and_flags: [u8; 2]) -> bool {
    u16::from_be_bytes(offset_and_flags) & 0xfff8 != 0
}

fn transport(protocol: u8, bytes: &[u8]) -> Option<TransportHeader> {
    match protocol {
        TCP | UDP | DCCP | SCTP | UDP_LITE => Some(TransportHeader::Ports {
            source: u16::from_be_bytes(array(bytes)?),
            destination: u16::from_be_bytes(array(bytes.get(2..)?)?),
        }),
        ICMP | ICMPV6 => Some(TransportHeader::Icmp { kind: *bytes.first()?, code: *bytes.get(1)? }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PORTS: [u8; 4] = [0x9c, 0x40, 0x01, 0xbb];
    const EXPECTED: Option<TransportHeader> =
        Some(TransportHeader::Ports { source: 40000, destination: 443 });

    fn v4(protocol: u8, fragment: u16, options: usize, rest: &[u8]) -> Vec<u8> {
        let words = u8::try_from(5 + options).unwrap();
        let mut packet = vec![0x40 | words, 0, 0, 0, 0, 0];
        packet.extend(fragment.to_be_bytes());
        packet.extend([64, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
        packet.extend(vec![1; options * 4]);
        packet.extend(rest);
        packet
    }

    fn v6(next: u8, rest: &[&[u8]]) -> Vec<u8> {
        let mut packet = vec![0x60, 0, 0, 0, 0, 0, next, 64];
        packet.extend("fd00::1".parse::<Ipv6Addr>().unwrap().octets());
        packet.extend("fd00::2".parse::<Ipv6Addr>().unwrap().octets());
        packet.extend(rest.concat());
        packet
    }

    fn check(packet: &[u8], protocol: u8, transport: Option<TransportHeader>) {
        let headers = parse(packet).unwrap();
        assert_eq!((headers.protocol, headers.transport), (protocol, transport), "{packet:02x?}");
    }

    #[test]
    fn ipv4_options_and_fragments() {
        check(&v4(TCP, 0, 0, &PORTS), TCP, EXPECTED);
        check(&v4(SCTP, 0x4000, 10, &PORTS), SCTP, EXPECTED);
        check(&v4(UDP, 0x2000, 0, &PORTS), UDP, EXPECTED);
        check(&v4(UDP, 0x2001, 0, &PORTS), UDP, None);
        check(&v4(ICMP, 0, 0, &[8, 0]), ICMP, Some(TransportHeader::Icmp { kind: 8, code: 0 }));
        check(&v4(47, 0, 0, &PORTS), 47, None);
        assert_eq!(parse(&v4(TCP, 0, 0, &PORTS)).unwrap().destination, IpAddr::from([10, 0, 0, 2]));
    }

    #[test]
    fn ipv6_extension_headers() {
        let hop_by_hop = [DESTINATION_OPTIONS, 0, 1, 4, 0, 0, 0, 0];
        let options = [&[FRAGMENT, 1, 1, 12][..], &[0; 12]].concat();
        let first_fragment = [AUTHENTICATION, 0, 0, 1, 0, 0, 0, 9];
        let later_fragment = [TCP, 0, 0, 8, 0, 0, 0, 9];
        let authentication = [&[TCP, 1, 0, 0][..], &[0; 8]].concat();
        check(&v6(TCP, &[&PORTS]), TCP, EXPECTED);
        check(
            &v6(HOP_BY_HOP, &[&hop_by_hop, &options, &first_fragment, &authentication, &PORTS]),
            TCP,
            EXPECTED,
        );
        check(&v6(FRAGMENT, &[&later_fragment, &PORTS]), TCP, None);
        check(&v6(ICMPV6, &[&[135, 0]]), ICMPV6, Some(TransportHeader::Icmp { kind: 135, code: 0 }));
        check(&v6(HOP_BY_HOP, &[]), HOP_BY_HOP, None);
        check(&v6(HOP_BY_HOP, &[&[TCP, 255, 0, 0]]), TCP, None);
    }

    #[test]
    fn every_truncation_is_survived() {
        let hop_by_hop = [FRAGMENT, 0, 1, 4, 0, 0, 0, 0];
        let fragment = [TCP, 0, 0, 1, 0, 0, 0, 9];
        for packet in [v4(TCP, 0, 2, &PORTS), v6(HOP_BY_HOP, &[&hop_by_hop, &fragment, &PORTS])] {
            let whole = parse(&packet).unwrap();
            for length in 0..packet.len() {
                let headers = parse(&packet[..length]);
                assert!(
                    headers.is_none_or(|cut| cut.source == whole.source && cut.transport.is_none()),
                    "{length} bytes"
                );
            }
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(mut bytes in proptest::collection::vec(any::<u8>(), 1..200), version in 4_u8..8) {
            parse(&bytes);
            bytes[0] = (bytes[0] & 0x0f) | (version << 4);
            parse(&bytes);
        }
    }
}
