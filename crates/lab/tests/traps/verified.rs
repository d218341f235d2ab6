//! Whatever somebody changes in our tables, reading them back finds it; and it finds nothing where nothing was changed, which
//! `live` and `deltas` hold after every event.

use podfence_dataplane_nft::{Dataplane, Difference};
use podfence_engine::Engine;
use podfence_lab::netns::Netns;
use podfence_netlink::nft::{Batch, Chain, DataType, Element, Family, Name, Nftables, Rule, Set, Table};
use podfence_plan::{Delta, Link, LivePlan};
use podfence_testkit::generate;

use crate::deltas::{empty, open_in};
use crate::state::TABLE;

const WORLDS: u64 = 1;
const BRIDGE: Table = Table::new(Family::Bridge, Name::constant("podfence"));
const STRANGER: Name = Name::constant("stranger");

struct Kept {
    netns: Netns,
    live: LivePlan,
    dataplane: Dataplane,
    harms: usize,
}

impl Kept {
    fn new(seed: u64) -> Self {
        let world = generate::lab_sized(seed);
        let links = world.pods.keys().enumerate().map(|(number, id)| {
            let port = format!("veth{number}");
            let bridged = Link::Bridged { bridge: "cni0".into(), port: port.clone() };
            (id.clone(), if number % 2 == 0 { bridged } else { Link::Routed(port) })
        });
        let node = world.nodes.keys().next().unwrap();
        let live = LivePlan::new(Engine::new(&world), node, links.collect());
        let netns = empty();
        let mut dataplane = open_in(&netns);
        dataplane.apply(&Delta::default(), live.plan()).unwrap();
        assert_eq!(dataplane.verify(live.plan()).unwrap(), None);
        Self { netns, live, dataplane, harms: 0 }
    }

    fn nft(&self) -> Nftables {
        self.netns.run(|| Nftables::open().unwrap())
    }

    /// Somebody changes something: it is found, and mended by the next whole plan.
    fn harm(&mut self, harm: impl FnOnce(&mut Batch), expected: &Difference) {
        let mut batch = Batch::new();
        harm(&mut batch);
        self.nft().commit(&batch).unwrap_or_else(|error| panic!("{expected:?}: {error}"));
        let found = self.dataplane.verify(self.live.plan()).unwrap();
        assert_eq!(found.as_ref(), Some(expected));
        self.dataplane.distrust();
        assert_eq!(self.dataplane.verify(self.live.plan()).unwrap(), None, "nothing to compare with");
        self.dataplane.apply(&Delta::default(), self.live.plan()).unwrap();
        assert_eq!(self.dataplane.verify(self.live.plan()).unwrap(), None, "after {expected:?}");
        self.harms += 1;
    }

    /// Does it to each set or chain there is. A whole plan gives other names, so each is found by its number in the list.
    fn each<T>(&mut self, list: impl Fn(&mut Nftables) -> Vec<T>, mut harm: impl FnMut(&mut Self, T)) {
        let number = list(&mut self.nft()).len();
        for index in 0..number {
            if let Some(one) = list(&mut self.nft()).into_iter().nth(index) {
                harm(self, one);
            }
        }
    }

    fn harm_sets(&mut self, table: &Table) {
        let sets = |nft: &mut Nftables| -> Vec<Set> {
            nft.sets(table).unwrap().into_iter().map(|info| info.set).collect()
        };
        self.each(sets, |kept, set| {
            let elements = kept.nft().elements(table, &set).unwrap();
            if let Some(first) = elements.first() {
                let difference = Difference::Elements(set.name.clone());
                kept.harm(|batch| batch.delete_elements(table, &set, [first.clone()]).unwrap(), &difference);
            }
        });
    }

    fn harm_rules(&mut self, table: &Table) {
        let rules = |nft: &mut Nftables| nft.rules(table, None).unwrap();
        self.each(rules, |kept, rule| {
            let difference = Difference::Rules(rule.chain.clone());
            kept.harm(|batch| batch.delete_rule(table, &rule.chain, rule.handle), &difference);
        });
        let chains = |nft: &mut Nftables| nft.chains(table).unwrap();
        self.each(chains, |kept, info| {
            let chain = info.chain.name;
            let difference = Difference::Rules(chain.clone());
            kept.harm(|batch| batch.add_rule(table, &chain, &Rule::new().accept()).unwrap(), &difference);
        });
    }

    fn harm_table(&mut self, table: &Table) {
        let stranger = Set::new(STRANGER, [DataType::Port]);
        let set = Difference::Set(STRANGER);
        self.harm(|batch| batch.create_set(table, &stranger).unwrap(), &set);
        let chain = Difference::Chain(STRANGER);
        self.harm(|batch| batch.create_chain(table, &Chain::regular(STRANGER)), &chain);
        let gone = Difference::Table(table.clone());
        self.harm(|batch| batch.suspend_table(table), &gone);
        self.harm(|batch| batch.delete_table(table), &gone);
    }
}

pub fn whatever_is_changed_is_found() {
    let mut harms = 0;
    for seed in 0..WORLDS {
        let mut kept = Kept::new(seed);
        for table in [TABLE, BRIDGE] {
            if kept.nft().table(&table).unwrap().is_some() {
                kept.harm_sets(&table);
                kept.harm_rules(&table);
                kept.harm_table(&table);
            }
        }
        harms += kept.harms;
    }
    println!("{harms} changes found and mended");
}

/// An address more, or another one, in the set of all known pods, which is compared as it is read.
pub fn a_known_address_is_not_like_another() {
    let mut kept = Kept::new(1);
    let known = |nft: &mut Nftables| {
        let sets = nft.sets(&TABLE).unwrap().into_iter().map(|info| info.set);
        sets.filter(|set| set.name.as_str().starts_with("known_pods_v4")).collect()
    };
    let stranger = Element::new(std::net::Ipv4Addr::new(203, 0, 113, 9));
    kept.each(known, |kept, set: Set| {
        let difference = Difference::Elements(set.name.clone());
        kept.harm(|batch| batch.add_elements(&TABLE, &set, [stranger.clone()]).unwrap(), &difference);
    });
    kept.each(known, |kept, set: Set| {
        let first = kept.nft().elements(&TABLE, &set).unwrap().remove(0);
        let difference = Difference::Elements(set.name.clone());
        let swap = |batch: &mut Batch| {
            batch.delete_elements(&TABLE, &set, [first]).unwrap();
            batch.add_elements(&TABLE, &set, [stranger.clone()]).unwrap();
        };
        kept.harm(swap, &difference);
    });
}
