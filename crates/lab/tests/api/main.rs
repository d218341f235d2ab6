//! Agents that follow a real API server: everything that holds with manifests holds there, too.
//!
//! `scripts/cluster` builds the server from its Go modules, so these tests run only where `PODFENCE_API` is set: `PODFENCE_API=1
//! cargo test -p podfence-lab --test api`. `PODFENCE_SEED` repeats a storm, `PODFENCE_CHANGES` sets how many changes it makes.

#![allow(
    clippy::unwrap_used,
    reason = "a failed step is a failed test; without `#[test]` clippy cannot see that"
)]

#[path = "../life/change.rs"]
mod change;
mod client;
#[path = "../common/drawn.rs"]
mod drawn;
#[path = "../life/drill.rs"]
mod drill;
mod forward;
mod kubelet;
mod outage;
mod publish;
#[path = "../scenarios/run.rs"]
mod run;
mod seat;
mod server;
#[path = "../life/talk.rs"]
#[allow(dead_code, reason = "each suite uses its part of this")]
mod talk;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};
use podfence_lab::cluster::{Cluster, ClusterError, Settings};
use podfence_lab::sandbox;
use podfence_lab::setup::{Families, Links, Setup};
use podfence_testkit::sandboxed;

/// Labs at the same time: each has an API server of its own.
const AT_ONCE: usize = 2;

fn main() -> ExitCode {
    if let Some(ended) = podfence_lab::agents::become_one_if_told() {
        return ended;
    }
    if std::env::var_os("PODFENCE_API").is_none() {
        println!(
            "skipped (opt-in): PODFENCE_API=1 lets these tests build a Kubernetes API with Go and run on it"
        );
        return ExitCode::SUCCESS;
    }
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(AT_ONCE);
    let ended = sandboxed::run(&arguments, sandbox::enter(), |_| {
        let mut trials = run::trials();
        trials.push(Trial::test("a_storm_through_the_api", drill::agree));
        let outages: [(&str, fn()); 2] = [
            ("a_server_that_is_away_opens_nothing", outage::a_server_that_is_away_opens_nothing),
            ("a_wiped_database_opens_nothing", outage::a_wiped_database_opens_nothing),
        ];
        trials.extend(outages.map(|(name, test)| {
            Trial::test(name, move || {
                test();
                Ok(())
            })
        }));
        trials.extend([Links::Ptp, Links::Bridge].map(|links| {
            let name = format!("deployments_services_and_policies/{links:?}");
            Trial::test(name, move || {
                kubelet::deployments_services_and_policies(links);
                Ok(())
            })
        }));
        trials
    });
    seat::clear();
    ended
}

/// A cluster whose agents follow an API server.
fn begin(setup: Setup) -> Result<Cluster, ClusterError> {
    let v6 = setup.families == Families::Ipv6;
    Cluster::empty(setup.links, Settings::default(), |topology| seat::take(topology, v6))
}
