//! Drills for the node's agent: it is killed, stopped and started, its tables are edited by somebody else, and a second one is
//! started by mistake; all under traffic that policy allows and traffic that it refuses.
//!
//! `PODFENCE_KILLS` and `PODFENCE_STOPS` say how often. Runs as root and without; where the system forbids both it says why
//! and skips, except in CI, where that is a failure. Results are in `docs/reliability.md`.

#![allow(
    clippy::unwrap_used,
    reason = "a failed step is a failed test; without `#[test]` clippy cannot see that"
)]

mod crash;
mod meddling;
mod refusals;
#[path = "../life/talk.rs"]
#[allow(dead_code, reason = "each suite uses its part of this")]
mod talk;
mod traffic;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};
use podfence_lab::sandbox;
use podfence_testkit::sandboxed;

fn main() -> ExitCode {
    if let Some(ended) = podfence_lab::agents::become_one_if_told() {
        return ended;
    }
    let tests: [(&str, fn()); 5] = [
        ("killed_under_traffic", crash::killed_under_traffic),
        ("stopped_under_traffic", crash::stopped_under_traffic),
        ("what_others_change_is_noticed_and_mended", meddling::what_others_change_is_noticed_and_mended),
        ("refusals_are_told_with_their_policies", refusals::refusals_are_told_with_their_policies),
        ("a_second_agent_does_not_start", meddling::a_second_agent_does_not_start),
    ];
    sandboxed::run(&Arguments::from_args(), sandbox::enter(), |_| {
        let trial = |(name, test): (&str, fn())| {
            Trial::test(name, move || {
                test();
                Ok::<_, Failed>(())
            })
        };
        tests.map(trial).into()
    })
}
