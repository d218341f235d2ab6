//! A plan admits exactly what the engine allows, and deltas say what changed and whether something was taken away.

use podfence_engine::{Engine, Outcome};
use podfence_model::Family;
use podfence_plan::{NodePlan, diff};

use podfence_testkit::generate::{self, Rng};
use podfence_testkit::{describe, storm};

mod enforced;

use enforced::Plans;

const WORLDS: u64 = 1_500;
/// Worlds more in which two pods may change at once, so that a union gains and loses members in one delta.
const EXCHANGES: u64 = 1_000;
const FLOWS: usize = 40;

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
    for seed in 0..WORLDS + EXCHANGES {
        let mut rng = Rng::with_seed(seed);
        let mut world = generate::world(seed);
        let old_engine = Engine::new(&world);
        let old = Plans::of(&world, &old_engine);
        let flows = generate::flows(&world, &mut rng, FLOWS);
        let edits = if seed < WORLDS {
            vec![storm::random_edit(&world, &mut rng)]
        } else {
            storm::random_edits(&world, &mut rng)
        };
        storm::apply_all(&mut world, &edits);
        let new_engine = Engine::new(&world);
        let new = Plans::of(&world, &new_engine);
        let narrows = old
            .0
            .iter()
            .any(|(node, before)| new.0.get(node).is_none_or(|after| diff(before, after).narrows));
        for flow in flows {
            let (was, is) = (old.enforced(&old_engine, &flow), new.enforced(&new_engine, &flow));
            let taken = was == Some(Outcome::Allowed) && is == Some(Outcome::Denied);
            assert!(!taken || narrows, "seed {seed}: {edits:?} takes {flow} away unsaid");
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
