//! Pods that start while their policies come: each sends from its first instant, before any agent has heard of it, and is sent
//! to. Those that policies close reach nobody and are reached by nobody, not once; those that are open come to talk.
//!
//! Addresses go from closed pods to open ones and back in every round. `PODFENCE_STARTS` says how many pods start.

use std::io::ErrorKind;
use std::net::{SocketAddr, SocketAddrV6, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use nix::sys::socket::SockaddrIn6;
use podfence_lab::cluster::{Cluster, Settings};
use podfence_lab::netns::Netns;
use podfence_lab::setup::Links;
use podfence_model::{Family, World};
use podfence_testkit::build::{BOTH, Put, eq, policy, select};
use podfence_testkit::generate::addresses::host;

use crate::talk::{SPEECH, address, netns, pod, world};

/// Pods that start, unless told otherwise.
const STARTS: usize = 60;
/// Pods that start at the same time.
const AT_ONCE: usize = 10;
const PORT: u16 = 9100;
/// Between two packets of a sender.
const SHORTLY: Duration = Duration::from_micros(200);
/// How long they go on after everything is in force.
const A_WHILE: Duration = Duration::from_millis(5);

pub fn starting_pods_do_not_escape() {
    let wanted = std::env::var("PODFENCE_STARTS").ok().and_then(|text| text.parse().ok()).unwrap_or(STARTS);
    for links in [Links::Ptp, Links::Bridge] {
        drill(links, wanted / 2, Settings::default(), &quiet(links));
    }
}

/// As on a cloud whose pods get their addresses from the network of the nodes: they are closed by the names of their links.
pub fn pods_without_ranges_do_not_escape() {
    let mut world = quiet(Links::Ptp).with(pod("c", 1, 13));
    world.nodes.values_mut().for_each(|node| node.pod_ranges.clear());
    let settings = Settings { pod_interfaces: vec!["v*".parse().unwrap()], ..Settings::default() };
    drill(Links::Ptp, 2 * AT_ONCE, settings, &world);
}

fn drill(links: Links, wanted: usize, settings: Settings, quiet: &World) {
    let mut cluster = Cluster::build_on(links, World::default(), settings).unwrap();
    cluster.update(quiet.clone()).unwrap();
    let victim = Victim::new(&cluster);
    let mut sent = 0;
    for round in 0..wanted.div_ceil(AT_ONCE) {
        let names = names(round);
        let mut senders = Vec::new();
        let world = names.iter().fold(quiet.clone(), |world, (name, seat)| world.with(starting(name, *seat)));
        let world = world.with(policy("x/shut", select(&[eq("role", "shut")]), BOTH));
        let started = |cluster: &Cluster| {
            senders.extend(names.iter().map(|(name, _)| Sender::new(cluster, name, victim.on_link)));
        };
        cluster.update_late(world, started).unwrap();
        for sender in senders.iter().filter(|sender| sender.is_open) {
            sender.comes_to_talk(&victim);
        }
        thread::sleep(A_WHILE);
        sent += senders.into_iter().map(Sender::end).sum::<u64>();
        assert_eq!(victim.heard("shut"), 0, "round {round}: packets of closed pods arrived");
        cluster.update(quiet.clone()).unwrap();
        assert_eq!(victim.heard("shut"), 0, "round {round}: packets of closed pods arrived after their end");
    }
    println!("{links:?}: {wanted} pods started, {sent} packets against policy, none arrived");
}

/// The world before and after each round.
pub fn quiet(links: Links) -> World {
    let mut world = world();
    if links == Links::Bridge {
        for node in world.nodes.values_mut() {
            node.addresses.extend(node.pod_ranges.iter().map(|range| host(*range, 1)));
        }
    }
    world
}

/// The pods of a round and their seats: who is closed in one round is open in the next.
fn names(round: usize) -> Vec<(String, u8)> {
    let role = |seat: usize| if (seat + round).is_multiple_of(2) { "shut" } else { "open" };
    (0..AT_ONCE)
        .map(|seat| (format!("{}-{round}-{seat}", role(seat)), 50 + u8::try_from(seat).unwrap()))
        .collect()
}

fn role(name: &str) -> &str {
    name.split('-').next().unwrap_or_default()
}

fn starting(name: &str, seat: u8) -> podfence_model::Pod {
    let mut pod = pod(name, 1, seat);
    pod.meta.labels.insert("role".into(), role(name).into());
    pod
}

/// A socket in a pod that never waits; the kernel takes the address before the link is up.
fn bound(netns: &Netns, at: SocketAddr) -> UdpSocket {
    let socket = netns.run(move || UdpSocket::bind(at).unwrap());
    socket.set_nonblocking(true).unwrap();
    socket
}

/// What a socket has heard by now, one message after the other.
fn messages(socket: &UdpSocket) -> impl Iterator<Item = Vec<u8>> + '_ {
    std::iter::from_fn(|| {
        let mut heard = [0; 64];
        match socket.recv(&mut heard) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => None,
            heard_bytes => Some(heard[..heard_bytes.unwrap_or(0)].to_vec()),
        }
    })
}

/// `c`, on the other node, who hears everybody.
struct Victim {
    sockets: Vec<UdpSocket>,
    /// Where `b` is on its link, which no policy speaks of and every pod on a bridge could reach.
    on_link: SocketAddr,
    heard: Mutex<Vec<String>>,
}

impl Victim {
    fn new(cluster: &Cluster) -> Self {
        let at = |family| SocketAddr::new(address(cluster, "c", family), PORT);
        let mut sockets: Vec<UdpSocket> =
            Family::BOTH.map(|family| bound(netns(cluster, "c"), at(family))).into();
        let on_link = on_link(netns(cluster, "b"));
        sockets.push(bound(netns(cluster, "b"), on_link));
        Self { sockets, on_link, heard: Mutex::default() }
    }

    /// How many messages of pods whose names begin so have arrived.
    fn heard(&self, beginning: &str) -> usize {
        let mut heard = self.heard.lock().unwrap();
        for message in self.sockets.iter().flat_map(messages) {
            let name = String::from_utf8_lossy(&message).into_owned();
            if !heard.contains(&name) {
                heard.push(name);
            }
        }
        heard.iter().filter(|name| name.starts_with(beginning)).count()
    }
}

/// The link-local address of a pod.
fn on_link(netns: &Netns) -> SocketAddr {
    let own = |one: nix::ifaddrs::InterfaceAddress| one.address?.as_sockaddr_in6().map(SockaddrIn6::ip);
    let found = netns.run(move || {
        nix::ifaddrs::getifaddrs().unwrap().filter_map(own).find(std::net::Ipv6Addr::is_unicast_link_local)
    });
    let index = netns.run(|| nix::net::if_::if_nametoindex("eth0").unwrap());
    SocketAddrV6::new(found.unwrap(), PORT, 0, index).into()
}

/// A pod that sends to `c` in both families without a pause, and hears what `b`, on its own node, sends to it.
struct Sender {
    name: String,
    is_open: bool,
    over: Arc<AtomicBool>,
    sent: Arc<AtomicU64>,
    ears: Vec<UdpSocket>,
    threads: Vec<JoinHandle<()>>,
}

impl Sender {
    fn new(cluster: &Cluster, name: &str, on_link: SocketAddr) -> Self {
        let at = |whom: &str, family| SocketAddr::new(address(cluster, whom, family), PORT);
        let ears: Vec<UdpSocket> =
            Family::BOTH.map(|family| bound(netns(cluster, name), at(name, family))).into();
        let mut sender = Self {
            name: name.to_owned(),
            is_open: role(name) == "open",
            over: Arc::default(),
            sent: Arc::default(),
            ears,
            threads: Vec::new(),
        };
        for (family, ear) in Family::BOTH.into_iter().zip(&sender.ears) {
            let mouth = ear.try_clone().unwrap();
            let any = SocketAddr::new(address(cluster, "b", family), 0);
            let other = bound(netns(cluster, "b"), any);
            let aside =
                (family == Family::V6).then(|| bound(netns(cluster, name), "[::]:0".parse().unwrap()));
            let (over, sent) = (sender.over.clone(), sender.sent.clone());
            let (victim, own, text) = (at("c", family), at(name, family), name.to_owned());
            sender.threads.push(thread::spawn(move || {
                while !over.load(Ordering::Relaxed) {
                    _ = mouth.send_to(text.as_bytes(), victim);
                    if let Some(mouth) = &aside {
                        _ = mouth.send_to(text.as_bytes(), on_link);
                    }
                    _ = other.send_to(b"to you", own);
                    sent.fetch_add(2, Ordering::Relaxed);
                    thread::sleep(SHORTLY);
                }
            }));
        }
        sender
    }

    /// Waits until it is heard and hears.
    fn comes_to_talk(&self, victim: &Victim) {
        let begun = Instant::now();
        let mut hears = false;
        while victim.heard(&self.name) == 0 || !hears {
            assert!(begun.elapsed() < SPEECH, "{} is open and comes not to talk", self.name);
            hears |= self.ears.iter().any(|ear| messages(ear).count() > 0);
            thread::sleep(SHORTLY);
        }
    }

    /// Ends it, and tells how many packets against policy it had to do with, none of which arrived.
    fn end(self) -> u64 {
        self.over.store(true, Ordering::Relaxed);
        self.threads.into_iter().for_each(|thread| thread.join().unwrap());
        if self.is_open {
            return 0;
        }
        let heard = self.ears.iter().flat_map(messages).count();
        assert_eq!(heard, 0, "{} is closed, and was reached", self.name);
        self.sent.load(Ordering::Relaxed)
    }
}
