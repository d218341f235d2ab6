//! API servers for one lab after the other: starting one takes seconds.

use std::io;
use std::net::IpAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use podfence_lab::agents::{Objects, Source};
use podfence_lab::topology::Topology;
use podfence_model::World;

use crate::forward::Forward;
use crate::publish::Published;
use crate::server::Server;

/// Those that no lab uses now.
static FREE: Mutex<Vec<Server>> = Mutex::new(Vec::new());

/// A server that a lab uses.
#[derive(Debug)]
struct Seat {
    published: Published,
    _forward: Forward,
    server: Option<Server>,
}

/// A server, empty, that agents reach at an address of the outside.
pub fn take(topology: &Topology, v6: bool) -> io::Result<Box<dyn Objects>> {
    let free = FREE.lock().map_err(|_| io::ErrorKind::Other)?.pop();
    let server = free.map_or_else(start, Ok)?;
    let address: IpAddr = if v6 { "2001:db8::1" } else { "192.0.2.1" }.parse().map_err(io::Error::other)?;
    let forward = Forward::start(topology.outside(), address, server.netns(), server.port()?)?;
    let kubeconfig = server.kubeconfig_at(&forward.at().to_string())?;
    let published = Published::new(server.client(), kubeconfig);
    Ok(Box::new(Seat { published, _forward: forward, server: Some(server) }))
}

/// Ends all servers.
pub fn clear() {
    if let Ok(mut free) = FREE.lock() {
        free.clear();
    }
}

fn start() -> io::Result<Server> {
    static STARTED: AtomicUsize = AtomicUsize::new(0);
    Server::start(&STARTED.fetch_add(1, Ordering::Relaxed).to_string())
}

impl Objects for Seat {
    fn publish(&mut self, world: &World) -> io::Result<()> {
        self.published.publish(world)
    }

    fn source(&self) -> Source {
        self.published.source()
    }
}

impl Drop for Seat {
    /// A server that could not be emptied is not used again.
    fn drop(&mut self) {
        let emptied = !std::thread::panicking() && self.published.publish(&World::default()).is_ok();
        if let (true, Some(server), Ok(mut free)) = (emptied, self.server.take(), FREE.lock()) {
            free.push(server);
        }
    }
}
