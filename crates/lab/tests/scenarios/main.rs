//! Every folder of `examples/` on the real kernel, with both kinds of links and in every choice of families: in each step engine =
//! kernel on everything, and all rows of its `verdicts.md` hold in both. As in `lab run`, each step is an edit of the one before.
//!
//! A new folder is found by itself. Runs as root and without; where the system forbids both it says why and skips, except in
//! CI, where that is a failure.

mod run;

use std::process::ExitCode;

use libtest_mimic::Arguments;
use podfence_lab::cluster::{Cluster, ClusterError, Settings};
use podfence_lab::sandbox;
use podfence_lab::setup::Setup;
use podfence_model::World;
use podfence_testkit::sandboxed;

/// Scenarios that run at the same time: they mostly wait for time-outs.
const AT_ONCE: usize = 20;

fn main() -> ExitCode {
    if let Some(ended) = podfence_lab::agents::become_one_if_told() {
        return ended;
    }
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(AT_ONCE);
    sandboxed::run(&arguments, sandbox::enter(), |_| run::trials())
}

/// A cluster whose agents read manifests.
fn begin(setup: Setup) -> Result<Cluster, ClusterError> {
    Cluster::build_on(setup.links, World::default(), Settings::default())
}
