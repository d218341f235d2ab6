//! A cluster that lives: after every change engine = kernel at the quiet point, and open connections follow policy at once.
//!
//! `PODFENCE_SEED` repeats a drill; `PODFENCE_CHANGES` sets how many changes it makes. Runs as root and without; where the
//! system forbids both it says why and skips, except in CI, where that is a failure.

#![allow(
    clippy::unwrap_used,
    reason = "a failed step is a failed test; without `#[test]` clippy cannot see that"
)]

mod change;
#[path = "../common/drawn.rs"]
mod drawn;
mod drill;
mod open;
mod seats;
mod talk;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};
use podfence_lab::cluster::{Cluster, ClusterError, Settings};
use podfence_lab::sandbox;
use podfence_lab::setup::Setup;
use podfence_model::World;
use podfence_testkit::sandboxed;

/// Worlds that wait for their time-outs at the same time.
const AT_ONCE: usize = 8;

fn main() -> ExitCode {
    if let Some(ended) = podfence_lab::agents::become_one_if_told() {
        return ended;
    }
    let arguments = Arguments::from_args();
    let simple = |name: &str, test: fn()| {
        Trial::test(name, move || {
            test();
            Ok::<_, Failed>(())
        })
    };
    sandboxed::run(&arguments, sandbox::enter(), |_| {
        vec![
            Trial::test("engine_and_kernel_agree_after_every_change", drill::agree),
            simple("open_connections_follow_policy", open::open_connections_follow_policy),
            simple("a_reused_address_inherits_no_connection", seats::a_reused_address_inherits_no_connection),
            simple("a_pod_that_ends_leaves_its_address", seats::a_pod_that_ends_leaves_its_address),
            simple("what_is_not_touched_keeps_running", seats::what_is_not_touched_keeps_running),
            simple("a_new_pod_is_never_open", seats::a_new_pod_is_never_open),
            simple("udp_follows_its_service", seats::udp_follows_its_service),
        ]
    })
}

/// A cluster whose agents read manifests.
fn begin(setup: Setup) -> Result<Cluster, ClusterError> {
    Cluster::build_on(setup.links, World::default(), Settings::default())
}
