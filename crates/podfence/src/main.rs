//! The `podfence` command, also as `kubectl podfence` and as the CNI plugin `podfence-cni`: arguments, wiring and exit codes, no logic.
//!
//! One file per verb under `verbs/`. Exit codes: see [`exit`].

mod cli;
mod exit;
mod git;
mod input;
mod output;
mod progress;
mod verbs;

use std::process::ExitCode;

use clap::FromArgMatches;

use crate::cli::{Cli, Verb};
use crate::exit::Exit;

fn main() -> ExitCode {
    if let Some(ended) = podfence_lab::agents::become_one_if_told() {
        return ended;
    }
    exit::guard(if verbs::cni::is_called() { run_plugin } else { run })
}

fn run() -> ExitCode {
    let parsed = cli::command().try_get_matches().and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => return exit::usage(&error),
    };
    let done = match cli.verb {
        Verb::Explain(arguments) => verbs::explain::run(&arguments),
        Verb::Lint(arguments) => verbs::lint::run(&arguments),
        Verb::Diff(arguments) => verbs::diff::run(&arguments),
        Verb::Test(arguments) => verbs::test::run(&arguments),
        Verb::Matrix(arguments) => verbs::matrix::run(&arguments),
        Verb::Graph(arguments) => verbs::graph::run(&arguments),
        Verb::Lab(arguments) => verbs::lab::run(&arguments),
        Verb::Learn(arguments) => verbs::learn::run(&arguments),
        Verb::Agent(arguments) => verbs::agent::run(&arguments),
        Verb::Flows(arguments) => verbs::flows::run(&arguments),
        Verb::Status(arguments) => verbs::status::run(&arguments),
        Verb::Cni(arguments) => verbs::cni::run(&arguments),
        Verb::Doctor(arguments) => verbs::doctor::run(&arguments),
        Verb::Completions(arguments) => verbs::completions::run(&arguments),
        Verb::Man(arguments) => verbs::man::run(&arguments),
    };
    end(done)
}

fn run_plugin() -> ExitCode {
    end(verbs::cni::run_plugin())
}

fn end(done: anyhow::Result<Exit>) -> ExitCode {
    let exit = done.unwrap_or_else(|error| {
        anstream::eprintln!("{}", exit::error_text(&error));
        Exit::Unusable
    });
    exit.into()
}
