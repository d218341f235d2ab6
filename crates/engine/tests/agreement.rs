//! The engine agrees with the truth table, with the naive reference on random worlds, and with what it compiles.

use podfence_engine::{Always, Engine, Outcome, TierEnd};
use podfence_model::{Flow, World};
use podfence_testkit::generate::{self, Rng};
use podfence_testkit::reference::{Decision, judge};
use podfence_testkit::shrink::shrink;
use podfence_testkit::{describe, truths};

/// Random worlds of one run. Every run has other ones: the seed is printed, and can be given.
const WORLDS: u64 = 10_000;
const FLOWS: usize = 40;

fn verdict(engine: &Engine, flow: &Flow) -> Outcome {
    engine.answer(flow).map_or_else(|error| panic!("{flow}: {error}"), |answer| answer.outcome)
}

fn expected(decision: Decision) -> Outcome {
    match decision {
        Decision::Allowed => Outcome::Allowed,
        Decision::Denied => Outcome::Denied,
    }
}

#[test]
fn every_truth_holds() {
    for truth in truths::truths() {
        let engine = Engine::new(&truth.world);
        let wanted = if truth.allowed { Outcome::Allowed } else { Outcome::Denied };
        assert_eq!(
            verdict(&engine, &truth.flow),
            wanted,
            "{}: {} ({})",
            truth.name,
            truth.question,
            truth.sentence
        );
    }
}

#[test]
fn engine_and_reference_agree_on_random_worlds() {
    let first = first_seed();
    println!("seeds {first} to {}", first + WORLDS - 1);
    for seed in first..first + WORLDS {
        let world = generate::world(seed);
        let flows = generate::flows(&world, &mut Rng::with_seed(seed), FLOWS);
        if let Some(flow) = disagreement(&world, &flows) {
            let answers = |w: &World| Engine::new(w).answer(&flow).is_ok();
            let could = answers(&world);
            let fails =
                |w: &World| answers(w) == could && disagreement(w, std::slice::from_ref(&flow)).is_some();
            let world = shrink(world, fails);
            let answer = Engine::new(&world).answer(&flow);
            panic!("seed {seed}\n{}\n{answer:#?}", describe::failure(&world, &flow));
        }
    }
}

fn disagreement(world: &World, flows: &[Flow]) -> Option<Flow> {
    let engine = Engine::new(world);
    let compiled = engine.compile(engine.pod_ids());
    let differs = |flow: &&Flow| {
        let judgement = judge(world, flow);
        let Ok(answer) = engine.answer(flow) else { return true };
        let compiled_outcome = by_classes(&engine, &compiled, flow);
        answer.outcome != expected(judgement.decision())
            || compiled_outcome.is_some_and(|outcome| outcome != answer.outcome)
            || !traces_agree(&answer, &judgement)
    };
    flows.iter().find(differs).cloned()
}

/// The verdict as programs and unions give it; `None` where they are not asked.
fn by_classes(engine: &Engine, compiled: &podfence_engine::Compiled, flow: &Flow) -> Option<Outcome> {
    use podfence_model::Direction::{Egress, Ingress};
    let answer = engine.answer(flow).ok()?;
    if answer.always.is_some() {
        return None;
    }
    if [&answer.source, &answer.destination].iter().any(|party| party.addresses().is_empty()) {
        return None; // a pod without an address is in no class yet
    }
    let ends =
        [(Egress, &answer.source, &answer.destination), (Ingress, &answer.destination, &answer.source)];
    let admitted = ends.into_iter().all(|(direction, subject, peer)| {
        let program = subject.pod().and_then(|pod| compiled.program_of(pod, direction));
        let class = engine.class_of(peer);
        program.is_none_or(|program| class.is_some_and(|class| compiled.admits(program, class, flow.layer4)))
    });
    Some(if admitted { Outcome::Allowed } else { Outcome::Denied })
}

/// The rule that the trace names is one of those that the reference finds, and it names one exactly when there
/// is one.
fn traces_agree(
    answer: &podfence_engine::Answer,
    judgement: &podfence_testkit::reference::Judgement,
) -> bool {
    answer.sides().all(|side| {
        let found = judgement.direction(side.direction).admitting();
        let exempt = answer.always.is_some();
        side.tiers.iter().all(|tier| match &tier.end {
            TierEnd::Allowed(rule) => {
                exempt || found.iter().any(|f| f.policy == rule.policy && f.index == rule.rule)
            }
            TierEnd::Denied(_) => found.is_empty(),
            TierEnd::NotSelected => tier.selecting.is_empty(),
            TierEnd::Passed(_) | TierEnd::Undecidable(_) => false,
        })
    })
}

#[test]
fn a_pod_reaches_itself_and_its_node_reaches_it_whatever_the_policies() {
    let mut seen = [0, 0];
    for seed in 0..500 {
        let world = generate::world(seed);
        let engine = Engine::new(&world);
        for flow in generate::flows(&world, &mut Rng::with_seed(seed), FLOWS) {
            let Ok(answer) = engine.answer(&flow) else { continue };
            match answer.always {
                Some(Always::Itself) => seen[0] += 1,
                Some(Always::OwnNode) => seen[1] += 1,
                None => continue,
            }
            assert_eq!(answer.outcome, Outcome::Allowed);
        }
    }
    assert!(seen.iter().all(|n| *n > 0), "{seen:?}");
}

/// `PODFENCE_SEED` to repeat a run; otherwise the process id, so that runs differ.
fn first_seed() -> u64 {
    let given = std::env::var("PODFENCE_SEED").ok().and_then(|text| text.parse().ok());
    given.unwrap_or_else(|| u64::from(std::process::id()) * WORLDS)
}
