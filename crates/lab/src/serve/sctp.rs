//! SCTP: INIT is answered with INIT ACK on served ports and with ABORT on all others, as a real stack would.
//!
//! Where the kernel has SCTP itself, it would answer beside us, so there a real listening socket serves the port, without a name. A
//! namespace without served ports refuses them all the same: the kernel would say that it does not know the protocol, but not
//! while a probe's raw socket in that namespace is connected to the sender and takes the packet for its own.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::net::SocketAddr;

use socket2::Protocol;
use tokio::task::JoinSet;

use super::{Listener, ServeError, datagram, refused};
use crate::netns::Netns;
use crate::sctp::{Chunk, PROTOCOL, Packet};
use crate::sockets::{self, Transport, WILDCARDS};

/// Any value but zero; we never go beyond the first answer.
const OUR_TAG: u32 = 0x706f_6466;

pub(super) fn start(
    tasks: &mut JoinSet<()>,
    netns: &Netns,
    listeners: &[&Listener],
) -> Result<(), ServeError> {
    if kernel_has_sctp() {
        return listeners.iter().try_for_each(|listener| {
            start_kernel(tasks, netns, listener.port).map_err(|source| refused(netns, listener, source))
        });
    }
    let names: BTreeMap<u16, String> = listeners.iter().map(|l| (l.port, l.name.clone())).collect();
    start_raw(tasks, netns, &names).map_err(|source| match listeners.first() {
        Some(first) => refused(netns, first, source),
        None => refused(netns, &nobody(netns), source),
    })
}

fn nobody(netns: &Netns) -> Listener {
    Listener { transport: Transport::Sctp, port: 0, name: netns.name().to_owned() }
}

/// Looked up, not tried: trying would load the module on the host.
fn kernel_has_sctp() -> bool {
    fs::read_to_string("/proc/net/protocols")
        .is_ok_and(|list| list.lines().any(|line| line.starts_with("SCTP ")))
}

fn start_kernel(tasks: &mut JoinSet<()>, netns: &Netns, port: u16) -> io::Result<()> {
    for address in WILDCARDS {
        let at = SocketAddr::new(address, port);
        let socket = netns.run(move || sockets::listener(at, Some(Protocol::from(i32::from(PROTOCOL)))))?;
        tasks.spawn(async move {
            let _listening = socket;
            std::future::pending::<()>().await;
        });
    }
    Ok(())
}

fn start_raw(tasks: &mut JoinSet<()>, netns: &Netns, names: &BTreeMap<u16, String>) -> io::Result<()> {
    for family in WILDCARDS {
        let socket = netns.run(move || sockets::sctp_server(family))?;
        let names = names.clone();
        datagram::start(tasks, socket, move |received| {
            let request = Packet::from_bytes(sockets::raw_payload(received, family))?;
            Some(answer(&request, &names)?.to_bytes())
        })?;
    }
    Ok(())
}

fn answer(request: &Packet, names: &BTreeMap<u16, String>) -> Option<Packet> {
    let Chunk::Init { tag } = request.chunk else { return None };
    let chunk = match names.get(&request.destination_port) {
        Some(name) => Chunk::InitAck { tag: OUR_TAG, cookie: name.clone().into_bytes() },
        None => Chunk::Abort,
    };
    Some(Packet {
        source_port: request.destination_port,
        destination_port: request.source_port,
        verification_tag: tag,
        chunk,
    })
}
