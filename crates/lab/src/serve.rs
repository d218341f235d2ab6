//! Real servers: every declared port of a namespace answers, on all its addresses, and says who it is.
//!
//! A TCP server speaks first, with its name in an answer of HTTP, then echoes; a UDP server puts its name on a line before what it echoes; an SCTP server
//! answers the handshake with its name as the cookie. What has no server is left to the kernel, which refuses. Start at [`serve`].

pub(crate) mod datagram;
mod sctp;
mod tcp;

use std::io;
use std::net::SocketAddr;

use socket2::Socket;
use tokio::runtime::Handle;
use tokio::task::JoinSet;

use crate::netns::Netns;
use crate::sockets::{self, Transport, WILDCARDS};

/// A port to be served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener {
    /// Its protocol.
    pub transport: Transport,
    /// Its number.
    pub port: u16,
    /// Who answers, told to everybody who asks. Without line breaks.
    pub name: String,
}

/// Running servers; dropping them stops them and closes their connections.
#[derive(Debug)]
pub struct Servers {
    // Aborts its tasks when dropped.
    pub(crate) tasks: JoinSet<()>,
}

impl Servers {
    /// Stops them, and waits until their ports are free.
    pub async fn stop(mut self) {
        self.tasks.shutdown().await;
    }
}

/// A server could not be started.
#[derive(Debug, thiserror::Error)]
#[error("{name} cannot serve {transport:?} port {port} in namespace {netns}: {source}")]
pub struct ServeError {
    /// Who wanted to serve.
    pub name: String,
    /// The protocol.
    pub transport: Transport,
    /// The port; 0 where none is served, and SCTP only refused.
    pub port: u16,
    /// The namespace.
    pub netns: String,
    /// What the kernel said; `EADDRINUSE` if another listener has the port.
    pub source: io::Error,
}

/// Starts servers for all `listeners` of one namespace, in both families, on the tasks of `runtime`.
///
/// All SCTP listeners of a namespace must be started together: whoever answers for them refuses the other ports, also where
/// there are none.
pub fn serve(netns: &Netns, runtime: &Handle, listeners: &[Listener]) -> Result<Servers, ServeError> {
    let _inside = runtime.enter();
    let mut tasks = JoinSet::new();
    let (by_sctp, others): (Vec<_>, Vec<_>) = listeners.iter().partition(|l| l.transport == Transport::Sctp);
    for (listener, socket) in open_all(netns, others)? {
        let name = listener.name.as_str();
        let started = match listener.transport {
            Transport::Tcp => tcp::start(&mut tasks, socket, name),
            _ => datagram::start(&mut tasks, socket, datagram::echo(name)),
        };
        started.map_err(|source| refused(netns, listener, source))?;
    }
    sctp::start(&mut tasks, netns, &by_sctp)?;
    Ok(Servers { tasks })
}

fn open_all<'a>(
    netns: &Netns,
    listeners: Vec<&'a Listener>,
) -> Result<Vec<(&'a Listener, Socket)>, ServeError> {
    let wanted: Vec<_> = listeners.iter().map(|listener| (listener.transport, listener.port)).collect();
    let opened = netns
        .run(move || wanted.into_iter().map(|(transport, port)| open(transport, port)).collect::<Vec<_>>());
    let mut sockets = Vec::new();
    for (listener, pair) in listeners.into_iter().zip(opened) {
        let pair = pair.map_err(|source| refused(netns, listener, source))?;
        sockets.extend(pair.into_iter().map(|socket| (listener, socket)));
    }
    Ok(sockets)
}

pub(crate) fn open(transport: Transport, port: u16) -> io::Result<Vec<Socket>> {
    let at = WILDCARDS.into_iter().map(|address| SocketAddr::new(address, port));
    match transport {
        Transport::Tcp => at.map(|at| sockets::listener(at, None)).collect(),
        _ => at.map(sockets::udp_server).collect(),
    }
}

fn refused(netns: &Netns, listener: &Listener, source: io::Error) -> ServeError {
    let Listener { transport, port, name } = listener.clone();
    ServeError { name, transport, port, netns: netns.name().to_owned(), source }
}
