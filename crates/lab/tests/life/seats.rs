//! Pods that come and go: addresses that change hands, what is left alone, and no moment in which a pod is open.

use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use podfence_lab::asked::Asked;
use podfence_lab::cluster::Cluster;
use podfence_lab::netns::Netns;
use podfence_model::{Family, Life, Pod, Protocol, World};
use podfence_testkit::build::{Put, id, ingress, ip, node, open, own, rule};

use crate::drawn;
use crate::talk::{SERVICE, SPEECH, Talk, address, deny, failing, netns, pod, service, subject, world};

fn started(world: World) -> Cluster {
    let mut cluster = Cluster::build(World::default()).unwrap();
    cluster.update(world).unwrap();
    cluster
}

/// `c` goes, and `d` comes with its addresses at the same moment.
fn replaced() -> World {
    let mut world = world().with(pod("d", 2, 10));
    world.pods.remove(&id("x/c"));
    world
}

fn bound(netns: &Netns, at: SocketAddr) -> UdpSocket {
    let socket = netns.run(move || UdpSocket::bind(at).unwrap());
    socket.set_read_timeout(Some(Duration::from_millis(400))).unwrap();
    socket
}

pub fn a_reused_address_inherits_no_connection() {
    let mut cluster = started(world());
    let to = Family::BOTH.map(|family| address(&cluster, "c", family));
    let talks = to.map(|ip| Talk::begin(&cluster, Protocol::Udp, ("a", "c"), ip, 7000));
    assert!(talks.iter().all(Talk::lives));
    // The next to have the address is isolated: what was open to `c` is closed to it.
    cluster.update(replaced().with(deny("d"))).unwrap();
    let heirs = to.map(|ip| bound(netns(&cluster, "d"), SocketAddr::new(ip, 7000)));
    for (talk, heir) in talks.iter().zip(&heirs) {
        talk.client_says();
        assert!(heir.recv(&mut [0; 16]).is_err(), "{} reached another pod", talk.what);
    }
    // Allowed, it is reached: the connection was judged, not lost.
    let welcome = ingress("x/in", subject("d"), vec![rule(vec![own(subject("a"))], vec![])]);
    cluster.update(replaced().with(welcome)).unwrap();
    for (talk, heir) in talks.iter().zip(&heirs) {
        talk.client_says();
        assert!(heir.recv(&mut [0; 16]).is_ok(), "{} is refused", talk.what);
    }
}

/// `c` has all but gone, or has run to its end, and `d` has its address by now: what counts is what policies say of `d`.
pub fn a_pod_that_ends_leaves_its_address() {
    [Life::Terminating, Life::Finished].into_iter().for_each(leaves_its_address);
}

fn leaves_its_address(life: Life) {
    let mut cluster = started(world());
    for (closed, reached) in [("c", true), ("d", false), ("c", true)] {
        let mut world = replaced().with(deny(closed));
        world.put(Pod { life, ..pod("c", 2, 10) });
        let engine = cluster.update(world).unwrap();
        for family in Family::BOTH {
            let heir = bound(netns(&cluster, "d"), SocketAddr::new(address(&cluster, "d", family), 7000));
            let any = if family == Family::V4 { "0.0.0.0:0" } else { "[::]:0" };
            let sender = bound(netns(&cluster, "a"), any.parse().unwrap());
            sender.send_to(b"?", heir.local_addr().unwrap()).unwrap();
            assert_eq!(heir.recv(&mut [0; 16]).is_ok(), reached, "{family:?}, {closed} is closed");
        }
        let asked = Asked::everything(cluster.world());
        let findings = cluster.run(&engine, &asked, Duration::from_millis(700));
        drawn::no_difference(cluster.world(), &findings).unwrap();
    }
}

pub fn what_is_not_touched_keeps_running() {
    let mut cluster = started(world());
    let mut talks = Vec::new();
    for (protocol, family) in [(Protocol::Tcp, Family::V4), (Protocol::Udp, Family::V6)] {
        talks.push(Talk::begin(&cluster, protocol, ("a", "c"), address(&cluster, "c", family), 7000));
    }
    let mut relabelled = world();
    relabelled.pods.get_mut(&id("x/a")).unwrap().meta.labels.insert("tier".into(), "front".into());
    let mut without_b = world();
    without_b.pods.remove(&id("x/b"));
    let mut served = world();
    let talk = service("b", &[80]);
    served.services.insert(talk.meta.id.clone(), talk);
    let grown = world().with(node("node-3", &["172.18.0.3", "fd00:172:18::3"], &["10.244.3.0/24"]));
    let isolated = world().with(ingress("x/in", subject("c"), vec![open()]));
    for next in [relabelled, without_b, served, grown, isolated, world().with(pod("d", 2, 20)), world()] {
        cluster.update(next).unwrap();
        assert_eq!(failing(&talks, Talk::lives), Vec::<&str>::new());
    }
}

/// `d` is isolated, and takes the place of an open pod again and again, while somebody sends to that address without a pause.
/// What arrives counts, answered or not.
pub fn a_new_pod_is_never_open() {
    let mut cluster = started(world());
    let to = SocketAddr::new(address(&cluster, "c", Family::V4), 80);
    let sender = bound(netns(&cluster, "a"), "0.0.0.0:7100".parse().unwrap());
    sender.send_to(b"?", to).unwrap();
    assert!(sender.recv(&mut [0; 64]).is_ok(), "c is open");
    let over = AtomicBool::new(false);
    let arrived: Vec<(u64, bool)> = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                _ = sender.send_to(b"?", to);
                std::thread::sleep(Duration::from_micros(50));
            }
        });
        let turns = (0..12).map(|_| {
            cluster.update(replaced().with(deny("d"))).unwrap();
            let arrived = packets(netns(&cluster, "d"));
            cluster.update(world()).unwrap();
            (arrived, is_reached_in_time(netns(&cluster, "c")))
        });
        let arrived = turns.collect();
        over.store(true, Ordering::Relaxed);
        arrived
    });
    assert_eq!(arrived, [(0, true); 12], "(what reached the isolated pod, whether the open one was reached)");
}

/// Whether a packet comes to a namespace; a busy machine may take its time.
fn is_reached_in_time(netns: &Netns) -> bool {
    let begun = Instant::now();
    while packets(netns) == 0 && begun.elapsed() < SPEECH {
        std::thread::sleep(Duration::from_millis(2));
    }
    packets(netns) > 0
}

/// How many IPv4 packets have come to a namespace, to whatever port (`ipSystemStatsInReceives`, RFC 4293).
fn packets(netns: &Netns) -> u64 {
    let counters = netns.run(|| std::fs::read_to_string("/proc/thread-self/net/snmp").unwrap());
    let numbers = counters.lines().filter(|line| line.starts_with("Ip:")).nth(1).unwrap();
    numbers.split(' ').nth(3).unwrap().parse().unwrap()
}

/// A client that keeps its port is not left with a backend that has gone, or is no longer ready.
pub fn udp_follows_its_service() {
    let with_service = |app: &str| {
        let mut world = world();
        let talk = service(app, &[80]);
        world.services.insert(talk.meta.id.clone(), talk);
        world
    };
    let mut cluster = started(with_service("c"));
    let client = bound(netns(&cluster, "a"), "0.0.0.0:7200".parse().unwrap());
    let ask = || {
        let mut heard = [0; 64];
        client.send_to(b"?", SocketAddr::new(ip(SERVICE[0]), 80)).unwrap();
        let length = client.recv(&mut heard).ok()?;
        Some(String::from_utf8_lossy(&heard[..length]).lines().next().unwrap_or_default().to_owned())
    };
    assert_eq!(ask().as_deref(), Some("x/c"));
    cluster.update(with_service("b")).unwrap();
    assert_eq!(ask().as_deref(), Some("x/b"));
    let mut unready = with_service("b");
    unready.pods.get_mut(&id("x/b")).unwrap().ready = false;
    cluster.update(unready).unwrap();
    assert_eq!(ask(), None);
    cluster.update(with_service("c")).unwrap();
    assert_eq!(ask().as_deref(), Some("x/c"));
}
