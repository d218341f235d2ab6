//! Random worlds and flows, small enough to read and dense enough to matter: labels, ports and blocks come
//! from tiny alphabets, so that selectors hit, blocks nest and rules overlap.
//!
//! The same seed gives the same world, always. Worlds are complete: every address and label is known. Whether
//! they are any good is measured by [`crate::features`].
//!
//! Start with [`world`], [`lab_sized`] and [`flows`].

pub mod addresses;
mod blocks;
pub(crate) mod draw;
mod flows;
mod lab;
mod objects;
mod policies;
mod ports;
mod services;

use std::ops::RangeInclusive;

pub use fastrand::Rng;
use podfence_model::{NetworkPolicy, World};

pub use flows::{all_interesting_flows, flows, interesting_ports};
pub use lab::{LabProbe, UNSERVED_PORT, lab_probes};
pub use services::{add_services, put_service};

use crate::build::Put;

pub(crate) use draw::Draw;
pub(crate) use objects::{free_addresses, namespace_labels, new_pod, pod_labels};

/// How large and how odd the worlds are.
#[derive(Debug, Clone)]
pub struct Profile {
    nodes: RangeInclusive<usize>,
    namespaces: RangeInclusive<usize>,
    pods: RangeInclusive<usize>,
    policies: RangeInclusive<usize>,
    /// Per cent of pods that are `hostNetwork`.
    host_network: u32,
    /// Per cent of pods that are terminating, finished or without an address yet, each.
    odd_life: u32,
    /// Per cent of worlds with odd things about addresses: a bridge address on nodes, a finished pod
    /// whose address another pod has, cluster-wide pod ranges.
    odd_addresses: u32,
}

impl Profile {
    /// For the engine: everything that the model can hold.
    pub const WIDE: Self = Self {
        nodes: 1..=3,
        namespaces: 1..=4,
        pods: 3..=12,
        policies: 0..=8,
        host_network: 8,
        odd_life: 4,
        odd_addresses: 30,
    };

    /// For the lab: every pod runs, has an address of its own and serves few ports.
    pub const LAB: Self = Self {
        nodes: 1..=3,
        namespaces: 1..=3,
        pods: 3..=8,
        policies: 1..=6,
        host_network: 5,
        odd_life: 0,
        odd_addresses: 0,
    };
}

/// A random world of everything.
pub fn world(seed: u64) -> World {
    world_of(&Profile::WIDE, &mut Rng::with_seed(seed))
}

/// A random world that can be built of network namespaces.
pub fn lab_sized(seed: u64) -> World {
    world_of(&Profile::LAB, &mut Rng::with_seed(seed))
}

/// A random world of a profile.
pub fn world_of(profile: &Profile, rng: &mut Rng) -> World {
    let mut world = World::default();
    objects::add_nodes(&mut world, profile, rng);
    objects::add_namespaces(&mut world, profile, rng);
    objects::add_pods(&mut world, profile, rng);
    // The larger of two draws: worlds with few policies say little.
    let policies = rng.usize(profile.policies.clone()).max(rng.usize(profile.policies.clone()));
    for index in 0..policies {
        let policy = random_policy(&world, &format!("policy-{index}"), rng);
        world.put(policy);
    }
    world
}

/// A random policy in one of the world's namespaces.
pub fn random_policy(world: &World, name: &str, rng: &mut Rng) -> NetworkPolicy {
    policies::random_policy(world, name, rng)
}
