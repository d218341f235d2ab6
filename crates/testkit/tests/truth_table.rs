//! The reference evaluator satisfies the truth table.

use podfence_testkit::reference::{Decision, judge};
use podfence_testkit::truths::{Truth, truths};

fn is_satisfied(truth: &Truth) -> bool {
    let judgement = judge(&truth.world, &truth.flow);
    let satisfied = (judgement.decision() == Decision::Allowed) == truth.allowed;
    if !satisfied {
        println!("{}: {}\n  {}\n  {judgement:?}", truth.name, truth.sentence, truth.question);
    }
    satisfied
}

#[test]
fn the_reference_satisfies_every_truth() {
    let truths = truths();
    let wrong = truths.iter().filter(|truth| !is_satisfied(truth)).count();
    assert_eq!(wrong, 0, "of {} truths", truths.len());
}

#[test]
fn the_table_is_long_and_has_both_verdicts() {
    let truths = truths();
    let allowed = truths.iter().filter(|truth| truth.allowed).count();
    println!("{} truths, {allowed} of them allowed", truths.len());
    assert!(allowed >= 60 && truths.len() - allowed >= 60);
}
