//! A node with two pods and the traffic between them, measured in short slices.
//!
//! Both ends of a flow live on one thread: a veth hands packets on in the sender's softirq, so a `connect` or `send`
//! takes the packet all the way, and what is counted per second is the cost of that way. The thread is pinned, so
//! that the other processor has whatever else the machine does.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::time::{Duration, Instant};

use nix::sched::{CpuSet, sched_setaffinity};
use nix::unistd::Pid;
use podfence_lab::netns::Netns;
use podfence_lab::topology::{NodeSpec, PodSpec, Topology};
use socket2::SockRef;

use crate::world::{End, NODE, NODE_AT, PORT};

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Traffic {
    /// TCP connections: begun, accepted, and reset.
    Connections,
    /// Datagrams of one established flow, all in one direction, that nobody reads.
    Packets,
}

/// A node and its two pods.
pub struct Lane {
    /// The topology ends with its owner.
    _topology: Topology,
    pub node: Netns,
    client: Netns,
    listener: Arc<TcpListener>,
    flow: Arc<[UdpSocket; 2]>,
}

impl Lane {
    pub fn new() -> Self {
        let mut topology = Topology::new(&[]).unwrap();
        let node = NodeSpec {
            name: NODE.into(),
            addresses: vec![NODE_AT.0.parse().unwrap()],
            pod_ranges: vec![NODE_AT.1.parse().unwrap()],
        };
        topology.add_nodes(&[node]).unwrap();
        topology.add_pods(&End::BOTH.map(pod)).unwrap();
        let node = topology.node(NODE).unwrap().clone();
        let [client, server] = End::BOTH.map(|end| topology.pod(end.name()).unwrap().netns().clone());
        node.run(forget_soon);
        client.run(pin);
        let listener = Arc::new(server.run(|| TcpListener::bind(socket(End::Server))).unwrap());
        let flow =
            Arc::new([end_of_flow(&client, End::BOTH), end_of_flow(&server, [End::Server, End::Client])]);
        Self { _topology: topology, node, client, listener, flow }
    }

    /// How many per second, measured for one slice.
    pub fn rate(&self, traffic: Traffic, slice: Duration) -> f64 {
        let (listener, flow) = (Arc::clone(&self.listener), Arc::clone(&self.flow));
        self.client.run(move || {
            establish(&flow);
            match traffic {
                Traffic::Connections => per_second(slice, || connect(&listener)),
                Traffic::Packets => per_second(slice, || _ = flow[0].send(&PAYLOAD).unwrap()),
            }
        })
    }
}

fn pod(end: End) -> PodSpec {
    let (name, interface) = (end.name().to_owned(), Some(end.name().to_owned()));
    PodSpec { name, node: NODE.into(), addresses: vec![end.address()], interface }
}

fn socket(end: End) -> SocketAddr {
    SocketAddr::new(end.address(), PORT)
}

fn end_of_flow(pod: &Netns, [own, other]: [End; 2]) -> UdpSocket {
    let made =
        pod.run(move || UdpSocket::bind(socket(own)).and_then(|it| it.connect(socket(other)).map(|()| it)));
    made.unwrap()
}

/// Entries of connections that were reset are gone after a second, or their table fills.
fn forget_soon() {
    fs::write("/proc/sys/net/netfilter/nf_conntrack_tcp_timeout_close", "1").unwrap();
}

/// To the last processor.
fn pin() {
    let last = std::thread::available_parallelism().map_or(0, |processors| processors.get() - 1);
    let mut set = CpuSet::new();
    set.set(last).unwrap();
    sched_setaffinity(Pid::from_raw(0), &set).unwrap();
}

/// As short as a datagram is padded to.
const PAYLOAD: [u8; 18] = [0; 18];

/// A question and an answer, so that the flow is established. The server has unread datagrams of the slice before.
fn establish([here, there]: &[UdpSocket; 2]) {
    here.send(&PAYLOAD).unwrap();
    there.send(&PAYLOAD).unwrap();
    here.recv(&mut PAYLOAD.clone()).unwrap();
}

fn per_second(slice: Duration, mut once: impl FnMut()) -> f64 {
    const BETWEEN_LOOKS: u32 = 16;
    let (begun, mut count) = (Instant::now(), 0);
    loop {
        (0..BETWEEN_LOOKS).for_each(|_| once());
        count += BETWEEN_LOOKS;
        let elapsed = begun.elapsed();
        if elapsed >= slice {
            return f64::from(count) / elapsed.as_secs_f64();
        }
    }
}

fn connect(listener: &TcpListener) {
    let stream = TcpStream::connect(socket(End::Server)).unwrap();
    let (accepted, _) = listener.accept().unwrap();
    SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
    drop((stream, accepted));
}
