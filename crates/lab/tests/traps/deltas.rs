//! Plan after plan leads to the same kernel state as the last plan alone; a failure changes nothing.

use std::collections::BTreeMap;

use podfence_dataplane_nft::{Dataplane, DataplaneError, Settings};
use podfence_engine::Engine;
use podfence_lab::netns::Netns;
use podfence_lab::sysctl::Role;
use podfence_model::World;
use podfence_netlink::nft::{
    BaseChain, Batch, Chain, Comment, DataType, Element, Hook, Name, Nftables, Rule, Set, Table, priority,
};
use podfence_plan::{Link, NodePlan};
use podfence_testkit::generate::{self, Rng};
use podfence_testkit::{describe, storm};

use crate::bed::Expect::{Open, Silent};
use crate::bed::{Bed, subject};
use crate::state::{State, TABLE};
use crate::stateful::{ENDS, at, bed};
use crate::verdicts::{EVERYTHING, deny, deny_all};
use podfence_testkit::build::{egress, everything, id, ingress, open, rule};

const WORLDS: u64 = 60;
const EDITS: usize = 12;

/// A namespace of its own, in which nothing is sent.
pub fn empty() -> Netns {
    Netns::new("dataplane", Role::Router).unwrap()
}

pub fn open_in(netns: &Netns) -> Dataplane {
    netns.run(|| Dataplane::open(Settings::default())).unwrap()
}

fn plan(world: &World, node: &str) -> NodePlan {
    let numbered = world.pods.keys().enumerate();
    let links: BTreeMap<_, _> =
        numbered.map(|(n, id)| (id.clone(), Link::Routed(format!("veth{n}")))).collect();
    NodePlan::build(&Engine::new(world), node, &links)
}

/// The state that this plan alone leads to.
fn fresh(plan: NodePlan) -> State {
    let netns = empty();
    open_in(&netns).enforce(plan).unwrap();
    State::of(&netns, TABLE)
}

/// Whether two states enforce the same. Programs of pods without addresses are there, but nothing leads to them.
pub fn same(is: &State, should: &State, what: &str) {
    assert_eq!(is.unused().len(), should.unused().len(), "{what}: {:?}", is.unused());
    enforce_the_same(is, should, what);
}

fn enforce_the_same(is: &State, should: &State, what: &str) {
    let (is, should) = (is.canonical(), should.canonical());
    for name in is.keys().chain(should.keys()) {
        assert_eq!(is.get(name), should.get(name), "{what}: {name}");
    }
}

pub fn deltas_lead_where_the_plan_does() {
    let mut steps = 0;
    for seed in 0..WORLDS {
        let (mut world, mut rng) = (generate::lab_sized(seed), Rng::with_seed(seed));
        let node = world.nodes.keys().next().unwrap().clone();
        let netns = empty();
        let mut dataplane = open_in(&netns);
        dataplane.enforce(plan(&world, &node)).unwrap();
        for edit in 0..EDITS {
            let edits = if edit % 4 == 3 { 5 } else { 1 };
            for _ in 0..edits {
                let edit = storm::random_edit(&world, &mut rng);
                storm::apply(&mut world, &edit);
            }
            let enforced = dataplane.enforce(plan(&world, &node));
            enforced
                .unwrap_or_else(|e| panic!("seed {seed}, edit {edit}: {e}\n{}", describe::to_yaml(&world)));
            let difference = dataplane.verify(&plan(&world, &node)).unwrap();
            assert_eq!(difference, None, "seed {seed}, edit {edit}");
            steps += 1;
        }
        let state = State::of(&netns, TABLE);
        same(&state, &fresh(plan(&world, &node)), &format!("seed {seed}"));
    }
    println!("{steps} plans after plans");
}

/// Does something to the table that we did not do.
fn meddle(bed: &Bed, meddle: impl FnOnce(&mut Batch) + Send + 'static) {
    bed.place("node-1").run(move || {
        let mut batch = Batch::new();
        meddle(&mut batch);
        Nftables::open().unwrap().commit(&batch).unwrap();
    });
}

/// The first plan that meets the meddling fails and changes nothing; the next one mends everything.
fn fails_then_heals(bed: &mut Bed, change: impl Fn(&mut Bed), what: &str) {
    let enforced = |bed: &Bed| State::of(bed.place("node-1"), TABLE);
    let before = enforced(bed);
    change(bed);
    let error = bed.apply_on("node-1").expect_err(what);
    assert!(matches!(error, DataplaneError::Commit(_)), "{what}: {error}");
    enforce_the_same(&enforced(bed), &before, what);
    bed.check(&[bed.both("a", "b", &EVERYTHING, Silent), bed.both("b", "outside", &EVERYTHING, Open)]);
    bed.apply_on("node-1").unwrap();
    same(&enforced(bed), &fresh(bed.plan("node-1")), what);
    bed.check(&[bed.both("a", "b", &EVERYTHING, Silent), bed.both("b", "outside", &EVERYTHING, Open)]);
}

pub fn a_failed_plan_changes_nothing() {
    let mut bed = bed();
    bed.enforce(&[deny("a")]);
    let known = || Set::new(Name::constant("known_pods_v4"), [DataType::Ipv4]);
    let without_c = |bed: &mut Bed| drop(bed.world.pods.remove(&id("x/c")));
    meddle(&bed, move |batch| {
        let c: std::net::IpAddr = ENDS[0][2].parse().unwrap();
        batch.delete_elements(&TABLE, &known(), [Element::new(c)]).unwrap();
    });
    fails_then_heals(&mut bed, without_c, "an element is gone");
    // Programs to come have higher numbers than those there are.
    meddle(&bed, |batch| {
        for number in 5..500 {
            batch.create_chain(&TABLE, &Chain::regular(Name::new(format!("ingress_{number}")).unwrap()));
        }
    });
    let other = |bed: &mut Bed| {
        let policy = ingress("x/more", subject("a"), vec![rule(vec![crate::bed::peer("b")], vec![])]);
        podfence_testkit::build::Put::put(&mut bed.world, policy);
    };
    fails_then_heals(&mut bed, other, "the name of a chain is taken");
}

/// Without the table nothing is enforced; the plan after the one that noticed builds it again.
pub fn a_table_that_was_deleted_is_built_again() {
    let mut bed = bed();
    bed.enforce(&[deny("a")]);
    meddle(&bed, |batch| batch.delete_table(&TABLE));
    bed.world.policies.clear();
    podfence_testkit::build::Put::put(&mut bed.world, deny_all());
    bed.apply_on("node-1").unwrap_err();
    bed.apply_on("node-1").unwrap();
    same(&State::of(bed.place("node-1"), TABLE), &fresh(bed.plan("node-1")), "built again");
    bed.check(&[bed.both("a", "b", &EVERYTHING, Silent)]);
}

fn foreign(name: &'static str) -> Table {
    Table::new(podfence_netlink::nft::Family::Inet, Name::constant(name))
}

fn make_foreign(table: &Table, batch: &mut Batch) {
    let (chain, set) = (Name::constant("input"), Set::new(Name::constant("ports"), [DataType::Port]));
    batch.create_table(table, Some(&Comment::constant("somebody else's")));
    batch.create_chain(table, &Chain::base(chain.clone(), BaseChain::filter(Hook::Input, priority::FILTER)));
    batch.create_set(table, &set).unwrap();
    batch.add_elements(table, &set, [Element::new(podfence_netlink::nft::Value::port(80))]).unwrap();
    batch.add_rule(table, &chain, &Rule::new().counter()).unwrap();
}

pub fn others_tables_stay_as_they_are() {
    let mut bed = bed();
    let other = foreign("firewall");
    meddle(&bed, {
        let other = other.clone();
        move |batch| make_foreign(&other, batch)
    });
    let rules = |bed: &Bed| {
        let mut state = State::of(bed.place("node-1"), foreign("firewall"));
        state.forget_counters();
        state
    };
    let before = rules(&bed);
    let tables = |bed: &Bed| bed.place("node-1").run(|| Nftables::open().unwrap().tables().unwrap());
    let tables_before = tables(&bed);
    bed.enforce(&[deny_all()]);
    bed.enforce(&[]);
    assert_eq!(rules(&bed), before);
    bed.dataplanes.remove("node-1").unwrap().remove().unwrap();
    assert_eq!((rules(&bed), tables(&bed)), (before, tables_before));
    // A table of our name that is not ours is left alone, and nothing is enforced beside it.
    meddle(&bed, |batch| make_foreign(&TABLE, batch));
    let ours = State::of(bed.place("node-1"), TABLE);
    assert!(matches!(bed.open("node-1"), Err(DataplaneError::ForeignTable(_))));
    assert!(matches!(bed.apply_on("node-1"), Err(DataplaneError::ForeignTable(_))));
    assert_eq!(State::of(bed.place("node-1"), TABLE), ours);
}

/// Killed and started again, without memory.
pub fn a_restart_is_not_noticed() {
    let mut bed = bed();
    let rules = [
        egress("x/out", subject("a"), vec![rule(vec![crate::bed::peer("c")], vec![])]),
        ingress("x/in", everything(), vec![open()]),
    ];
    bed.enforce(&rules);
    let connections: Vec<_> =
        ENDS.iter().map(|[_, _, c]| bed.connect("a", "c", &at(c, 9900), &at(c, 9900))).collect();
    for round in 0..3 {
        let before = State::of(bed.place("node-1"), TABLE);
        bed.dataplanes.clear();
        let opened = bed.open("node-1").unwrap();
        bed.dataplanes.insert("node-1".into(), opened);
        same(&State::of(bed.place("node-1"), TABLE), &before, "opened");
        bed.check(&[bed.both("a", "b", &EVERYTHING, Silent), bed.both("a", "c", &EVERYTHING, Open)]);
        let enforced = bed.apply_on("node-1").unwrap();
        assert!(enforced.rejudged, "what an earlier process stamped is not believed");
        same(&State::of(bed.place("node-1"), TABLE), &before, &format!("round {round}"));
        bed.check(&[bed.both("a", "b", &EVERYTHING, Silent), bed.both("a", "c", &EVERYTHING, Open)]);
        assert!(connections.iter().all(crate::speech::Connection::lives));
    }
}

/// Another priority needs other base chains.
pub fn a_restart_with_other_settings() {
    let mut bed = bed();
    bed.enforce(&[deny("a")]);
    bed.dataplanes.clear();
    bed.settings = Settings { priority: -5, mark_mask: 0x00f0_0000, log_group: 77, ..Settings::default() };
    bed.enforce(&[deny("a")]);
    let netns = bed.place("node-1").clone();
    let chains = netns.run(|| Nftables::open().unwrap().chains(&TABLE).unwrap());
    let priorities: Vec<i32> =
        chains.iter().filter_map(|info| info.chain.base).map(|base| base.priority).collect();
    assert_eq!(priorities.iter().filter(|priority| **priority == -5).count(), 2);
    assert_eq!(priorities.len(), 3);
    bed.check(&[bed.both("a", "b", &EVERYTHING, Silent), bed.both("b", "c", &EVERYTHING, Open)]);
}
