//! Others at our tables, and a second agent.

use std::time::{Duration, Instant};

use podfence_agent::{Setup, run};
use podfence_lab::cluster::{Cluster, Settings};
use podfence_lab::netns::Netns;
use podfence_model::World;
use podfence_netlink::nft::{self, Batch, Name, Nftables, Rule, Table};

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

pub fn a_second_agent_does_not_start() {
    let mut cluster = Cluster::build(World::default()).unwrap();
    cluster.update(closed(true)).unwrap();
    let first = cluster.agents().status(NODE).unwrap();
    let setup = Setup {
        node: NODE.into(),
        manifests: Vec::new(),
        socket: std::env::temp_dir().join("podfence-never-made.sock"),
        links: std::collections::BTreeMap::new(),
        closed_at_first: Vec::new(),
        flow_log: None,
        dataplane: Settings::default(),
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
