//! A lab that keeps running, as its user sees it: `lab up`, saves, `exec`, `status`, `down`, Ctrl-C and kill -9.
//!
//! Runs as root and without; where the system forbids both it says why and skips, except in CI, where that is a failure.

#![allow(
    clippy::unwrap_used,
    reason = "a failed step is a failed test; without `#[test]` clippy cannot see that"
)]

mod lab;
mod life;
mod told;

use std::net::{TcpStream, ToSocketAddrs};
use std::process::{Command, ExitCode};
use std::time::Duration;

use libtest_mimic::{Arguments, Failed, Trial};
use podfence_testkit::sandboxed;

/// Set for a copy of this program that is run inside a pod: where it shall connect to.
pub const CONNECT: &str = "PODFENCE_TEST_CONNECT";
/// Set for a copy of this program that finds out whether there are sandboxes here.
const SANDBOX: &str = "PODFENCE_TEST_SANDBOX";

fn main() -> ExitCode {
    if let Ok(address) = std::env::var(CONNECT) {
        return connect(&address);
    }
    if std::env::var_os(SANDBOX).is_some() {
        return match podfence_lab::sandbox::enter() {
            Ok(_) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("kernel tests cannot run: {error}");
                ExitCode::FAILURE
            }
        };
    }
    let asked = Command::new(std::env::current_exe().unwrap()).env(SANDBOX, "1").status().unwrap();
    if !asked.success() {
        println!("kernel tests skipped");
        return if sandboxed::in_ci() { ExitCode::FAILURE } else { ExitCode::SUCCESS };
    }
    libtest_mimic::run(&Arguments::from_args(), trials()).exit_code()
}

fn trials() -> Vec<Trial> {
    let tests: [(&str, fn()); 13] = [
        ("ways_in_are_told_for_all_nodes_or_each", life::ways_in_are_told_for_all_nodes_or_each),
        ("a_save_is_followed_and_its_verdicts_told", life::a_save_is_followed_and_its_verdicts_told),
        ("a_broken_file_changes_nothing", life::a_broken_file_changes_nothing),
        ("commands_run_inside_pods", life::commands_run_inside_pods),
        ("one_lab_a_name", life::one_lab_a_name),
        ("nothing_is_left_after_ctrl_c_or_kill", life::nothing_is_left_after_ctrl_c_or_kill),
        ("a_step_is_chosen", life::a_step_is_chosen),
        ("who_listens_is_told", told::who_listens_is_told),
        ("ports_that_policies_name_are_told", told::ports_that_policies_name_are_told),
        ("rows_of_verdicts_are_told", told::rows_of_verdicts_are_told),
        ("a_policy_that_chooses_nobody_is_told_once", told::a_policy_that_chooses_nobody_is_told_once),
        ("new_pods_of_a_workload_are_told_as_one", told::new_pods_of_a_workload_are_told_as_one),
        ("the_folder_of_a_step_is_kept_to", told::the_folder_of_a_step_is_kept_to),
    ];
    let trial = |(name, test): (&str, fn())| {
        Trial::test(name, move || {
            test();
            Ok::<_, Failed>(())
        })
    };
    tests.into_iter().map(trial).collect()
}

/// Looks the name up as every program does, and connects: 0 open, 1 not, 3 no such name.
fn connect(address: &str) -> ExitCode {
    let Some(address) = address.to_socket_addrs().ok().and_then(|mut found| found.next()) else {
        return ExitCode::from(3);
    };
    match TcpStream::connect_timeout(&address, Duration::from_millis(900)) {
        Ok(_) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(1),
    }
}
