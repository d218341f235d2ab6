//! The server's address outside the lab's cluster: what comes there is passed on to where the server listens.

use std::io;
use std::net::{IpAddr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use podfence_lab::netns::Netns;

/// Passes connections on until it is dropped.
#[derive(Debug)]
pub struct Forward {
    over: Arc<AtomicBool>,
    at: SocketAddr,
    outside: Netns,
}

impl Forward {
    /// From an address of the outside to a port of the server's loopback.
    pub fn start(outside: &Netns, address: IpAddr, server: &Netns, port: u16) -> io::Result<Self> {
        let at = SocketAddr::new(address, 6443);
        let listener = outside.run(move || TcpListener::bind(at))?;
        let over = Arc::new(AtomicBool::new(false));
        let (server, ended) = (server.clone(), over.clone());
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if ended.load(Ordering::Relaxed) {
                    return;
                }
                let reached = server.run(move || TcpStream::connect(("127.0.0.1", port)));
                if let Ok(upstream) = reached {
                    both_ways(&client, &upstream);
                }
            }
        });
        Ok(Self { over, at, outside: outside.clone() })
    }

    /// Where it listens.
    pub fn at(&self) -> SocketAddr {
        self.at
    }
}

impl Drop for Forward {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        let at = self.at;
        _ = self.outside.run(move || TcpStream::connect(at)); // wakes who waits
    }
}

fn both_ways(client: &TcpStream, server: &TcpStream) {
    for (from, to) in [(client, server), (server, client)] {
        let (Ok(mut from), Ok(mut to)) = (from.try_clone(), to.try_clone()) else { return };
        thread::spawn(move || {
            _ = io::copy(&mut from, &mut to);
            _ = to.shutdown(Shutdown::Write);
        });
    }
}
