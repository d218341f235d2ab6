//! Others at our tables, and a second agent.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use podfence_agent::{Setup, run};
use podfence_lab::cluster::{Cluster, Settings};
use podfence_lab::netns::Netns;
use podfence_model::World;
use podfence_netlink::nft::{self, Batch, DataType, Element, Name, Nftables, Rule, Set, Table};

use crate::crash::closed;
use crate::talk::{SPEECH, Talk};

const NODE: &str = "node-1";
const FORWARD: Name = Name::constant("forward");

type Harm = (&'static str, fn(&mut Nftables, &Table, &mut Batch));

/// What somebody may do to a table: `nft flush ruleset` and `nft delete table`, `nft flush table`, rules and sets of ours.
const HARMS: [Harm; 5] = [
    ("the table is deleted", |_, table, batch| batch.delete_table(table)),
    ("all rules are deleted", |nft, table, batch| {
        nft.chains(table).unwrap().iter().for_each(|chain| batch.flush_chain(table, &chain.chain.name));
    }),
    ("a chain is flushed", |_, table, batch| batch.flush_chain(table, &FORWARD)),
    ("everything is accepted", |_, table, batch| {
        batch.flush_chain(table, &FORWARD);
        batch.add_rule(table, &FORWARD, &Rule::new().accept()).unwrap();
    }),
    ("sets are emptied", |nft, table, batch| {
        let sets = nft
            .sets(table)
            .unwrap()
            .into_iter()
            .filter(|info| info.set.name.as_str().starts_with("ingress_"));
        sets.for_each(|info| batch.flush_set(table, &info.set.name));
    }),
];

fn node(cluster: &Cluster) -> Netns {
    cluster.topology().nodes().find(|(name, _)| *name == NODE).unwrap().1.clone()
}

pub fn what_others_change_is_noticed_and_mended() {
    let mut cluster = Cluster::build(World::default()).unwrap();
    cluster.update(closed(true)).unwrap();
    let mut port = 7000;
    for (what, harm) in HARMS {
        assert!(!Talk::is_heard(&cluster, ("a", "b"), port), "before {what}");
        let before = cluster.agents().status(NODE).unwrap().done.drifts;
        let netns = node(&cluster);
        let begun = netns.run(move || {
            let mut nft = Nftables::open().unwrap();
            let table = Table::new(nft::Family::Inet, Settings::default().table);
            let mut batch = Batch::new();
            harm(&mut nft, &table, &mut batch);
            let begun = Instant::now();
            nft.commit(&batch).unwrap();
            begun
        });
        while cluster.agents().status(NODE).unwrap().done.drifts == before {
            assert!(begun.elapsed() < SPEECH, "{what}, and nobody notices");
            std::thread::sleep(Duration::from_micros(200));
        }
        println!("{what}: mended after {:?}", begun.elapsed());
        assert!(!Talk::is_heard(&cluster, ("a", "b"), port + 1), "{what}");
        assert!(Talk::is_heard(&cluster, ("a", "c"), port + 1), "{what}, and what is allowed is refused");
        port += 2;
    }
}

/// What somebody does in a flood of other transactions, while the agent is stopped and its queue overflows, is found by reading the
/// tables back. Where it did nothing to them, nothing is made anew.
pub fn what_is_lost_in_a_flood_is_found() {
    let mut cluster = Cluster::build(World::default()).unwrap();
    cluster.update(closed(true)).unwrap();
    for (harmful, port) in [(false, 7100), (true, 7102)] {
        let before = cluster.agents().status(NODE).unwrap().done;
        drown(&mut cluster, harmful);
        let begun = Instant::now();
        let mut after = before;
        while after.checks == before.checks {
            assert!(begun.elapsed() < SPEECH, "nobody looks");
            after = cluster.agents().status(NODE).unwrap().done;
        }
        println!("looked {:?} after the flood, {} drifts", begun.elapsed(), after.drifts - before.drifts);
        assert_eq!(after.drifts - before.drifts, u64::from(harmful));
        assert_eq!(after.switches - before.switches, u64::from(harmful));
        assert!(!Talk::is_heard(&cluster, ("a", "b"), port), "harm {harmful}");
        assert!(Talk::is_heard(&cluster, ("a", "c"), port), "harm {harmful}");
    }
}

/// Stops the node's agent, fills its queue with what is no concern of it, may flush a chain of it, and lets it go on.
fn drown(cluster: &mut Cluster, harmful: bool) {
    cluster.agents().signal(NODE, Signal::SIGSTOP).unwrap();
    node(cluster).run(move || {
        let mut nft = Nftables::open().unwrap();
        flood(&mut nft);
        if harmful {
            let mut batch = Batch::new();
            batch.flush_chain(&Table::new(nft::Family::Inet, Settings::default().table), &FORWARD);
            nft.commit(&batch).unwrap();
        }
    });
    cluster.agents().signal(NODE, Signal::SIGCONT).unwrap();
}

/// Some 600,000 elements in a foreign table, which is more than any queue holds.
fn flood(nft: &mut Nftables) {
    let foreign = Table::new(nft::Family::Inet, Name::constant("foreign"));
    let set = Set::new(Name::constant("many"), [DataType::Ipv4]);
    let commit = |nft: &mut Nftables, fill: &dyn Fn(&mut Batch)| {
        let mut batch = Batch::new();
        fill(&mut batch);
        nft.commit(&batch).unwrap();
    };
    commit(nft, &|batch| {
        batch.create_table(&foreign, None);
        batch.create_set(&foreign, &set).unwrap();
    });
    let addresses = (0..20_000_u32).map(|number| Element::new(Ipv4Addr::from(0xcb00_7100 + number)));
    for _ in 0..30 {
        nft.preload(&foreign, &set, addresses.clone()).unwrap();
        commit(nft, &|batch| batch.flush_set(&foreign, &set.name));
    }
    commit(nft, &|batch| batch.delete_table(&foreign));
}

pub fn a_second_agent_does_not_start() {
    let mut cluster = Cluster::build(World::default()).unwrap();
    cluster.update(closed(true)).unwrap();
    let first = cluster.agents().status(NODE).unwrap();
    let setup = Setup {
        node: NODE.into(),
        socket: std::env::temp_dir().join("podfence-never-made.sock"),
        ..Setup::default()
    };
    let refused = node(&cluster).run({
        let setup = setup.clone();
        move || run(&setup).unwrap_err().to_string()
    });
    let holds = |process: u32| {
        refused == format!("the agent with process id {process} guards this node already; end it first")
    };
    assert!(cluster.agents().processes().any(holds), "{refused}");
    assert!(!setup.socket.exists());
    assert_eq!(cluster.agents().status(NODE).unwrap().since, first.since);
}
