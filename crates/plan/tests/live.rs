//! A plan that follows events says what a fresh one would say, and its deltas lead from each plan to the next.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use podfence_engine::{Engine, Outcome};
use podfence_model::{Flow, Life, NetworkPolicy, Pod, World};
use podfence_plan::{Change, Delta, Journal, LivePlan, NodePlan};
use podfence_testkit::build::{self, Put};
use podfence_testkit::generate::{self, Rng};
use podfence_testkit::storm::{self, Edit};

mod enforced;

use enforced::Plans;

const WORLDS: u64 = 250;
const EVENTS: usize = 25;
const FLOWS: usize = 25;
/// Enough that what changed policies left behind is cleared away.
const CHANGES: usize = 6_000;

/// Tells the plan of an edit.
fn tell(live: &mut LivePlan, world: &World, edit: &Edit) -> Delta {
    live.follow(storm::change(world, edit), |_| None)
}

/// Does to a plan what a delta says, and checks that it can be done.
fn apply(plan: &mut NodePlan, delta: &Delta) {
    change(&mut plan.known, &delta.known);
    for (key, union) in &delta.unions_set {
        plan.unions.insert(key.clone(), union.clone());
    }
    for (key, members) in &delta.unions_changed {
        let union = plan.unions.get_mut(key).expect("a changed union exists");
        change(&mut union.pods, &members.pods);
        union.ranges.retain(|range| !members.ranges.removed.contains(range));
        union.ranges.extend(&members.ranges.added);
        union.ranges.sort_unstable();
    }
    for key in &delta.unions_removed {
        assert!(plan.unions.remove(key).is_some(), "{key} was not there");
    }
    for (key, program) in &delta.programs_set {
        plan.programs.insert(key.clone(), program.clone());
    }
    for key in &delta.programs_removed {
        assert!(plan.programs.remove(key).is_some(), "{key} was not there");
    }
    for (id, (before, after)) in &delta.pods_set {
        assert_eq!(plan.pods.insert(id.clone(), after.clone()), *before);
    }
    for (id, before) in &delta.pods_removed {
        assert_eq!(plan.pods.remove(id).as_ref(), Some(before));
    }
}

fn change(set: &mut BTreeSet<IpAddr>, change: &Change<IpAddr>) {
    assert!(change.removed.iter().all(|ip| set.remove(ip)), "{change:?} removes what is not there");
    assert!(change.added.iter().all(|ip| set.insert(*ip)), "{change:?} adds what is there");
}

/// A pod that is terminating leaves its address to the next, also where no peer of any policy tells the two apart.
#[test]
fn an_address_is_handed_over_between_pods_of_one_class() {
    let at = |name: &str| build::pod(name, "node-1", &["10.244.1.5"], &[("app", &name[2..])]);
    let closed = build::policy("x/deny", build::select(&[build::eq("app", "c")]), build::BOTH);
    let mut world = World::default().with(at("x/c")).with(closed);
    world.put(build::node("node-1", &["172.18.0.1"], &["10.244.1.0/24"]));
    let mut live = LivePlan::new(Engine::new(&world), "node-1", BTreeMap::new());
    let mut plan = live.plan().clone();
    let steps: [(Pod, bool); 4] = [
        (Pod { life: Life::Terminating, ..at("x/c") }, false),
        (at("x/d"), false),
        (Pod { life: Life::Terminating, ..at("x/d") }, false),
        (at("x/d"), true),
    ];
    for (pod, goes) in steps {
        let change = if goes {
            world.pods.remove(&pod.meta.id);
            podfence_model::Change::Remove(podfence_model::ObjectKey::Pod(pod.meta.id))
        } else {
            world.put(pod.clone());
            podfence_model::Change::Put(podfence_model::Object::Pod(Box::new(pod)))
        };
        apply(&mut plan, &live.follow(change, |_| None));
        let fresh = NodePlan::build(&Engine::new(&world), "node-1", &BTreeMap::new());
        assert_eq!(live.plan().pods, fresh.pods);
        assert_eq!(plan.pods, fresh.pods, "the delta leads there");
    }
}

#[test]
fn a_live_plan_says_what_a_fresh_one_would() {
    let (mut told, mut narrowed) = (0, 0);
    for seed in 0..WORLDS {
        let mut rng = Rng::with_seed(seed);
        let mut world = generate::world(seed);
        let nodes: Vec<String> = world.nodes.keys().cloned().collect();
        let mut live: Vec<LivePlan> =
            nodes.iter().map(|n| LivePlan::new(Engine::new(&world), n, BTreeMap::new())).collect();
        for _ in 0..EVENTS {
            let edit = storm::random_edit(&world, &mut rng);
            let before = Enforced::of(&world, &live, &nodes);
            storm::apply(&mut world, &edit);
            let flows = generate::flows(&world, &mut rng, FLOWS);
            let mut narrows = false;
            for plan in &mut live {
                let mut shadow = plan.plan().clone();
                let delta = tell(plan, &world, &edit);
                apply(&mut shadow, &delta);
                assert_eq!(shadow, *plan.plan(), "seed {seed}: {edit:?}");
                narrows |= delta.narrows;
            }
            told += 1;
            narrowed += usize::from(narrows);
            let after = Enforced::of(&world, &live, &nodes);
            let fresh = Engine::new(&world);
            for flow in &flows {
                let expected = fresh.answer(flow).ok().filter(|a| a.always.is_none()).map(|a| a.outcome);
                let planned = after.plans.verdict(&after.engine, flow);
                if let (Some(expected), Some(planned)) = (&expected, &planned) {
                    assert_eq!(planned, expected, "seed {seed}: {flow} after {edit:?}");
                }
                before.must_not_lose(flow, &after, narrows, seed, &edit);
            }
        }
    }
    assert!(told > 2_500 && narrowed * 10 > told && narrowed < told, "{narrowed} of {told} narrow");
}

/// Policies that change all day leave nothing behind that changes a plan, also when what they left is cleared away.
#[test]
fn a_plan_outlives_thousands_of_policies() {
    let mut rng = Rng::with_seed(7);
    let mut world = generate::world(7);
    let node = world.nodes.keys().next().expect("worlds have nodes").clone();
    let mut live = LivePlan::new(Engine::new(&world), &node, BTreeMap::new());
    let mut shadow = live.plan().clone();
    for number in 0..CHANGES {
        let policy =
            world.policies.values().nth(number % world.policies.len()).expect("worlds have policies");
        let changed =
            NetworkPolicy { meta: policy.meta.clone(), ..generate::random_policy(&world, "any", &mut rng) };
        let edit = Edit::ChangePolicy(changed);
        storm::apply(&mut world, &edit);
        apply(&mut shadow, &tell(&mut live, &world, &edit));
        assert_eq!(shadow, *live.plan(), "change {number}");
    }
    let admitted = |plan: &NodePlan| Plans([(node.clone(), plan.clone())].into());
    let fresh = Engine::new(&world);
    let plan = NodePlan::build(&fresh, &node, &BTreeMap::new());
    for flow in generate::flows(&world, &mut rng, 2_000) {
        assert_eq!(
            admitted(live.plan()).enforced(&fresh, &flow),
            admitted(&plan).enforced(&fresh, &flow),
            "{flow}"
        );
    }
}

/// The deltas of several edits, as one, lead where they lead one by one.
#[test]
fn a_journal_sums_deltas_up() {
    for seed in 0..WORLDS {
        let mut rng = Rng::with_seed(seed);
        let mut world = generate::world(seed);
        let node = world.nodes.keys().next().expect("worlds have nodes").clone();
        let mut live = LivePlan::new(Engine::new(&world), &node, BTreeMap::new());
        for _ in 0..EVENTS / 5 {
            let mut shadow = live.plan().clone();
            let (mut journal, mut narrows) = (Journal::default(), false);
            for _ in 0..rng.usize(1..9) {
                let edit = storm::random_edit(&world, &mut rng);
                storm::apply(&mut world, &edit);
                let delta = tell(&mut live, &world, &edit);
                narrows |= delta.narrows;
                journal.push(delta);
            }
            let mut sum = journal.finish(live.plan());
            assert_eq!(sum.narrows, narrows);
            // What came and went again is removed all the same: whoever keeps a ledger has nothing to remove.
            sum.unions_removed.retain(|key| shadow.unions.contains_key(key));
            sum.programs_removed.retain(|key| shadow.programs.contains_key(key));
            apply(&mut shadow, &sum);
            assert_eq!(shadow, *live.plan(), "seed {seed}");
        }
    }
}

/// What all nodes enforce at one moment.
struct Enforced {
    engine: Engine,
    plans: Plans,
}

impl Enforced {
    fn of(world: &World, live: &[LivePlan], nodes: &[String]) -> Self {
        let plans = nodes.iter().cloned().zip(live.iter().map(|l| l.plan().clone())).collect();
        Self { engine: Engine::new(world), plans: Plans(plans) }
    }

    fn must_not_lose(&self, flow: &Flow, after: &Self, narrows: bool, seed: u64, edit: &Edit) {
        let was = self.plans.enforced(&self.engine, flow);
        let is = after.plans.enforced(&after.engine, flow);
        let taken = was == Some(Outcome::Allowed) && is == Some(Outcome::Denied);
        assert!(!taken || narrows, "seed {seed}: {edit:?} takes {flow} away unsaid");
    }
}

/// What a whole world that was read anew says is told as changes, and nothing is left to tell.
#[test]
fn another_world_is_followed_by_what_is_other() {
    for seed in 0..200 {
        let first = generate::world(seed);
        let next = World { pod_ranges: first.pod_ranges.clone(), ..generate::world(seed + 1_000) };
        let mut live = LivePlan::new(Engine::new(&first), "node-1", BTreeMap::new());
        for change in live.engine().changes_to(next.clone()) {
            live.follow(change, |_| None);
        }
        assert_eq!(live.engine().changes_to(next.clone()), [], "seed {seed}");
        let fresh = Engine::new(&next);
        for flow in generate::flows(&next, &mut Rng::with_seed(seed), 40) {
            let outcome = |engine: &Engine| engine.answer(&flow).map(|answer| answer.outcome);
            assert_eq!(outcome(live.engine()), outcome(&fresh), "seed {seed}: {flow}");
        }
    }
}
