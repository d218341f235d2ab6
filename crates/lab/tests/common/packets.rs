//! Packets made by hand, sent by raw sockets, and watched for where they must not arrive.

use std::io::{ErrorKind, Read};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use podfence_lab::netns::Netns;
use socket2::{Domain, Protocol, Socket, Type};

/// Packets cross the lab in microseconds; this is how long one that should not come is waited for.
const PATIENCE: Duration = Duration::from_millis(150);
/// When what should come will not come any more, on the busiest machine.
const TOO_LATE: Duration = Duration::from_secs(3);
const ETH_P_ALL: u16 = 3;

pub const ICMP: u8 = 1;
pub const TCP: u8 = 6;
pub const UDP: u8 = 17;
pub const ICMPV6: u8 = 58;
pub const SCTP: u8 = 132;

/// A packet: headers to be, and a body behind the network header whose checksum is filled in.
#[derive(Debug, Clone)]
pub struct Packet {
    pub source: IpAddr,
    pub destination: IpAddr,
    pub protocol: u8,
    pub hop_limit: u8,
    /// IPv4 options, or IPv6 extension headers whose last says which protocol follows.
    pub options: Vec<u8>,
    /// The first IPv6 extension header.
    pub first_extension: u8,
    pub body: Vec<u8>,
    /// At the end of the body: tells this packet from all others.
    pub token: [u8; 8],
}

impl Packet {
    /// A packet with this body, checksum still zero, and a token behind it.
    pub fn new(source: &str, destination: &str, protocol: u8, mut body: Vec<u8>) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let mut token = *b"trap....";
        token[4..].copy_from_slice(&NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes());
        body.extend(token);
        let (source, destination) = (source.parse().unwrap(), destination.parse().unwrap());
        let (options, first_extension) = (Vec::new(), 0);
        Self { source, destination, protocol, hop_limit: 64, options, first_extension, body, token }
    }

    #[must_use]
    pub fn hop_limit(self, hop_limit: u8) -> Self {
        Self { hop_limit, ..self }
    }

    #[must_use]
    pub fn options(self, first_extension: u8, options: &[u8]) -> Self {
        Self { options: options.to_vec(), first_extension, ..self }
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        let mut body = self.body.clone();
        self.fill_checksum(&mut body);
        match (self.source, self.destination) {
            (IpAddr::V4(from), IpAddr::V4(to)) => self.ipv4(from, to, &body),
            (IpAddr::V6(from), IpAddr::V6(to)) => self.ipv6(from, to, &body),
            _ => panic!("two families"),
        }
    }

    /// The kernel fills in length, identification and checksum of IPv4 headers.
    fn ipv4(&self, from: Ipv4Addr, to: Ipv4Addr, body: &[u8]) -> Vec<u8> {
        let words = 5 + u8::try_from(self.options.len() / 4).unwrap();
        let mut packet = vec![0x40 | words, 0, 0, 0, 0, 0, 0, 0, self.hop_limit, self.protocol, 0, 0];
        packet.extend(from.octets());
        packet.extend(to.octets());
        packet.extend(&self.options);
        packet.extend(body);
        packet
    }

    fn ipv6(&self, from: Ipv6Addr, to: Ipv6Addr, body: &[u8]) -> Vec<u8> {
        let next = if self.options.is_empty() { self.protocol } else { self.first_extension };
        let mut packet = vec![0x60, 0, 0, 0];
        packet.extend(u16::try_from(self.options.len() + body.len()).unwrap().to_be_bytes());
        packet.extend([next, self.hop_limit]);
        packet.extend(from.octets());
        packet.extend(to.octets());
        packet.extend(&self.options);
        packet.extend(body);
        packet
    }

    fn fill_checksum(&self, body: &mut [u8]) {
        if self.protocol == SCTP {
            body[8..12].fill(0);
            let sum = crc32c(body);
            return body[8..12].copy_from_slice(&sum.to_le_bytes());
        }
        let place = match self.protocol {
            ICMP | ICMPV6 => 2,
            TCP => 16,
            UDP => 6,
            _ => return,
        };
        if body.len() < place + 2 {
            return;
        }
        let pseudo = if self.protocol == ICMP { Vec::new() } else { self.pseudo_header(body.len()) };
        let sum = checksum(&[&pseudo[..], body].concat());
        body[place..place + 2].copy_from_slice(&sum.to_be_bytes());
    }

    fn pseudo_header(&self, length: usize) -> Vec<u8> {
        let mut header = Vec::new();
        for address in [self.source, self.destination] {
            match address {
                IpAddr::V4(v4) => header.extend(v4.octets()),
                IpAddr::V6(v6) => header.extend(v6.octets()),
            }
        }
        header.extend(u32::try_from(length).unwrap().to_be_bytes());
        header.extend([0, 0, 0, self.protocol]);
        header
    }

    /// Sends it from a place.
    pub fn send(&self, from: &Netns) {
        let (bytes, destination) = (self.to_bytes(), self.destination);
        from.run(move || {
            let domain = if destination.is_ipv4() { Domain::IPV4 } else { Domain::IPV6 };
            // IPPROTO_RAW: the header is ours.
            let socket = Socket::new(domain, Type::RAW, Some(Protocol::from(255))).unwrap();
            socket.send_to(&bytes, &SocketAddr::new(destination, 0).into()).unwrap();
        });
    }
}

/// Sends packets from a place, in order.
pub fn send_all(packets: &[Packet], from: &Netns) {
    for packet in packets {
        packet.send(from);
    }
}

/// RFC 1071.
pub fn checksum(bytes: &[u8]) -> u16 {
    let word = |pair: &[u8]| u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0));
    let mut sum: u32 = bytes.chunks(2).map(word).sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    match !u16::try_from(sum).unwrap() {
        0 => 0xffff,
        sum => sum,
    }
}

/// RFC 9260, appendix A.
fn crc32c(bytes: &[u8]) -> u32 {
    const POLYNOMIAL: u32 = 0x82f6_3b78;
    let shift = |crc: u32, _| (crc >> 1) ^ (POLYNOMIAL * (crc & 1));
    !bytes.iter().fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), shift))
}

pub const FIN: u8 = 1;
pub const SYN: u8 = 2;
pub const RST: u8 = 4;
pub const ACK: u8 = 16;

/// A TCP header.
pub fn tcp(source: u16, destination: u16, flags: u8, sequence: u32, acknowledged: u32) -> Vec<u8> {
    let mut body = Vec::new();
    body.extend(source.to_be_bytes());
    body.extend(destination.to_be_bytes());
    body.extend(sequence.to_be_bytes());
    body.extend(acknowledged.to_be_bytes());
    body.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
    body
}

/// A UDP header for a body that is the token alone.
pub fn udp(source: u16, destination: u16) -> Vec<u8> {
    let mut body = Vec::new();
    body.extend(source.to_be_bytes());
    body.extend(destination.to_be_bytes());
    body.extend([0, 16, 0, 0]);
    body
}

/// An ICMP or ICMPv6 header, with `rest` behind its first four bytes.
pub fn icmp(kind: u8, code: u8, rest: &[u8]) -> Vec<u8> {
    [&[kind, code, 0, 0], rest].concat()
}

/// What an ICMP error quotes: the packet that it is about.
pub fn quote(about: &Packet) -> Vec<u8> {
    let mut quoted = about.to_bytes();
    if about.source.is_ipv4() {
        let length = u16::try_from(quoted.len()).unwrap();
        quoted[2..4].copy_from_slice(&length.to_be_bytes());
        let sum = checksum(&quoted[..20]);
        quoted[10..12].copy_from_slice(&sum.to_be_bytes());
    }
    [vec![0; 4], quoted].concat()
}

/// Hears every packet that comes to a place.
pub struct Watch(Socket);

impl Watch {
    pub fn over(place: &Netns) -> Self {
        let protocol = Protocol::from(i32::from(ETH_P_ALL.to_be()));
        let open = move || Socket::new(Domain::PACKET, Type::DGRAM.nonblocking(), Some(protocol)).unwrap();
        let socket = place.run(open);
        socket.set_recv_buffer_size(4 << 20).unwrap();
        Self(socket)
    }

    /// Everything that was heard up to now.
    pub fn heard(&self) -> Vec<Vec<u8>> {
        let mut packets = Vec::new();
        let mut buffer = vec![0; 1 << 16];
        loop {
            match (&self.0).read(&mut buffer) {
                Ok(length) => packets.push(buffer[..length].to_vec()),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return packets,
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// Compares which of these packets arrive, by their tokens, with what should be.
    pub fn check(&self, packets: &[Packet], expected: &[bool]) {
        let mut arrived = vec![false; packets.len()];
        let (begun, mut complete) = (Instant::now(), None);
        while begun.elapsed() < TOO_LATE && complete.is_none_or(|at: Instant| at.elapsed() < PATIENCE) {
            std::thread::sleep(Duration::from_millis(5));
            let heard = self.heard();
            for (packet, arrived) in packets.iter().zip(&mut arrived) {
                *arrived |= heard.iter().any(|bytes| bytes.windows(8).any(|window| window == packet.token));
            }
            let lacking = arrived.iter().zip(expected).any(|(arrived, expected)| *expected && !arrived);
            complete = complete.or((!lacking).then(Instant::now));
        }
        let wrong = packets.iter().zip(arrived.iter().zip(expected)).filter(|(_, (is, should))| is != should);
        let wrong: Vec<String> =
            wrong.map(|(packet, (arrived, _))| format!("arrived {arrived}: {packet:02x?}")).collect();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    /// None of these packets arrives.
    pub fn hears_none(&self, packets: &[Packet]) {
        self.check(packets, &vec![false; packets.len()]);
    }
}
