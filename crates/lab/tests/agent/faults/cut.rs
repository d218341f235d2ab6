//! An agent that loads a plan of many transactions is killed in the middle, again and again.

use std::net::Ipv4Addr;
use std::time::Instant;

use nix::sys::signal::Signal;
use podfence_lab::cluster::{Cluster, Settings};
use podfence_model::World;
use podfence_netlink::nft::{self, Nftables, Table};
use podfence_testkit::build::{Put, block, ingress, rule};
use podfence_testkit::generate::Rng;

use crate::crash::closed;
use crate::talk::subject;
use crate::traffic::Traffic;

/// How often, unless `PODFENCE_CUTS` says otherwise.
const TIMES: u32 = 6;
/// Addresses that `b` admits, none of them a pod's, unless `PODFENCE_CUT_PEERS` says otherwise. They take several transactions.
const PEERS: u32 = 4_000;
const NODE: &str = "node-1";

fn told(variable: &str, otherwise: u32) -> u32 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// `b` and `d` are closed to pods; every other round `b` admits other addresses.
fn wide(round: u32) -> World {
    let first = u32::from(Ipv4Addr::new(198, 18, 0, 0)) + u32::from(round.is_multiple_of(2));
    let peers = (0..told("PODFENCE_CUT_PEERS", PEERS))
        .map(|n| block(&format!("{}/32", Ipv4Addr::from(first + 2 * n)), &[]));
    closed(true).with(ingress("x/wide", subject("b"), vec![rule(peers.collect(), vec![])]))
}

/// Sets and chains of the node's table.
fn built(cluster: &Cluster) -> (usize, usize) {
    let node = cluster.topology().node(NODE).unwrap();
    node.run(|| {
        let mut nft = Nftables::open().unwrap();
        let table = Table::new(nft::Family::Inet, Settings::default().table);
        (nft.sets(&table).unwrap().len(), nft.chains(&table).unwrap().len())
    })
}

/// Another agent, which begins without memory; whether everything came into force.
fn starts_anew(cluster: &mut Cluster, world: World) -> bool {
    _ = cluster.agents().end(NODE, Signal::SIGKILL);
    cluster.agents().revive(NODE);
    cluster.update(world).is_ok()
}

pub fn an_agent_cut_off_while_it_loads_opens_nothing() {
    let times = told("PODFENCE_CUTS", TIMES);
    let settings = Settings { transaction_bytes: 0, ..Settings::default() };
    let mut cluster = Cluster::build_with(World::default(), settings).unwrap();
    cluster.update(wide(0)).unwrap();
    let fresh = built(&cluster);
    let begun = Instant::now();
    assert!(starts_anew(&mut cluster, wide(0)));
    let mut load = begun.elapsed();
    let traffic = Traffic::begin(&cluster);
    let (mut rng, mut round, mut cut, mut half_built) = (Rng::with_seed(1), 0, 0, 0);
    while cut < times {
        round += 1;
        assert!(round < 20 * (times + 1), "only {cut} were cut off");
        cluster.agents().doom(NODE, load * rng.u32(20..100) / 100);
        let begun = Instant::now();
        if starts_anew(&mut cluster, wide(round)) {
            load = load.min(begun.elapsed()); // a busy machine took long at first
        } else {
            cut += 1;
        }
        half_built += u32::from(built(&cluster).0 > fresh.0);
    }
    println!("{round} agents, {cut} of them cut off within {load:?}, {half_built} left something half built");
    assert!(starts_anew(&mut cluster, wide(0)), "whatever is there is taken over");
    assert_eq!(built(&cluster), fresh, "and what was half built is gone");
    assert!(cluster.agents().status(NODE).unwrap().ready);
    traffic.end();
}
