//! The agent goes and comes again: what it enforced stays in force, and what was said meanwhile is enforced when it is back.

use nix::sys::signal::Signal;
use podfence_lab::cluster::Cluster;
use podfence_model::{Family, Protocol, World};
use podfence_testkit::build::Put;

use crate::talk::{Talk, address, deny, failing, pod, world};
use crate::traffic::Traffic;

/// How often, unless told otherwise.
const TIMES: u64 = 10;
/// The node of `a`, `b` and `d`.
const NODE: &str = "node-1";

pub fn killed_under_traffic() {
    drill("PODFENCE_KILLS", Signal::SIGKILL);
}

pub fn stopped_under_traffic() {
    drill("PODFENCE_STOPS", Signal::SIGTERM);
}

/// `b` is closed; `d` is closed every other time.
pub fn closed(d_too: bool) -> World {
    let world = world().with(pod("d", 1, 12)).with(deny("b"));
    if d_too { world.with(deny("d")) } else { world }
}

fn drill(times: &str, signal: Signal) {
    let times = std::env::var(times).ok().and_then(|text| text.parse().ok()).unwrap_or(TIMES);
    let mut cluster = Cluster::build(World::default()).unwrap();
    cluster.update(closed(true)).unwrap();
    let talks = open(&cluster, "c", 7000);
    let traffic = Traffic::begin(&cluster);
    let none = Vec::<&str>::new();
    for round in 1..=times {
        let d_closed = round.is_multiple_of(2);
        let status = cluster.agents().end(NODE, signal).unwrap();
        assert_eq!(status.success(), signal == Signal::SIGTERM, "{status}");
        cluster.update(closed(d_closed)).unwrap();
        assert_eq!(failing(&talks, Talk::lives), none, "round {round}: without an agent");
        cluster.agents().revive(NODE);
        cluster.update(closed(d_closed)).unwrap();
        assert!(cluster.agents().status(NODE).unwrap().ready);
        assert_eq!(failing(&talks, Talk::lives), none, "round {round}: after its return");
        let port = 7001 + u16::try_from(round % 50_000).unwrap();
        if d_closed {
            assert!(!Talk::is_heard(&cluster, ("a", "d"), port), "round {round}: d is closed by now");
        } else {
            assert_eq!(
                failing(&open(&cluster, "d", port), Talk::lives),
                none,
                "round {round}: d is open by now"
            );
        }
    }
    traffic.end();
}

/// Connections of `a` in both protocols and families.
pub fn open(cluster: &Cluster, to: &str, port: u16) -> Vec<Talk> {
    let each = |protocol| {
        Family::BOTH
            .map(|family| Talk::begin(cluster, protocol, ("a", to), address(cluster, to, family), port))
    };
    [Protocol::Tcp, Protocol::Udp].into_iter().flat_map(each).collect()
}
