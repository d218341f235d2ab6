//! Open connections, and whether their ends still hear each other.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::time::Duration;

use podfence_netlink::conntrack::{Conntrack, Entry, Filter, Transport};

use crate::bed::Bed;
use crate::common::ip;

/// How long nothing must be heard: long enough for a retransmission of TCP.
const SILENCE: Duration = Duration::from_millis(450);
/// How long something may take on a busy machine.
const SPEECH: Duration = Duration::from_secs(5);

/// A TCP connection with both its ends in our hands.
pub struct Connection {
    pub client: TcpStream,
    pub server: TcpStream,
}

/// Whether what one end says reaches the other in time.
fn hears(mut from: &TcpStream, mut to: &TcpStream, patience: Duration) -> bool {
    let mut heard = [0; 64];
    from.write_all(b"hello").unwrap();
    to.set_read_timeout(Some(patience)).unwrap();
    matches!(to.read(&mut heard), Ok(length) if length > 0)
}

/// Whether nothing comes to a socket.
pub fn is_silent(socket: &UdpSocket) -> bool {
    socket.set_read_timeout(Some(SILENCE)).unwrap();
    let heard = socket.recv(&mut [0; 64]);
    socket.set_read_timeout(Some(SPEECH)).unwrap();
    heard.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
}

impl Connection {
    /// Both directions.
    pub fn lives(&self) -> bool {
        hears(&self.client, &self.server, SPEECH) && hears(&self.server, &self.client, SPEECH)
    }

    /// Neither direction, tried at the same time.
    pub fn is_cut(&self) -> bool {
        let heard = std::thread::scope(|scope| {
            let there = scope.spawn(|| hears(&self.client, &self.server, SILENCE));
            hears(&self.server, &self.client, SILENCE) | there.join().unwrap()
        });
        !heard
    }

    pub fn client_port(&self) -> u16 {
        self.client.local_addr().unwrap().port()
    }
}

impl Bed {
    /// Connects `from` with a listener at `listen` of `to`, by way of `address`, which may be a Service's.
    pub fn connect(&self, from: &str, to: &str, listen: &str, address: &str) -> Connection {
        let listen: SocketAddr = listen.parse().unwrap();
        let address: SocketAddr = address.parse().unwrap();
        let listener = self.place(to).run(move || TcpListener::bind(listen).unwrap());
        let dial = move || TcpStream::connect_timeout(&address, Duration::from_secs(3));
        let client = self.place(from).run(dial).unwrap_or_else(|error| panic!("{from} → {address}: {error}"));
        let (server, _) = listener.accept().unwrap();
        client.set_nodelay(true).unwrap();
        server.set_nodelay(true).unwrap();
        Connection { client, server }
    }

    /// The entries of a node that have this port at any end.
    pub fn entries(&self, node: &str, port: u16) -> Vec<Entry> {
        let mut entries =
            self.place(node).run(|| Conntrack::open().unwrap().dump(&Filter::default()).unwrap());
        entries.retain(|entry| {
            [entry.original, entry.reply].iter().any(|tuple| match tuple.transport {
                Transport::Ports { source, destination } => source == port || destination == port,
                _ => false,
            })
        });
        entries
    }

    /// Deletes the entries that have this port at any end, on both nodes.
    pub fn forget(&self, port: u16) {
        for node in ["node-1", "node-2"] {
            for entry in self.entries(node, port) {
                let deleted = move || Conntrack::open().unwrap().delete(&entry.original, entry.zone).unwrap();
                assert!(self.place(node).run(deleted), "an entry of port {port} is gone already");
            }
        }
    }

    /// A UDP socket of a place, bound to a port.
    pub fn udp(&self, place: &str, address: &str, port: u16) -> UdpSocket {
        let at = SocketAddr::new(ip(address), port);
        let socket = self.place(place).run(move || UdpSocket::bind(at).unwrap());
        socket.set_read_timeout(Some(SPEECH)).unwrap();
        socket
    }
}
