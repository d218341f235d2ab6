//! A small world to talk in, and long-lived TCP and UDP conversations with both ends in our hands.

use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use podfence_lab::cluster::Cluster;
use podfence_lab::netns::Netns;
use podfence_model::{
    Family, LabelSelector, Meta, NetworkPolicy, Pod, Protocol, Service, ServiceAddress, ServicePort,
    ServiceType, SessionAffinity, TargetPort, TrafficPolicy, World,
};
use podfence_testkit::build::{self, BOTH, ORIGIN, Put, eq, id, ip, policy, port, select, serves};

/// How long nothing must be heard: long enough for a retransmission of TCP.
const SILENCE: Duration = Duration::from_millis(450);
/// How long something may take on a busy machine.
pub const SPEECH: Duration = Duration::from_secs(8);
/// The Service `talk`.
pub const SERVICE: [&str; 2] = ["10.96.0.9", "fd00:10:96::9"];

/// A pod of namespace x on a node, whose label `app` is its name; it serves UDP and TCP 80.
pub fn pod(name: &str, node: u8, last: u8) -> Pod {
    let (v4, v6) = (format!("10.244.{node}.{last}"), format!("fd00:10:244:{node}::{last}"));
    let mut pod = build::pod(&format!("x/{name}"), &format!("node-{node}"), &[&v4, &v6], &[("app", name)]);
    pod.ports = vec![serves("", Protocol::Tcp, 80), serves("", Protocol::Udp, 80)].into();
    pod
}

/// Two nodes; `a` and `b` on the first, `c` on the second.
pub fn world() -> World {
    let mut world = World::default();
    for n in 1..=2u8 {
        let name = format!("node-{n}");
        let addresses = [format!("172.18.0.{n}"), format!("fd00:172:18::{n}")];
        let ranges = [format!("10.244.{n}.0/24"), format!("fd00:10:244:{n}::/64")];
        world.put(build::node(&name, &[&addresses[0], &addresses[1]], &[&ranges[0], &ranges[1]]));
    }
    world.put(podfence_model::Namespace::new("x", build::labels(&[]), ORIGIN));
    world.with(pod("a", 1, 10)).with(pod("b", 1, 11)).with(pod("c", 2, 10))
}

/// The Service `talk` in front of the pods with this label, on ports that stay the same.
pub fn service(app: &str, ports: &[u16]) -> Service {
    let of = |number: u16, protocol| ServicePort {
        name: None,
        protocol,
        port: port(number),
        target: TargetPort::Number(port(number)),
        node_port: None,
    };
    let both = |number: &u16| [of(*number, Protocol::Tcp), of(*number, Protocol::Udp)];
    Service {
        meta: Meta::new("x", "talk", ORIGIN),
        kind: ServiceType::ClusterIp,
        address: ServiceAddress::Ips(SERVICE.map(ip).to_vec()),
        external_ips: Vec::new(),
        load_balancer_ips: Vec::new(),
        selector: Some(build::labels(&[("app", app)])),
        ports: ports.iter().flat_map(both).collect(),
        external_traffic: TrafficPolicy::Cluster,
        internal_traffic: TrafficPolicy::Cluster,
        affinity: SessionAffinity::None,
        publish_not_ready: false,
    }
}

pub fn subject(app: &str) -> LabelSelector {
    select(&[eq("app", app)])
}

/// Isolates a pod in both directions and admits nothing.
pub fn deny(app: &str) -> NetworkPolicy {
    policy(&format!("x/deny-{app}"), subject(app), BOTH)
}

pub fn netns<'c>(cluster: &'c Cluster, name: &str) -> &'c Netns {
    let pod = &cluster.world().pods[&id(&format!("x/{name}"))];
    cluster.netns_of(pod).unwrap()
}

pub fn address(cluster: &Cluster, name: &str, family: Family) -> IpAddr {
    cluster.world().pods[&id(&format!("x/{name}"))].ip(family).unwrap()
}

/// One end of a conversation.
#[derive(Debug)]
enum Wire {
    Tcp(TcpStream),
    Udp(UdpSocket),
}

/// A conversation that both ends can go on with.
#[derive(Debug)]
pub struct Talk {
    pub what: String,
    client: Wire,
    server: Wire,
}

impl Talk {
    /// Begins a conversation of `from` with `to`, who listens at `port`, by way of `address`, which may be a Service's.
    pub fn begin(
        cluster: &Cluster,
        protocol: Protocol,
        (from, to): (&str, &str),
        address: IpAddr,
        port: u16,
    ) -> Self {
        let listen = SocketAddr::new(self::address(cluster, to, Family::of(address)), port);
        let dial = SocketAddr::new(address, port);
        let (there, here) = (netns(cluster, to), netns(cluster, from));
        let (client, server) = if protocol == Protocol::Tcp {
            tcp(here, there, dial, listen)
        } else {
            udp(here, there, dial, listen)
        };
        Self { what: format!("{protocol} {from} → {to} by way of {dial}"), client, server }
    }

    /// Whether what `from` sends by UDP over IPv4 to `to` arrives there.
    #[allow(dead_code, reason = "each test binary uses its part of this")]
    pub fn is_heard(cluster: &Cluster, (from, to): (&str, &str), port: u16) -> bool {
        let at = SocketAddr::new(address(cluster, to, Family::V4), port);
        let server = netns(cluster, to).run(move || UdpSocket::bind(at).unwrap());
        let client = netns(cluster, from).run(|| UdpSocket::bind("0.0.0.0:0").unwrap());
        _ = client.send_to(b"hello", at);
        Wire::Udp(server).hears_anything()
    }

    /// Both directions.
    pub fn lives(&self) -> bool {
        self.server.reaches(&self.client) && self.client.reaches(&self.server)
    }

    /// Neither direction, the server speaking first.
    pub fn is_cut(&self) -> bool {
        self.server.say();
        let quiet = !self.client.hears_anything();
        self.client.say();
        quiet && !self.server.hears_anything() && !self.client.hears_anything()
    }

    /// Says something without listening.
    pub fn client_says(&self) {
        self.client.say();
    }
}

fn tcp(here: &Netns, there: &Netns, dial: SocketAddr, listen: SocketAddr) -> (Wire, Wire) {
    let listener = there.run(move || TcpListener::bind(listen).unwrap());
    let client = here.run(move || TcpStream::connect_timeout(&dial, SPEECH).unwrap());
    let (server, _) = listener.accept().unwrap();
    client.set_nodelay(true).unwrap();
    server.set_nodelay(true).unwrap();
    (Wire::Tcp(client), Wire::Tcp(server))
}

fn udp(here: &Netns, there: &Netns, dial: SocketAddr, listen: SocketAddr) -> (Wire, Wire) {
    let server = there.run(move || UdpSocket::bind(listen).unwrap());
    let client = here.run(move || {
        let any = if dial.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
        let client = UdpSocket::bind(any).unwrap();
        client.connect(dial).unwrap();
        client
    });
    client.send(b"hello").unwrap();
    server.set_read_timeout(Some(SPEECH)).unwrap();
    let (_, peer) = server.recv_from(&mut [0; 16]).unwrap();
    server.connect(peer).unwrap();
    (Wire::Udp(client), Wire::Udp(server))
}

/// Tells what is said now from what was said before.
fn token() -> [u8; 4] {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes()
}

impl Wire {
    /// Errors are left to the other end to notice.
    fn say(&self) -> [u8; 4] {
        let token = token();
        _ = match self {
            Self::Tcp(stream) => (&*stream).write_all(&token),
            Self::Udp(socket) => socket.send(&token).map(drop),
        };
        token
    }

    fn hear(&self, patience: Duration) -> Option<Vec<u8>> {
        let mut heard = [0; 256];
        let patience = Some(patience.max(Duration::from_millis(1)));
        let length = match self {
            Self::Tcp(stream) => stream.set_read_timeout(patience).and_then(|()| (&*stream).read(&mut heard)),
            Self::Udp(socket) => socket.set_read_timeout(patience).and_then(|()| socket.recv(&mut heard)),
        };
        length.ok().filter(|length| *length > 0).map(|length| heard[..length].to_vec())
    }

    /// Whether what is said now arrives, perhaps behind what was said before.
    fn reaches(&self, other: &Self) -> bool {
        let (token, begun) = (self.say(), Instant::now());
        let mut heard = Vec::new();
        while !heard.ends_with(&token) {
            let left = SPEECH.saturating_sub(begun.elapsed());
            let Some(more) = (!left.is_zero()).then(|| other.hear(left)).flatten() else { return false };
            heard.extend(more);
        }
        true
    }

    fn hears_anything(&self) -> bool {
        self.hear(SILENCE).is_some()
    }
}

/// Those for whom `holds` does not hold, all asked at the same time.
pub fn failing(talks: &[Talk], holds: fn(&Talk) -> bool) -> Vec<&str> {
    std::thread::scope(|scope| {
        let asked: Vec<_> = talks.iter().map(|talk| (talk, scope.spawn(move || holds(talk)))).collect();
        let failed = asked.into_iter().filter_map(|(talk, answer)| (!answer.join().unwrap()).then_some(talk));
        failed.map(|talk| talk.what.as_str()).collect()
    })
}
