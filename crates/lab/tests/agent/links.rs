//! Agents that nobody tells of links find them, and believe no pod that claims another's.

use std::net::IpAddr;
use std::thread;
use std::time::{Duration, Instant};

use podfence_agent::Status;
use podfence_lab::cluster::{Cluster, Settings};
use podfence_lab::setup::Links;
use podfence_model::{Family, World};
use podfence_testkit::build::{Put, id, ip};

use crate::packets::{Packet, UDP, Watch, send_all, udp};
use crate::talk::{SPEECH, Talk, address, netns, pod, world};

pub const NODE: &str = "node-1";
const STYLES: [Links; 2] = [Links::Ptp, Links::Bridge];

/// A cluster whose agents are told of no link.
pub fn untold(links: Links) -> Cluster {
    let mut cluster = Cluster::build_on(links, World::default(), Settings::default()).unwrap();
    cluster.agents().tell_no_links();
    cluster
}

/// The small world on these links, where a node has the first address of each range if they are a bridge's ports.
pub fn world_on(links: Links) -> World {
    let mut world = world();
    for (node, n) in world.nodes.values_mut().zip(1..).filter(|_| links == Links::Bridge) {
        node.addresses.extend([format!("10.244.{n}.1"), format!("fd00:10:244:{n}::1")].map(|text| ip(&text)));
    }
    world
}

/// How the agent stands as soon as this holds.
pub fn when(cluster: &mut Cluster, what: &str, holds: impl Fn(&Status) -> bool) -> Status {
    let begun = Instant::now();
    loop {
        let status = cluster.agents().status(NODE).unwrap();
        if holds(&status) {
            return status;
        }
        assert!(begun.elapsed() < SPEECH, "{what}, at last: {status}");
        thread::sleep(Duration::from_millis(1));
    }
}

fn all_found(cluster: &mut Cluster) {
    let status = when(cluster, "all links are found", |s| s.plan.pods > 0 && s.plan.linked == s.plan.pods);
    assert!(status.ready && status.unlinked.is_empty(), "{status}");
}

/// What `b` sends to `c` under the address of `a`, and under one that nobody has.
fn forged(cluster: &Cluster, family: Family) -> Vec<Packet> {
    let nobody: IpAddr =
        if family == Family::V4 { [192, 0, 2, 77].into() } else { "2001:db8::77".parse().unwrap() };
    let to = address(cluster, "c", family).to_string();
    let from = [address(cluster, "a", family), nobody];
    from.iter().map(|from| Packet::new(&from.to_string(), &to, UDP, udp(6000, 80))).collect()
}

fn forging_fails(cluster: &Cluster) {
    let watch = Watch::over(netns(cluster, "c"));
    for family in Family::BOTH {
        let packets = forged(cluster, family);
        send_all(&packets, netns(cluster, "b"));
        watch.hears_none(&packets);
    }
}

pub fn links_are_found_and_forged_sources_refused() {
    for links in STYLES {
        let mut cluster = untold(links);
        cluster.update(world_on(links)).unwrap();
        all_found(&mut cluster);
        forging_fails(&cluster);
        assert!(Talk::is_heard(&cluster, ("b", "c"), 7000), "{links:?}: under its own address");
        cluster.update(world_on(links).with(pod("d", 1, 12))).unwrap();
        all_found(&mut cluster);
        assert!(Talk::is_heard(&cluster, ("d", "c"), 7001), "{links:?}: plugged later");
        let mut without = world_on(links);
        without.pods.remove(&id("x/b"));
        cluster.update(without).unwrap();
        when(&mut cluster, "one less", |status| status.plan.pods == 1 && status.plan.linked == 1);
    }
}

/// On a bridge: by answering for its address, by sending from it, and, with more rights than pods have, by taking it.
pub fn a_pod_cannot_claim_anothers_link() {
    let mut cluster = untold(Links::Bridge);
    cluster.update(world_on(Links::Bridge)).unwrap();
    all_found(&mut cluster);
    for family in Family::BOTH {
        let stolen = address(&cluster, "a", family);
        cluster.topology().give("x/b", stolen).unwrap();
        // Of an address in its own namespace the kernel tells the neighbours, and the bridge learns where it is.
        forging_fails(&cluster);
    }
    all_found(&mut cluster);
    forging_fails(&cluster);
    assert!(Talk::is_heard(&cluster, ("a", "c"), 7000), "whose link it is");
}
