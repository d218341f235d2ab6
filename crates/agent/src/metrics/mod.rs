//! What the agent counts, and how it is told to those who scrape it.
//!
//! The loop counts while it works (`latency`, `refusals`) and answers with a [`Sample`], a few numbers, when it is asked; everything
//! else happens in the thread of whoever asked. Which metrics there are is one table, [`NODE`] and [`CLUSTER`] in `table`, by which
//! both the text and the test of the documentation go.

mod latency;
mod refusals;
mod table;
mod text;

use std::time::Duration;

use podfence_engine::Census;
use podfence_plan::NodePlan;

pub use self::latency::Latency;
pub use self::refusals::Refusals;
pub use self::table::{CLUSTER, Metric, NODE};
pub use self::text::write;
use crate::status::Status;

/// Everything that is told, at one moment.
#[derive(Debug, Clone)]
pub struct Sample {
    /// How things stand.
    pub status: Status,
    /// Objects of the cluster.
    pub census: Census,
    /// Policies that isolate pods of this node.
    pub policies: usize,
    /// Elements in the sets of peers and of known pods.
    pub elements: usize,
    /// How long the oldest change waits that is not enforced; nothing when none does.
    pub lag: Duration,
    /// From the moment a change is heard of to the kernel's acknowledgement.
    pub latency: Latency,
    /// From the moment a change was written, by its own account, to the kernel's acknowledgement.
    pub age: Latency,
    /// Refused packets.
    pub refusals: Refusals,
}

/// Policies that isolate pods of a plan's node.
pub fn policies_of(plan: &NodePlan) -> usize {
    let all = plan.programs.values().flat_map(|program| &program.policies);
    all.collect::<std::collections::BTreeSet<_>>().len()
}

/// Elements in the sets of peers and of known pods of a plan.
pub fn elements_of(plan: &NodePlan) -> usize {
    let of_unions: usize = plan.unions.values().map(|union| union.pods.len() + union.ranges.len()).sum();
    of_unions + plan.known.len()
}
