//! Tests against the running kernel. Each runs on a thread of its own in a network namespace of its own, which vanishes with the
//! thread. Without root the whole program first enters a user namespace, while it still has one thread only.
//!
//! Where namespaces are forbidden the tests are skipped and the reason printed; with `CI=true` that is a failure.

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
use podfence_testkit::sandboxed;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
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
        tests
            .iter()
            .map(move |(name, test)| Trial::test(format!("{group}::{name}"), move || namespace::run(*test)))
    });
    sandboxed::run(&arguments, namespace::enter(), |()| trials.collect())
}

/// Named test functions.
type Tests = &'static [(&'static str, fn())];
