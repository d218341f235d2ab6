//! Every metric there is. Names get `podfence_` before them, the unit behind them, and counters `_total`.

use super::{Latency, Sample};
use crate::status::Done;

/// What a metric is, and where its value comes from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    /// What is so now.
    Gauge(fn(&Sample) -> u64),
    /// Seconds of what is so now.
    Seconds(fn(&Sample) -> f64),
    /// What was counted since the start.
    Counter(fn(&Done) -> u64),
    /// The latency of changes.
    Latency(fn(&Sample) -> &Latency),
    /// Refused packets by reason and namespace.
    Refusals,
    /// Version and node.
    Build,
    /// Memory of the process, in bytes.
    Memory,
}

/// A metric.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    pub(super) name: &'static str,
    /// What it is, in a sentence without a full stop.
    pub about: &'static str,
    pub(super) shape: Shape,
}

impl Metric {
    /// Its name as it is served.
    pub fn name(&self) -> String {
        let behind = match self.shape {
            Shape::Gauge(_) => "",
            Shape::Seconds(_) | Shape::Latency(_) => "_seconds",
            Shape::Counter(_) | Shape::Refusals => "_total",
            Shape::Build => "_info",
            Shape::Memory => "_bytes",
        };
        format!("podfence_{}{behind}", self.name)
    }

    const fn gauge(name: &'static str, about: &'static str, value: fn(&Sample) -> u64) -> Self {
        Self { name, about, shape: Shape::Gauge(value) }
    }

    const fn counter(name: &'static str, about: &'static str, value: fn(&Done) -> u64) -> Self {
        Self { name, about, shape: Shape::Counter(value) }
    }

    const fn of(name: &'static str, about: &'static str, shape: Shape) -> Self {
        Self { name, about, shape }
    }
}

/// What this node tells of itself.
pub const NODE: &[Metric] = &[
    Metric::of("build", "Version of the agent and name of its node, as labels", Shape::Build),
    Metric::of(
        "start_time",
        "When the agent started, since 1970",
        Shape::Seconds(|sample| seconds(sample.status.since)),
    ),
    Metric::gauge("ready", "Whether the kernel is at what the objects say: 1 or 0, as /readyz", |sample| {
        sample.status.ready.into()
    }),
    Metric::of(
        "lag",
        "How long the oldest change waits that is not enforced yet",
        Shape::Seconds(|sample| sample.lag.as_secs_f64()),
    ),
    Metric::of(
        "as_of_time",
        "When the state in force was made, since 1970; 0 before the first one",
        Shape::Seconds(|sample| seconds(sample.status.as_of.unwrap_or_default())),
    ),
    Metric::of(
        "checked_time",
        "When the kernel was last read back and compared with the plan, since 1970; 0 if never",
        Shape::Seconds(|sample| seconds(sample.status.checked.unwrap_or_default())),
    ),
    Metric::gauge(
        "unreadable",
        "Whether the objects cannot be read, so that what they said last is in force",
        |sample| sample.status.unreadable.is_some().into(),
    ),
    Metric::gauge(
        "deaf",
        "Listeners to the kernel that hear nothing now: transactions of others, refused packets, links and what else says where pods are",
        |sample| number(sample.status.deaf.len()),
    ),
    Metric::gauge(
        "refused_objects",
        "Objects that are enforced closed, because the kernel refuses them or they are not understood",
        |sample| number(sample.status.refused.len()),
    ),
    Metric::gauge("local_pods", "Pods of this node that policies can see", |sample| {
        number(sample.status.plan.pods)
    }),
    Metric::gauge(
        "linked_pods",
        "Those of them whose link is known, so that their source addresses are checked",
        |sample| number(sample.status.plan.linked),
    ),
    Metric::gauge("local_policies", "Policies that isolate pods of this node", |sample| {
        number(sample.policies)
    }),
    Metric::gauge("programs", "Programs in force", |sample| number(sample.status.plan.programs)),
    Metric::gauge("unions", "Unions of peers in force", |sample| number(sample.status.plan.unions)),
    Metric::gauge("elements", "Elements in the sets of peers and of known pods", |sample| {
        number(sample.elements)
    }),
    Metric::gauge("known_addresses", "Addresses of known pods, of all nodes", |sample| {
        number(sample.status.plan.known)
    }),
    Metric::counter("transactions", "Transactions that switched what is enforced", |done| done.switches),
    Metric::counter("transaction_errors", "Transactions that the kernel refused", |done| done.errors),
    Metric::counter("rejudgements", "Switches after which open connections were judged again", |done| {
        done.rejudged
    }),
    Metric::counter("drifts", "Times that our tables were not as they should be, and were mended", |done| {
        done.drifts
    }),
    Metric::counter("checks", "Times that the kernel was read back and compared with the plan", |done| {
        done.checks
    }),
    Metric::counter("check_errors", "Times that the kernel could not be read back", |done| done.unchecked),
    Metric::of(
        "refused_packets",
        "Packets refused, by reason (egress and ingress are policies) and the namespace of the pod that refused; \
         of 64 namespaces, the rest is other",
        Shape::Refusals,
    ),
    Metric::counter("untold_packets", "Refused packets that are in no flow record", |done| done.untold),
    Metric::of(
        "programming_latency",
        "From the moment a change is heard of to the kernel's acknowledgement",
        Shape::Latency(|sample| &sample.latency),
    ),
    Metric::of(
        "programming_age",
        "From the moment a change was written, by the object's own account (to the second), to the kernel's acknowledgement",
        Shape::Latency(|sample| &sample.age),
    ),
    Metric::of("resident_memory", "Memory of the agent's process", Shape::Memory),
];

/// What is the same on all nodes: scrape one of them.
pub const CLUSTER: &[Metric] = &[
    Metric::gauge("cluster_pods", "Pods known in the cluster", |sample| number(sample.census.pods)),
    Metric::gauge("cluster_policies", "Policies known in the cluster", |sample| {
        number(sample.census.policies)
    }),
    Metric::gauge("cluster_namespaces", "Namespaces known in the cluster", |sample| {
        number(sample.census.namespaces)
    }),
    Metric::gauge("cluster_nodes", "Nodes known in the cluster", |sample| number(sample.census.nodes)),
];

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

#[expect(clippy::cast_precision_loss, reason = "exact for 285 million years")]
fn seconds(since: u64) -> f64 {
    since as f64
}
