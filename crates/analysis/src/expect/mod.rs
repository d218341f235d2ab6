//! Expectations held against a world: who must reach whom, and what policies must say to each other.
//!
//! Nothing is judged here but by the [`Matrix`](crate::matrix::Matrix) in its two readings: what is certain, and what is possible where facts are
//! missing. So `every pod to every pod` costs groups, not pods. [`Checker`] takes one expectation after the other;
//! `selection` and `ports` say what words mean, `judge` holds the readings, and each kind of claim has a file of its own.
//! [`freeze`] goes the other way, from a world to what can be expected of it.

mod breach;
mod compare;
mod connections;
mod exactly;
mod freeze;
mod host_network;
mod isolated;
mod judge;
mod pattern;
mod policies;
mod ports;
mod selection;
mod trace;

use podfence_model::{Claim, Expectation, Place, World};

pub use self::breach::{Breach, Breaches, Outcome, Side};
pub use self::freeze::{Frozen, FrozenClaim, FrozenReach, freeze};
pub use self::ports::port_words;
pub use self::trace::Trace;

use self::judge::Judge;

/// What came of an expectation.
#[derive(Debug)]
pub enum Checked {
    /// It holds, for so many connections or members; for none only where it says so: of everybody else, or that no pod has
    /// `hostNetwork`.
    Holds(usize),
    /// It does not, whatever the missing facts are.
    Fails(Breaches),
    /// Nothing contradicts it, but facts are missing.
    Undecided(Breaches),
    /// It cannot be held against this world.
    Mistaken(Vec<Mistake>),
    /// It is not for us to judge; with the reason.
    Skipped(String),
}

/// Something in an expectation that means nothing in this world.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {message}")]
pub struct Mistake {
    /// Where.
    pub place: Place,
    /// What is wrong, in one sentence.
    pub message: String,
}

impl Mistake {
    fn new(place: &Place, message: impl Into<String>) -> Self {
        Self { place: place.clone(), message: message.into() }
    }
}

type Result<T> = std::result::Result<T, Vec<Mistake>>;

/// Expectations are held against this: a world and what the engine says of it.
pub struct Checker<'w> {
    judge: Judge,
    namespace: Option<&'w str>,
}

impl<'w> Checker<'w> {
    /// Workloads must have been expanded, and the cluster DNS added, as for [`explain`](crate::explain()). Names without a namespace are looked for in
    /// `namespace`; `None` = everywhere.
    pub fn new(world: World, namespace: Option<&'w str>) -> Self {
        Self { judge: Judge::new(world), namespace }
    }

    /// Holds an expectation against the world.
    pub fn check(&self, expectation: &Expectation) -> Checked {
        let checked = match &expectation.claim {
            Claim::Connections(claim) => connections::check(self, claim, &expectation.place),
            Claim::Exactly(claim) => exactly::check(self, claim, &expectation.place),
            Claim::Equivalent { policies, to } => compare::equivalent(self, policies, to),
            Claim::Contains { policies, of } => compare::contains(self, policies, of),
            Claim::Redundant { policies } => compare::redundant(self, policies),
            Claim::Isolated { pods, directions } => isolated::check(self, pods, *directions),
            Claim::HostNetwork { pods } => host_network::check(self, pods),
            Claim::Skipped(reason) => Ok(Checked::Skipped(reason.clone())),
        };
        checked.unwrap_or_else(Checked::Mistaken)
    }
}
