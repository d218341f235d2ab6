//! Tests against the running kernel. Each runs on a thread of its own in a network namespace of its own, which vanishes with the
//! thread. Without root the whole program first enters a user namespace, while it still has one thread only.
//!
//! Where namespaces are forbidden the tests are ignored and the reason printed; with `CI=true` that is a failure.

#![allow(clippy::unwrap_used, reason = "a step that fails fails its test")]

mod batches;
mod connections;
mod intervals;
mod listed;
mod listing;
mod loading;
mod logging;
mod namespace;
mod rules;
mod sets;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let obstacle = namespace::enter().err();
    if let Some(obstacle) = &obstacle {
        eprintln!("kernel tests cannot run: {obstacle}");
        if in_ci() {
            return ExitCode::FAILURE;
        }
    }
    let groups = [
        ("batches", batches::TESTS),
        ("intervals", intervals::TESTS),
        ("listing", listing::TESTS),
        ("loading", loading::TESTS),
        ("logging", logging::TESTS),
        ("connections", connections::TESTS),
        ("rules", rules::TESTS),
        ("sets", sets::TESTS),
    ];
    let trials = groups.into_iter().flat_map(|(group, tests)| {
        let skip = obstacle.is_some();
        tests.iter().map(move |(name, test)| {
            Trial::test(format!("{group}::{name}"), move || namespace::run(*test)).with_ignored_flag(skip)
        })
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

/// Named test functions.
type Tests = &'static [(&'static str, fn())];

/// Where a check that cannot run is a failure.
fn in_ci() -> bool {
    std::env::var("CI").is_ok_and(|ci| ci == "true")
}
