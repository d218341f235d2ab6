//! A server that goes away, and one that comes back with nothing: never open, right again afterwards.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use podfence_agent::Status;
use podfence_lab::cluster::{Cluster, Settings};
use podfence_lab::setup::Links;
use podfence_model::World;
use podfence_testkit::build::{Put, eq, ingress, select};

use crate::publish::Published;
use crate::seat;
use crate::server::Server;
use crate::talk::{Talk, world};

const NODE: &str = "node-1";
/// What a server takes to come back on a loaded machine, and an agent to notice.
const PATIENCE: Duration = Duration::from_mins(1);
/// So long it stays away.
const AWAY: Duration = Duration::from_secs(2);

/// A lab and its server.
struct Bench {
    cluster: Cluster,
    server: Arc<Server>,
    /// That the server has forgotten everything.
    wiped: Arc<AtomicBool>,
}

/// Nobody reaches `b`; with `c_too`, nor `c`.
fn closed(c_too: bool) -> World {
    let deny = |name: &str| ingress(&format!("x/deny-{name}"), select(&[eq("app", name)]), Vec::new());
    let world = world().with(deny("b"));
    if c_too { world.with(deny("c")) } else { world }
}

impl Bench {
    fn new() -> Self {
        let (mut server, wiped) = (None, Arc::new(AtomicBool::new(false)));
        let forgotten = wiped.clone();
        let cluster = Cluster::empty(Links::Ptp, Settings::default(), |topology| {
            seat::take_as(topology, false, |taken, kubeconfig| {
                server = Some(taken.clone());
                Box::new(Published::new(taken.client(), kubeconfig).forgetting(forgotten))
            })
        });
        let mut bench = Self { cluster: cluster.unwrap(), server: server.unwrap(), wiped };
        bench.cluster.update(closed(false)).unwrap();
        bench.stays_closed();
        assert!(Talk::is_heard(&bench.cluster, ("a", "c"), 7_001), "c is open");
        bench
    }

    fn stays_closed(&self) {
        assert!(!Talk::is_heard(&self.cluster, ("a", "b"), 7_000), "b is closed");
    }

    /// Looks on, and holds on to `b` being closed, until the agent stands so.
    fn until(&mut self, what: &str, holds: impl Fn(&Status) -> bool) {
        let begun = Instant::now();
        loop {
            self.stays_closed();
            let status = self.cluster.agents().status(NODE).unwrap();
            if holds(&status) {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "{what}: {status}");
        }
    }
}

pub fn a_server_that_is_away_opens_nothing() {
    let mut bench = Bench::new();
    bench.server.signal("apiserver", "KILL").unwrap();
    bench.until("it is told", |status| status.unreadable.is_some());
    let begun = Instant::now();
    while begun.elapsed() < AWAY {
        bench.stays_closed();
    }
    bench.server.run("apiserver").unwrap();
    bench.until("it is back", |status| status.unreadable.is_none());
    bench.cluster.update(closed(true)).unwrap();
    assert!(!Talk::is_heard(&bench.cluster, ("a", "c"), 7_002), "c is closed by now");
    bench.stays_closed();
}

pub fn a_wiped_database_opens_nothing() {
    let mut bench = Bench::new();
    for program in ["controller-manager", "apiserver", "etcd"] {
        bench.server.signal(program, "KILL").unwrap();
    }
    fs::remove_dir_all(bench.server.directory().join("data")).unwrap();
    for program in ["etcd", "apiserver", "controller-manager"] {
        bench.server.run(program).unwrap();
    }
    let gone =
        |status: &Status| status.unreadable.as_ref().is_some_and(|why| why.contains("there is no node"));
    bench.until("a world without the node is not followed", gone);
    bench.wiped.store(true, Ordering::Relaxed);
    bench.cluster.update(closed(true)).unwrap();
    bench.until("all is well again", |status| status.ready && status.unreadable.is_none());
    assert!(!Talk::is_heard(&bench.cluster, ("a", "c"), 7_002), "c is closed by now");
}
