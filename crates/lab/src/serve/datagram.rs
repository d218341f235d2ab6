//! Servers of datagrams: one in, one out; an echo, or whatever a server makes of it.
//!
//! To tokio a raw socket is one more socket with datagrams, so UDP and SCTP are served alike. A reply leaves from the address that was asked,
//! also where a namespace has several: the kernel is asked to say which (`IP_PKTINFO`, RFC 3542).

use std::io::{self, IoSlice, IoSliceMut};
use std::os::fd::AsRawFd;

use nix::cmsg_space;
use nix::libc::{in_pktinfo, in6_pktinfo};
use nix::sys::socket::{ControlMessage, ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, sendmsg};
use socket2::Socket;
use tokio::io::Interest;
use tokio::net::UdpSocket;
use tokio::task::JoinSet;

const LONGEST: usize = 2048;

/// Answers every datagram with what `answer` makes of it, if anything.
pub(crate) fn start(
    tasks: &mut JoinSet<()>,
    socket: Socket,
    answer: impl Fn(&[u8]) -> Option<Vec<u8>> + Send + 'static,
) -> io::Result<()> {
    let socket = UdpSocket::from_std(socket.into())?;
    tasks.spawn(listen(socket, answer));
    Ok(())
}

/// An echo with `name` on a line before it.
pub(super) fn echo(name: &str) -> impl Fn(&[u8]) -> Option<Vec<u8>> + Send + use<> {
    let banner = format!("{name}\n");
    move |request| Some([banner.as_bytes(), request].concat())
}

async fn listen(socket: UdpSocket, answer: impl Fn(&[u8]) -> Option<Vec<u8>>) {
    loop {
        // An error here is an ICMP answer to an earlier reply, or a full queue; the client asks again.
        let Ok(request) = socket.async_io(Interest::READABLE, || receive(&socket)).await else { continue };
        if let Some(reply) = answer(&request.payload) {
            _ = socket.async_io(Interest::WRITABLE, || send(&socket, &request, &reply)).await;
        }
    }
}

/// A datagram, where it came from and which of our addresses it came to.
struct Request {
    payload: Vec<u8>,
    from: SockaddrStorage,
    to: Option<Local>,
}

enum Local {
    V4(in_pktinfo),
    V6(in6_pktinfo),
}

fn receive(socket: &UdpSocket) -> io::Result<Request> {
    let mut buffer = [0; LONGEST];
    let mut control = cmsg_space!(in6_pktinfo);
    let mut slices = [IoSliceMut::new(&mut buffer)];
    let message =
        recvmsg::<SockaddrStorage>(socket.as_raw_fd(), &mut slices, Some(&mut control), MsgFlags::empty())?;
    let to = message.cmsgs()?.find_map(|control| local(&control));
    let from = message.address.ok_or(io::ErrorKind::InvalidData)?;
    let length = message.bytes;
    Ok(Request { payload: buffer[..length].to_vec(), from, to })
}

/// The interface is left to routing, except for link-local addresses, which mean nothing without it.
fn local(control: &ControlMessageOwned) -> Option<Local> {
    match *control {
        ControlMessageOwned::Ipv4PacketInfo(info) => Some(Local::V4(in_pktinfo { ipi_ifindex: 0, ..info })),
        ControlMessageOwned::Ipv6PacketInfo(info) => Some(Local::V6(info)),
        _ => None,
    }
}

fn send(socket: &UdpSocket, request: &Request, reply: &[u8]) -> io::Result<usize> {
    let control = request.to.as_ref().map(|local| match local {
        Local::V4(info) => ControlMessage::Ipv4PacketInfo(info),
        Local::V6(info) => ControlMessage::Ipv6PacketInfo(info),
    });
    let payload = [IoSlice::new(reply)];
    let to = Some(&request.from);
    Ok(sendmsg(socket.as_raw_fd(), &payload, control.as_slice(), MsgFlags::empty(), to)?)
}
