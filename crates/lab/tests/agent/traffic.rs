//! Traffic without a pause: what policy refuses, and counts what arrives; what it allows, and counts what fails.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use podfence_lab::cluster::Cluster;
use podfence_model::Family;

use crate::talk::{SPEECH, address, netns};

/// Between two packets that are refused.
const SHORTLY: Duration = Duration::from_micros(200);
/// Between two connections that are allowed.
const PAUSE: Duration = Duration::from_millis(2);
/// A port at which only we listen.
const PORT: u16 = 9000;

/// What was counted.
#[derive(Debug, Default)]
pub struct Counts {
    /// Packets that were sent against policy, and those of them that arrived.
    pub refused: AtomicU64,
    pub escaped: AtomicU64,
    /// Connections that were opened with policy, and those of them that failed.
    pub allowed: AtomicU64,
    pub broken: AtomicU64,
}

/// Traffic that goes on until it is ended.
pub struct Traffic {
    pub counts: Arc<Counts>,
    over: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Traffic {
    /// From `a` to `b`, which is refused, and from `a` to `c`, which is allowed, in both families.
    pub fn begin(cluster: &Cluster) -> Self {
        let mut traffic = Self { counts: Arc::default(), over: Arc::default(), threads: Vec::new() };
        for family in Family::BOTH {
            let from = bound(cluster, "a", family, 0);
            let at = bound(cluster, "b", family, PORT);
            let to = SocketAddr::new(address(cluster, "b", family), PORT);
            traffic.forever(move |counts| {
                _ = from.send_to(b"?", to); // refused where the sender's own node says so
                counts.refused.fetch_add(1, Ordering::Relaxed);
                let arrived = !matches!(at.recv(&mut [0; 16]), Err(e) if e.kind() == ErrorKind::WouldBlock);
                counts.escaped.fetch_add(u64::from(arrived), Ordering::Relaxed);
                thread::sleep(SHORTLY);
            });
            let (here, to) =
                (netns(cluster, "a").clone(), SocketAddr::new(address(cluster, "c", family), 80));
            traffic.forever(move |counts| {
                let opened = here.run(move || TcpStream::connect_timeout(&to, SPEECH));
                counts.allowed.fetch_add(1, Ordering::Relaxed);
                counts.broken.fetch_add(u64::from(opened.is_err()), Ordering::Relaxed);
                thread::sleep(PAUSE);
            });
        }
        traffic
    }

    fn forever(&mut self, turn: impl Fn(&Counts) + Send + 'static) {
        let (counts, over) = (self.counts.clone(), self.over.clone());
        self.threads.push(thread::spawn(move || {
            while !over.load(Ordering::Relaxed) {
                turn(&counts);
            }
        }));
    }

    /// Ends it: nothing escaped, and nothing broke.
    pub fn end(self) {
        self.over.store(true, Ordering::Relaxed);
        self.threads.into_iter().for_each(|thread| thread.join().unwrap());
        println!("{:?}", self.counts);
        let zero = |count: &AtomicU64| count.load(Ordering::Relaxed) == 0;
        assert!(!zero(&self.counts.refused) && !zero(&self.counts.allowed), "there was traffic");
        assert!(zero(&self.counts.escaped), "refused packets passed");
        assert!(zero(&self.counts.broken), "allowed connections broke");
    }
}

/// A socket in a pod that never waits.
fn bound(cluster: &Cluster, pod: &str, family: Family, port: u16) -> UdpSocket {
    let at = SocketAddr::new(address(cluster, pod, family), port);
    let socket = netns(cluster, pod).run(move || UdpSocket::bind(at).unwrap());
    socket.set_nonblocking(true).unwrap();
    socket
}
