//! Whatever a kernel refuses: the others go in, what it refuses is closed, and nothing is forgotten.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use podfence_agent::{Enforcer, Kernel, Links};
use podfence_dataplane_nft::{DataplaneError, Difference, Enforced, Opening, Trace};
use podfence_engine::Engine;
use podfence_model::{Change, NamespacedName, ObjectKey, World};
use podfence_netlink::nft::Name;
use podfence_plan::{Delta, NodePlan};
use podfence_testkit::generate::{self, Rng};
use podfence_testkit::storm;

const WORLDS: u64 = 60;
const BATCHES: usize = 12;
const NODE: usize = 0;

/// What a kernel that follows plans has, and what it refuses.
#[derive(Debug, Default)]
struct Mood {
    /// Policies whose programs it does not take, unless they admit nobody.
    dislikes: BTreeSet<NamespacedName>,
    /// Addresses that no known pod may have.
    shuns: BTreeSet<IpAddr>,
    /// It takes nothing at all.
    sulks: bool,
    plan: NodePlan,
    trusted: bool,
}

/// A kernel of moods, which the test holds too.
#[derive(Debug, Default, Clone)]
struct Moody(Rc<RefCell<Mood>>);

impl Mood {
    fn refuses(&self, plan: &NodePlan) -> bool {
        let admits = |id: &NamespacedName| {
            plan.programs.values().any(|program| {
                let alone = program.policies == [id.clone()];
                alone && (program.portless.is_some() || !program.ports.is_empty())
            })
        };
        let shunned = plan.known.iter().any(|ip| self.shuns.contains(ip));
        self.sulks || shunned || self.dislikes.iter().any(admits)
    }
}

/// Whether a delta leads from a plan to another, as far as a ledger of addresses and names can tell.
fn leads_to(delta: &Delta, from: &NodePlan, to: &NodePlan) -> bool {
    let mut known = from.known.clone();
    delta.known.removed.iter().for_each(|ip| assert!(known.remove(ip)));
    known.extend(&delta.known.added);
    let mut programs = from.programs.clone();
    programs.retain(|key, _| !delta.programs_removed.contains(key));
    programs.extend(delta.programs_set.clone());
    let mut unions: BTreeSet<_> = from.unions.keys().collect();
    unions.retain(|key| !delta.unions_removed.contains(*key));
    unions.extend(delta.unions_set.keys());
    known == to.known && programs == to.programs && unions.into_iter().eq(to.unions.keys())
}

impl Kernel for Moody {
    fn apply(&mut self, delta: &Delta, plan: &NodePlan) -> Result<Enforced, DataplaneError> {
        let mut mood = self.0.borrow_mut();
        let trusted = std::mem::replace(&mut mood.trusted, false);
        if mood.refuses(plan) {
            return Err(DataplaneError::Sweep);
        }
        assert!(!trusted || leads_to(delta, &mood.plan, plan), "a delta from another plan");
        mood.plan = plan.clone();
        mood.trusted = true;
        Ok(Enforced { generation: 1, operations: 1, rejudged: delta.narrows })
    }

    fn distrust(&mut self) {
        self.0.borrow_mut().trusted = false;
    }

    fn verify(&mut self, plan: &NodePlan) -> Result<Option<Difference>, DataplaneError> {
        let mood = self.0.borrow();
        let gone = || Difference::Chain(Name::constant("forward"));
        Ok((mood.trusted && mood.plan != *plan).then(gone))
    }

    fn trace(&mut self, _: &Opening, _: &NodePlan) -> Result<Trace, DataplaneError> {
        Err(DataplaneError::Untrusted)
    }
}

/// A world, an enforcer of its first node that follows it, and the kernel's other end.
struct Bench {
    world: World,
    node: String,
    enforcer: Enforcer<Moody>,
    kernel: Moody,
}

impl Bench {
    fn new(seed: u64) -> Self {
        let world = generate::world(seed);
        let node = world.nodes.keys().nth(NODE).expect("worlds have nodes").clone();
        let kernel = Moody::default();
        let enforcer = Enforcer::begin(kernel.clone(), &world, &node, Links::default());
        Self { world, node, enforcer, kernel }
    }

    fn edit(&mut self, rng: &mut Rng) {
        let changes = (0..rng.usize(1..6)).map(|_| {
            let edit = storm::random_edit(&self.world, rng);
            storm::apply(&mut self.world, &edit);
            storm::change(&self.world, &edit)
        });
        let changes: Vec<Change> = changes.collect();
        self.enforcer.follow(changes);
    }

    /// Lets the kernel take everything, and tries again all that was refused.
    fn recover(&mut self) {
        let plan = std::mem::take(&mut self.kernel.0.borrow_mut().plan);
        *self.kernel.0.borrow_mut() = Mood { plan, ..Mood::default() };
        for _ in 0..2 {
            self.enforcer.retry(Instant::now() + Duration::from_secs(100));
        }
        assert!(self.enforcer.next_try().is_none(), "{:?}", self.enforcer.refused());
    }

    fn must_be_as_fresh(&self, what: &str) {
        let plan = self.enforcer.live().plan();
        assert_eq!(self.kernel.0.borrow().plan, *plan, "{what}: kernel and plan");
        let fresh = NodePlan::build(&Engine::new(&self.world), &self.node, &BTreeMap::new());
        assert_eq!(plan.pods, fresh.pods, "{what}");
        assert_eq!(plan.known, fresh.known, "{what}");
        let programs = |plan: &NodePlan| plan.programs.keys().cloned().collect::<Vec<_>>();
        assert_eq!(programs(plan), programs(&fresh), "{what}");
    }
}

#[test]
fn what_a_kernel_refuses_does_not_keep_others_out_and_is_not_forgotten() {
    let mut isolated = 0;
    for seed in 0..WORLDS {
        let mut rng = Rng::with_seed(seed);
        let mut bench = Bench::new(seed);
        for batch in 0..BATCHES {
            let dislikes = bench.world.policies.keys().filter(|_| rng.u32(0..4) == 0).cloned().collect();
            bench.kernel.0.borrow_mut().dislikes = dislikes;
            bench.edit(&mut rng);
            isolated += bench.enforcer.refused().len();
            if bench.enforcer.behind().is_none() {
                let enforced = &bench.kernel.0.borrow().plan;
                assert_eq!(enforced, bench.enforcer.live().plan(), "seed {seed}, batch {batch}");
            }
        }
        bench.recover();
        bench.must_be_as_fresh(&format!("seed {seed}"));
    }
    assert!(isolated > 30, "{isolated} objects refused");
}

#[test]
fn a_kernel_that_takes_nothing_keeps_what_it_has() {
    for seed in 0..20 {
        let mut rng = Rng::with_seed(seed);
        let mut bench = Bench::new(seed);
        let before = bench.kernel.0.borrow().plan.clone();
        bench.kernel.0.borrow_mut().sulks = true;
        for _ in 0..BATCHES {
            bench.edit(&mut rng);
        }
        assert!(bench.enforcer.behind().is_some(), "the agent says that it is behind");
        assert!(bench.enforcer.refused().is_empty(), "no object is at fault");
        assert_eq!(bench.kernel.0.borrow().plan, before);
        bench.recover();
        bench.must_be_as_fresh(&format!("seed {seed}"));
    }
}

#[test]
fn a_first_state_that_is_refused_begins_closed() {
    for seed in 0..WORLDS {
        let world = generate::world(seed);
        let node = world.nodes.keys().nth(NODE).expect("worlds have nodes").clone();
        let kernel = Moody::default();
        kernel.0.borrow_mut().dislikes = world.policies.keys().step_by(2).cloned().collect();
        let mut enforcer = Enforcer::begin(kernel.clone(), &world, &node, Links::default());
        assert_eq!(kernel.0.borrow().plan, *enforcer.live().plan(), "seed {seed}");
        let isolated = |plan: &NodePlan| {
            plan.pods.values().map(|pod| (pod.ingress.is_some(), pod.egress.is_some())).collect::<Vec<_>>()
        };
        let fresh = NodePlan::build(&Engine::new(&world), &node, &BTreeMap::new());
        assert_eq!(
            isolated(enforcer.live().plan()),
            isolated(&fresh),
            "seed {seed}: nobody is open who should not be"
        );
        kernel.0.borrow_mut().dislikes.clear();
        enforcer.retry(Instant::now() + Duration::from_secs(100));
        assert!(enforcer.refused().is_empty(), "seed {seed}");
    }
}

#[test]
fn the_one_at_fault_is_found_and_closed() {
    let mut bench = Bench::new(3);
    let mut rng = Rng::with_seed(3);
    let node = bench.node.clone();
    let fresh = |world: &World| NodePlan::build(&Engine::new(world), &node, &BTreeMap::new());
    // A policy that alone isolates a pod of the node and admits somebody.
    let bad = (0..10_000).find_map(|number| {
        let policy = generate::random_policy(&bench.world, &format!("bad-{number}"), &mut rng);
        let mut with = bench.world.clone();
        with.policies.insert(policy.meta.id.clone(), policy.clone());
        let mood = Mood { dislikes: [policy.meta.id.clone()].into(), ..Mood::default() };
        mood.refuses(&fresh(&with)).then_some(policy)
    });
    let bad = bad.expect("some random policy isolates a pod");
    bench.kernel.0.borrow_mut().dislikes.insert(bad.meta.id.clone());
    let others: Vec<_> =
        (0..7).map(|n| generate::random_policy(&bench.world, &format!("good-{n}"), &mut rng)).collect();
    let put = |policy: &podfence_model::NetworkPolicy| {
        Change::Put(podfence_model::Object::Policy(Box::new(policy.clone())))
    };
    let mut changes: Vec<Change> = others.iter().map(put).collect();
    changes.insert(4, put(&bad));
    bench.enforcer.follow(changes);
    let refused: Vec<&ObjectKey> = bench.enforcer.refused().keys().collect();
    assert_eq!(refused, [&ObjectKey::Policy(bad.meta.id.clone())]);
    let engine = bench.enforcer.live().engine();
    for policy in &others {
        assert!(engine.object(&ObjectKey::Policy(policy.meta.id.clone())).is_some(), "{}", policy.meta.id);
    }
    let Some(podfence_model::Object::Policy(closed)) = engine.object(&ObjectKey::Policy(bad.meta.id.clone()))
    else {
        panic!("the policy isolates its pods all the same");
    };
    assert_eq!((&closed.subject, closed.directions), (&bad.subject, bad.directions));
    assert!(closed.ingress.is_empty() && closed.egress.is_empty());
}

#[test]
fn what_somebody_else_changed_is_found_and_mended() {
    let mut bench = Bench::new(3);
    assert_eq!(bench.enforcer.check().unwrap(), None);
    bench.kernel.0.borrow_mut().plan = NodePlan::default();
    assert!(bench.enforcer.check().unwrap().is_some());
    bench.must_be_as_fresh("after it was found");
    assert_eq!(bench.enforcer.check().unwrap(), None);
    bench.kernel.0.borrow_mut().sulks = true;
    bench.enforcer.heal();
    assert!(bench.enforcer.behind().is_some());
    assert_eq!(bench.enforcer.check().unwrap(), None, "it is tried again anyway");
}

#[test]
fn a_pod_whose_link_changes_while_it_is_refused_is_not_forgotten() {
    let mut bench = Bench::new(3);
    let pod = bench.enforcer.live().plan().pods.iter().find(|(_, pod)| !pod.addresses.is_empty());
    let pod = pod.map(|(pod, _)| pod.clone()).expect("the node has a pod with an address");
    let said = bench.world.pods[&pod].clone();
    // It comes to be refused: nothing with it in is taken.
    let gone = Change::Remove(ObjectKey::Pod(pod.clone()));
    bench.enforcer.follow(vec![gone]);
    bench.kernel.0.borrow_mut().shuns.extend(said.ips());
    bench.enforcer.follow(vec![Change::Put(podfence_model::Object::Pod(Box::new(said)))]);
    assert!(bench.enforcer.refused().contains_key(&ObjectKey::Pod(pod.clone())));
    bench.enforcer.link(pod.clone(), podfence_plan::Link::Routed("veth9".into()));
    assert!(bench.enforcer.refused().contains_key(&ObjectKey::Pod(pod.clone())), "still to be tried again");
    bench.enforcer.unlink(pod);
    bench.recover();
    bench.must_be_as_fresh("after it was taken");
}
