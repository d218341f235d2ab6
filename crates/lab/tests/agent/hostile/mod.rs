//! A pod that is up to no good: forged sources, odd frames and headers, cut and lying packets, and floods. Nothing of it gets
//! past policy, on either kind of link, and none of it keeps an agent from its work.
//!
//! `b` and `c` admit TCP 80 from `a` alone. Each table has packets that should arrive, too: or nothing would be shown.

mod flood;
mod forged;
mod fragments;
mod headers;
mod odd;

use std::net::{SocketAddr, TcpStream};

use podfence_lab::cluster::{Cluster, Settings};
use podfence_lab::setup::Links;
use podfence_model::{Family, Protocol, World};
use podfence_testkit::build::{Put, ingress, number, own, rule};

pub use self::flood::a_flood_does_not_starve_the_agent;
pub use self::forged::{a_port_that_is_used_again_is_judged_again, forged_sources_pass_nothing};
pub use self::fragments::fragments_do_not_change_ports;
pub use self::headers::{cut_and_lying_headers_pass_nothing, extension_headers_hide_nothing};
pub use self::odd::{odd_frames_carry_nothing, odd_frames_of_a_new_pod_carry_nothing};
use crate::frames::{Mac, frame, next_hop, own_mac};
use crate::packets::{Packet, SYN, TCP, checksum, tcp};
use crate::starts::quiet;
use crate::talk::{SPEECH, address, netns, subject};

const LINKS: [Links; 2] = [Links::Ptp, Links::Bridge];
/// A port that policy refuses to everybody.
const CLOSED: u16 = 81;

/// `b` and `c` admit TCP 80 from `a`.
fn guarded(links: Links) -> World {
    let rules = || vec![rule(vec![own(subject("a"))], vec![number(Protocol::Tcp, 80)])];
    quiet(links).with(ingress("x/b-in", subject("b"), rules())).with(ingress("x/c-in", subject("c"), rules()))
}

fn cluster(links: Links, world: World) -> Cluster {
    let mut cluster = Cluster::build_on(links, World::default(), Settings::default()).unwrap();
    cluster.update(world).unwrap();
    cluster
}

fn reaches(cluster: &Cluster, to: &str, family: Family) -> bool {
    let to = SocketAddr::new(address(cluster, to, family), 80);
    netns(cluster, "a").run(move || TcpStream::connect_timeout(&to, SPEECH)).is_ok()
}

/// A packet of `a` to another pod.
fn packet(cluster: &Cluster, to: &str, family: Family, protocol: u8, body: Vec<u8>) -> Packet {
    let ends = ["a", to].map(|pod| address(cluster, pod, family).to_string());
    Packet::new(&ends[0], &ends[1], protocol, body)
}

fn syn(cluster: &Cluster, to: &str, family: Family, port: u16) -> Packet {
    packet(cluster, to, family, TCP, tcp(6_100, port, SYN, 1, 0))
}

/// IPv4 with the fields that raw sockets would fill in.
fn whole(packet: &Packet) -> Vec<u8> {
    let mut bytes = packet.to_bytes();
    if packet.source.is_ipv4() {
        let length = u16::try_from(bytes.len()).unwrap();
        bytes[2..4].copy_from_slice(&length.to_be_bytes());
        fill_header_checksum(&mut bytes);
    }
    bytes
}

fn fill_header_checksum(bytes: &mut [u8]) {
    let header = usize::from(bytes[0] & 15) * 4;
    bytes[10..12].fill(0);
    let sum = checksum(&bytes[..header.min(bytes.len())]);
    bytes[10..12].copy_from_slice(&sum.to_be_bytes());
}

const fn ethertype(family: Family) -> u16 {
    match family {
        Family::V4 => 0x0800,
        Family::V6 => 0x86dd,
    }
}

/// The frame that a kernel would send.
fn plain(cluster: &Cluster, to: &str, family: Family, ip: &[u8]) -> Vec<u8> {
    let (next, own) = macs(cluster, to);
    frame(next, own, ethertype(family), ip)
}

fn macs(cluster: &Cluster, to: &str) -> (Mac, Mac) {
    let a = netns(cluster, "a");
    let is_pod = |ip| cluster.world().pods.values().any(|pod| pod.ips().contains(&ip));
    (next_hop(a, address(cluster, to, Family::V4), is_pod), own_mac(a))
}
