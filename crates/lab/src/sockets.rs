//! Sockets as servers and probes need them, made on the thread of a namespace and used anywhere.
//!
//! Everything here is non-blocking and of one family: an IPv6 socket never serves IPv4.

use std::io::{self, IoSliceMut};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::AsRawFd;

use nix::sys::socket::{MsgFlags, SockaddrStorage, recvmsg, setsockopt, sockopt};
use socket2::{Domain, Protocol, Socket, Type};

use crate::sctp;

/// Enough for every pod of a large lab to ask the same server at the same moment.
const BACKLOG: i32 = 4096;
const SERVER_BUFFER: usize = 4 << 20;

/// The transport protocols of Kubernetes ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Transport {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// SCTP, by raw INIT and INIT ACK where the kernel has no sockets for it.
    Sctp,
}

impl Transport {
    /// Its IP protocol number.
    pub fn number(self) -> u8 {
        match self {
            Self::Tcp => 6,
            Self::Udp => 17,
            Self::Sctp => sctp::PROTOCOL,
        }
    }
}

/// All addresses of IPv4, and all of IPv6.
pub(crate) const WILDCARDS: [IpAddr; 2] =
    [IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpAddr::V6(Ipv6Addr::UNSPECIFIED)];

/// A socket of the family of `address`.
fn socket(address: IpAddr, kind: Type, protocol: Option<Protocol>) -> io::Result<Socket> {
    let domain = if address.is_ipv4() { Domain::IPV4 } else { Domain::IPV6 };
    Socket::new(domain, kind.nonblocking(), protocol)
}

/// Binds a server's socket, to its own family only.
fn bind_server(socket: &Socket, at: SocketAddr) -> io::Result<()> {
    if at.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.bind(&at.into())
}

pub(crate) fn listener(at: SocketAddr, protocol: Option<Protocol>) -> io::Result<Socket> {
    let socket = socket(at.ip(), Type::STREAM, protocol)?;
    socket.set_reuse_address(true)?;
    bind_server(&socket, at)?;
    socket.listen(BACKLOG)?;
    Ok(socket)
}

/// A bound UDP socket.
pub(crate) fn udp_server(at: SocketAddr) -> io::Result<Socket> {
    let socket = socket(at.ip(), Type::DGRAM, None)?;
    bind_server(&socket, at)?;
    prepare_for_datagrams(&socket, at.ip())?;
    Ok(socket)
}

/// A raw socket that sees every SCTP packet of its family.
pub(crate) fn sctp_server(family: IpAddr) -> io::Result<Socket> {
    let socket = socket(family, Type::RAW, Some(Protocol::from(i32::from(sctp::PROTOCOL))))?;
    prepare_for_datagrams(&socket, family)?;
    Ok(socket)
}

/// Makes room for bursts, and has the kernel tell which address a packet came to.
fn prepare_for_datagrams(socket: &Socket, family: IpAddr) -> io::Result<()> {
    socket.set_recv_buffer_size(SERVER_BUFFER)?;
    match family {
        IpAddr::V4(_) => setsockopt(socket, sockopt::Ipv4PacketInfo, &true)?,
        IpAddr::V6(_) => setsockopt(socket, sockopt::Ipv6RecvPacketInfo, &true)?,
    }
    Ok(())
}

/// How a client's packets leave; the kernel chooses what is not stated.
#[derive(Debug, Clone, Default)]
pub(crate) struct Leaving {
    pub(crate) source: Option<IpAddr>,
    pub(crate) link: Option<String>,
}

/// A TCP socket towards `to`, not yet connected.
pub(crate) fn tcp_client(to: IpAddr, from: &Leaving) -> io::Result<Socket> {
    bound(socket(to, Type::STREAM, None)?, from)
}

/// A connected UDP socket.
pub(crate) fn udp_client(to: SocketAddr, from: &Leaving) -> io::Result<Socket> {
    connected(socket(to.ip(), Type::DGRAM, None)?, to, from)
}

/// A connected socket for echo requests; the kernel gives each an identifier of its own.
pub(crate) fn ping_client(to: IpAddr, from: &Leaving) -> io::Result<Socket> {
    let protocol = if to.is_ipv4() { Protocol::ICMPV4 } else { Protocol::ICMPV6 };
    connected(socket(to, Type::DGRAM, Some(protocol))?, SocketAddr::new(to, 0), from)
}

/// A connected raw socket for SCTP: it sees what `to` sends, whatever the ports.
pub(crate) fn sctp_client(to: IpAddr, from: &Leaving) -> io::Result<Socket> {
    let protocol = Protocol::from(i32::from(sctp::PROTOCOL));
    let socket = socket(to, Type::RAW, Some(protocol))?;
    match to {
        IpAddr::V4(_) => setsockopt(&socket, sockopt::Ipv4RecvErr, &true)?,
        IpAddr::V6(_) => setsockopt(&socket, sockopt::Ipv6RecvErr, &true)?,
    }
    connected(socket, SocketAddr::new(to, 0), from)
}

/// The beginnings of the packets, from the transport header on, that ICMP errors have come about. Only for sockets that keep
/// them (`IP_RECVERR`).
pub(crate) fn complained_about(socket: &impl AsRawFd) -> Vec<Vec<u8>> {
    let mut packets = Vec::new();
    let flags = MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT;
    let mut buffer = [0; 128];
    loop {
        let mut slices = [IoSliceMut::new(&mut buffer)];
        let Ok(error) = recvmsg::<SockaddrStorage>(socket.as_raw_fd(), &mut slices, None, flags) else {
            return packets;
        };
        let length = error.bytes;
        packets.push(buffer[..length].to_vec());
    }
}

fn connected(socket: Socket, to: SocketAddr, from: &Leaving) -> io::Result<Socket> {
    let socket = bound(socket, from)?;
    socket.connect(&to.into())?;
    Ok(socket)
}

fn bound(socket: Socket, from: &Leaving) -> io::Result<Socket> {
    if let Some(link) = &from.link {
        socket.bind_device(Some(link.as_bytes()))?;
    }
    if let Some(source) = from.source {
        socket.bind(&SocketAddr::new(source, 0).into())?;
    }
    Ok(socket)
}

/// What a raw socket received, without the IPv4 header that such sockets show and IPv6 ones do not.
pub(crate) fn raw_payload(received: &[u8], family: IpAddr) -> &[u8] {
    match (family, received.first()) {
        (IpAddr::V4(_), Some(first)) => received.get(usize::from(first & 0xf) * 4..).unwrap_or_default(),
        _ => received,
    }
}
