//! What changes between two worlds: who may connect to whom that could not before, and the other way round.
//!
//! [`diff()`] lays both worlds over each other (`aligned`), compares the rows of their matrices (`cells`), folds what changed
//! alike (`fold`), and puts the most dangerous first (`rank`). Which rules did it is asked of the engine, change by change:
//! [`Difference::reasons`]. It judges nothing by itself, and names nobody: [`crate::ends`] does.
//!
//! ```
//! # use podfence_analysis::diff::{Snapshot, diff};
//! # use podfence_engine::Engine;
//! # let (before, after) = (podfence_testkit::generate::world(1), podfence_testkit::generate::world(1));
//! let (old, new) = (Engine::new(&before), Engine::new(&after));
//! let difference = diff(Snapshot { world: &before, engine: &old }, Snapshot { world: &after, engine: &new });
//! assert!(difference.is_empty(), "a world does not differ from itself");
//! ```

mod aligned;
mod cells;
mod change;
mod fold;
mod hosts;
mod objects;
mod rank;
mod reasons;
pub(crate) mod samples;
mod states;

use std::collections::BTreeSet;

use podfence_engine::{Engine, PodId};
use podfence_model::World;

pub use self::change::{Change, Said, Scope, Turn};
pub use self::hosts::HostChange;
pub use self::objects::{Fate, ObjectChange};
pub(crate) use self::rank::{count, size_of_range};
pub use self::reasons::{Reason, Stance};

/// One of the two worlds, indexed.
#[derive(Debug, Clone, Copy)]
pub struct Snapshot<'w> {
    /// The objects, workloads expanded.
    pub world: &'w World,
    /// The engine of the same world.
    pub engine: &'w Engine,
}

/// What differs between two worlds.
#[derive(Debug)]
pub struct Difference<'w> {
    /// The world before.
    pub old: Snapshot<'w>,
    /// The world after.
    pub new: Snapshot<'w>,
    /// Objects that matter to connections and are in one world only, or differ.
    pub objects: Vec<ObjectChange>,
    /// Pods that come to their node's network, or leave it.
    pub hosts: Vec<HostChange>,
    /// Connections that change, most dangerous first: see `diff/rank.rs` for the order.
    pub changes: Vec<Change>,
}

impl<'w> Difference<'w> {
    /// Whether no connection changes, those of new and removed pods included, and no pod comes to or leaves its node's network.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.hosts.is_empty()
    }

    /// The changes between ends that are in both worlds, of one turn.
    pub fn turning(&self, turn: Turn) -> impl Iterator<Item = &Change> {
        self.in_scope(Scope::Existing).filter(move |change| change.turn == turn)
    }

    /// The changes of a scope.
    pub fn in_scope(&self, scope: Scope) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(move |change| change.scope == scope)
    }

    /// The world whose pods the ends of a change are: the new one, but for connections of pods that are gone.
    pub fn side(&self, scope: Scope) -> Snapshot<'w> {
        if scope == Scope::Gone { self.old } else { self.new }
    }

    /// Why a change came about: what the policies of both ends said and say of connections of it, each answer once.
    pub fn reasons(&self, change: &Change) -> Vec<Reason> {
        reasons::of(self, change)
    }
}

/// Compares two worlds. Missing facts are read both ways, so that what becomes undecidable is told apart.
///
/// Pods are the same when their names are; pods of one workload that have other names stand for each other, so that more or
/// fewer copies of a workload change nothing. Nodes count as addresses outside, as they do for policies.
pub fn diff<'w>(old: Snapshot<'w>, new: Snapshot<'w>) -> Difference<'w> {
    let objects = objects::compare(old.world, new.world);
    let hosts = hosts::compare(old.world, new.world);
    Difference { old, new, objects, hosts, changes: changes(old, new, None) }
}

/// The changes of [`diff()`] between these pods of the new world and all ends. Where policies of other pods have not changed,
/// these are all changes, at a part of the price.
pub(crate) fn changes_among<'w>(old: Snapshot<'w>, new: Snapshot<'w>, pods: &BTreeSet<PodId>) -> Vec<Change> {
    changes(old, new, Some(pods))
}

fn changes<'w>(old: Snapshot<'w>, new: Snapshot<'w>, pods: Option<&BTreeSet<PodId>>) -> Vec<Change> {
    let mut changes = fold::changes(&aligned::Aligned::new(old, new, pods));
    changes.sort_by_cached_key(rank::of);
    changes
}
