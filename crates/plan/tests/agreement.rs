//! A plan admits exactly what the engine allows, and deltas say what changed and whether something was taken away.

use std::collections::BTreeMap;
use std::net::IpAddr;

use podfence_engine::{Engine, Outcome, Party};
use podfence_model::{Direction, Family, Flow, Layer4, World};
use podfence_plan::{NodePlan, diff};
use podfence_testkit::generate::{self, Rng};
use podfence_testkit::{describe, storm};

const WORLDS: u64 = 1_500;
const FLOWS: usize = 40;

/// The plans of all nodes, read as a packet meets them.
struct Plans(BTreeMap<String, NodePlan>);

impl Plans {
    fn of(world: &World, engine: &Engine) -> Self {
        let links = BTreeMap::new();
        Self(world.nodes.keys().map(|n| (n.clone(), NodePlan::build(engine, n, &links))).collect())
    }

    /// Whether the node of a pod lets it talk to `peer` in a direction.
    fn admit(
        &self,
        engine: &Engine,
        subject: &Party,
        peer: IpAddr,
        direction: Direction,
        layer4: Layer4,
    ) -> bool {
        let Some(pod) = subject.pod().map(|id| engine.pod(id)) else { return true };
        let Some(plan) = pod.node.as_ref().and_then(|node| self.0.get(node)) else { return true };
        let Some(program) = plan.pods[&pod.meta.id].program(direction) else { return true };
        let program = &plan.programs[program];
        let union = match layer4 {
            Layer4::Icmp => program.portless.as_ref(),
            Layer4::Port(protocol, port) => program.ports.get(&protocol).and_then(|rows| {
                rows.iter().find(|r| (r.first..=r.last).contains(&port.get())).map(|r| &r.union)
            }),
        };
        union.is_some_and(|union| plan.unions[union].admits(peer, &plan.known))
    }

    fn verdict(&self, engine: &Engine, flow: &Flow) -> Option<Outcome> {
        let answer = engine.answer(flow).ok().filter(|answer| answer.always.is_none())?;
        let (from, to) = (address(&answer.source)?, address(&answer.destination)?);
        let admitted = self.admit(engine, &answer.source, to, Direction::Egress, flow.layer4)
            && self.admit(engine, &answer.destination, from, Direction::Ingress, flow.layer4);
        Some(if admitted { Outcome::Allowed } else { Outcome::Denied })
    }

    /// As [`Self::verdict`], but an address of a node's pod ranges that no known pod has talks to nobody.
    fn enforced(&self, engine: &Engine, flow: &Flow) -> Option<Outcome> {
        let answer = engine.answer(flow).ok()?;
        let unknown = |party: &Party| {
            let local = |plan: &NodePlan, ip| plan.local_ranges.iter().any(|r| r.contains(ip));
            matches!(party, Party::UnknownPod(ip) if self.0.values().any(|plan| local(plan, *ip)))
        };
        let closed = unknown(&answer.source) || unknown(&answer.destination);
        if closed { Some(Outcome::Denied) } else { self.verdict(engine, flow) }
    }
}

fn address(party: &Party) -> Option<IpAddr> {
    match party.addresses() {
        [one] => Some(*one),
        _ => None,
    }
}

#[test]
fn plans_admit_what_the_engine_allows() {
    let mut compared = 0;
    for seed in 0..WORLDS {
        let world = generate::world(seed);
        let engine = Engine::new(&world);
        let plans = Plans::of(&world, &engine);
        for flow in generate::flows(&world, &mut Rng::with_seed(seed), FLOWS) {
            let Some(planned) = plans.verdict(&engine, &flow) else { continue };
            let answer = engine.answer(&flow).unwrap();
            assert_eq!(planned, answer.outcome, "seed {seed}\n{}", describe::failure(&world, &flow));
            compared += 1;
        }
    }
    assert!(compared > WORLDS * 20, "only {compared} flows compared");
}

#[test]
fn a_delta_that_takes_a_flow_away_says_so() {
    let (mut narrowed, mut kept) = (0, 0);
    for seed in 0..WORLDS {
        let mut rng = Rng::with_seed(seed);
        let mut world = generate::world(seed);
        let old_engine = Engine::new(&world);
        let old = Plans::of(&world, &old_engine);
        let flows = generate::flows(&world, &mut rng, FLOWS);
        let edit = storm::random_edit(&world, &mut rng);
        storm::apply(&mut world, &edit);
        let new_engine = Engine::new(&world);
        let new = Plans::of(&world, &new_engine);
        let narrows = old
            .0
            .iter()
            .any(|(node, before)| new.0.get(node).is_none_or(|after| diff(before, after).narrows));
        for flow in flows {
            let (was, is) = (old.enforced(&old_engine, &flow), new.enforced(&new_engine, &flow));
            let taken = was == Some(Outcome::Allowed) && is == Some(Outcome::Denied);
            assert!(!taken || narrows, "seed {seed}: {edit:?} takes {flow} away unsaid");
        }
        if narrows { narrowed += 1 } else { kept += 1 }
    }
    assert!(narrowed > 100 && kept > 100, "{narrowed} narrow, {kept} do not");
}

#[test]
fn unions_hold_disjoint_ranges_and_only_known_pods() {
    for seed in 0..WORLDS {
        let world = generate::world(seed);
        let engine = Engine::new(&world);
        for plan in Plans::of(&world, &engine).0.values() {
            for union in plan.unions.values() {
                assert!(union.pods.iter().all(|ip| plan.known.contains(ip)));
                let apart = |pair: &[podfence_engine::AddressRange]| {
                    pair[0].family != pair[1].family || pair[0].last() < pair[1].first()
                };
                assert!(union.ranges.windows(2).all(apart), "{:?}", union.ranges);
                assert!(union.ranges.iter().all(|r| Family::of(r.first()) == r.family));
            }
        }
    }
}

#[test]
fn no_change_is_no_delta() {
    for seed in 0..200 {
        let world = generate::world(seed);
        let engine = Engine::new(&world);
        for plan in Plans::of(&world, &engine).0.values() {
            assert!(diff(plan, plan).is_empty());
            let from_nothing = diff(&NodePlan::default(), plan);
            assert!(!from_nothing.narrows);
        }
    }
}
