//! Policies that choose no pod: usually one that landed in another namespace, or a label with a slip.

use podfence_model::{Life, NetworkPolicy, World};

/// A policy whose subject is empty today.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Idle<'a> {
    /// The policy.
    pub policy: &'a NetworkPolicy,
    /// Why it chooses nobody.
    pub why: WhyIdle,
}

/// Why a policy chooses nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhyIdle {
    /// Its namespace has no pods.
    NoPods,
    /// No pod of its namespace matches its `podSelector`.
    NoMatch,
}

/// The policies that choose no pod of the world, whose workloads must have been expanded, in the order of their names.
/// Finished pods count as none. Where an object of an unknown kind may make pods, nobody can say.
pub fn idle_policies(world: &World) -> impl Iterator<Item = Idle<'_>> {
    world.policies.values().filter_map(|policy| Some(Idle { policy, why: why_idle(world, policy)? }))
}

fn why_idle(world: &World, policy: &NetworkPolicy) -> Option<WhyIdle> {
    let home = &policy.meta.id.namespace;
    if world.unknown.iter().any(|object| object.id.namespace == *home) {
        return None;
    }
    let mut here =
        world.pods.values().filter(|pod| pod.meta.id.namespace == *home && pod.life != Life::Finished);
    let Some(first) = here.next() else { return Some(WhyIdle::NoPods) };
    let chosen = std::iter::once(first).chain(here).any(|pod| policy.subject.matches(&pod.meta.labels));
    (!chosen).then_some(WhyIdle::NoMatch)
}
