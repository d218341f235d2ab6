//! How kernel tests run where they have a sandbox, and what they say where the system allows none.
//!
//! Such tests have a `main` of their own, because a process must enter its namespaces before it has a second thread. They enter
//! first thing and hand over what came of it.

use std::fmt::{Debug, Display};
use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

/// Runs the tests that `trials` makes of the sandbox. Without one it says why and skips them, except in CI
/// ([`in_ci`]), where that is a failure.
pub fn run<S: Debug, E: Display>(
    arguments: &Arguments,
    entered: Result<S, E>,
    trials: impl FnOnce(S) -> Vec<Trial>,
) -> ExitCode {
    match entered {
        Ok(entered) => {
            println!("sandbox: {entered:?}");
            libtest_mimic::run(arguments, trials(entered)).exit_code()
        }
        Err(error) if in_ci() => {
            eprintln!("kernel tests cannot run: {error}");
            ExitCode::FAILURE
        }
        Err(error) => {
            println!("kernel tests skipped: {error}");
            ExitCode::SUCCESS
        }
    }
}

/// Whether no test may skip: `CI=true`, as build servers set it.
pub fn in_ci() -> bool {
    std::env::var("CI").is_ok_and(|ci| ci == "true")
}
