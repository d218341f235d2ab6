//! API servers for one lab after the other: starting one takes seconds.

use std::io;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use podfence_lab::agents::{Objects, Source};
use podfence_lab::topology::Topology;
use podfence_model::World;

use crate::forward::Forward;
use crate::publish::Published;
use crate::server::Server;

/// Those that no lab uses now.
static FREE: Mutex<Vec<Arc<Server>>> = Mutex::new(Vec::new());

/// A server that a lab uses.
#[derive(Debug)]
struct Seat {
    objects: Box<dyn Objects>,
    _forward: Forward,
    server: Option<Arc<Server>>,
    /// Whether the next lab may have it, when this one has taken everything away.
    emptied: bool,
}

/// A server, empty, that agents reach at an address of the outside, and that holds what the lab says.
pub fn take(topology: &Topology, v6: bool) -> io::Result<Box<dyn Objects>> {
    let published =
        |server: &Arc<Server>, kubeconfig| Box::new(Published::new(server.client(), kubeconfig)) as _;
    let mut seat = seated(topology, v6, published)?;
    seat.emptied = true;
    Ok(Box::new(seat))
}

/// A server, empty, that agents reach at an address of the outside, for whoever speaks to it by `objects`.
pub fn take_as(
    topology: &Topology,
    v6: bool,
    objects: impl FnOnce(&Arc<Server>, PathBuf) -> Box<dyn Objects>,
) -> io::Result<Box<dyn Objects>> {
    Ok(Box::new(seated(topology, v6, objects)?))
}

fn seated(
    topology: &Topology,
    v6: bool,
    objects: impl FnOnce(&Arc<Server>, PathBuf) -> Box<dyn Objects>,
) -> io::Result<Seat> {
    let free = FREE.lock().map_err(|_| io::ErrorKind::Other)?.pop();
    let server = free.map_or_else(start, Ok)?;
    let address: IpAddr = if v6 { "2001:db8::1" } else { "192.0.2.1" }.parse().map_err(io::Error::other)?;
    let forward = Forward::start(topology.outside(), address, server.netns(), server.port()?)?;
    let kubeconfig = server.kubeconfig_at(&forward.at().to_string())?;
    let objects = objects(&server, kubeconfig);
    Ok(Seat { objects, _forward: forward, server: Some(server), emptied: false })
}

/// Ends all servers.
pub fn clear() {
    if let Ok(mut free) = FREE.lock() {
        free.clear();
    }
}

fn start() -> io::Result<Arc<Server>> {
    static STARTED: AtomicUsize = AtomicUsize::new(0);
    Server::start(&STARTED.fetch_add(1, Ordering::Relaxed).to_string()).map(Arc::new)
}

impl Objects for Seat {
    fn publish(&mut self, world: &World) -> io::Result<()> {
        self.objects.publish(world)
    }

    fn source(&self) -> Source {
        self.objects.source()
    }
}

impl Drop for Seat {
    /// A server that could not be emptied is not used again.
    fn drop(&mut self) {
        let empties = self.emptied && !std::thread::panicking();
        let emptied = empties && self.objects.publish(&World::default()).is_ok();
        if let (true, Some(server), Ok(mut free)) = (emptied, self.server.take(), FREE.lock()) {
            free.push(server);
        }
    }
}
