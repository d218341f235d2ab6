//! Pods by name, without a copy of their names: a cluster has many.

use std::hash::{BuildHasher, RandomState};

use hashbrown::HashTable;
use podfence_model::{NamespacedName, Pod};

use crate::ids::PodId;

/// Which pod has a name. The names themselves are in the list of pods, which every question brings along: it must be the same
/// list each time, and a pod that is entered keeps its name there until it is removed.
#[derive(Debug, Default)]
pub(crate) struct PodNames {
    /// With a key of its own for the hash: names are chosen by others.
    hasher: RandomState,
    table: HashTable<PodId>,
}

impl PodNames {
    pub(crate) fn of(pods: &[Pod]) -> Self {
        let mut names = Self { table: HashTable::with_capacity(pods.len()), ..Self::default() };
        (0..pods.len()).for_each(|index| names.enter(pods, PodId::new(index)));
        names
    }

    pub(crate) fn get(&self, pods: &[Pod], name: &NamespacedName) -> Option<PodId> {
        self.table.find(self.hasher.hash_one(name), |id| pods[id.index()].meta.id == *name).copied()
    }

    /// Enters a pod whose name is not there yet.
    pub(crate) fn enter(&mut self, pods: &[Pod], id: PodId) {
        let hash = |id: &PodId| self.hasher.hash_one(&pods[id.index()].meta.id);
        self.table.insert_unique(hash(&id), id, hash);
    }

    pub(crate) fn remove(&mut self, pods: &[Pod], name: &NamespacedName) -> Option<PodId> {
        let entry = self.table.find_entry(self.hasher.hash_one(name), |id| pods[id.index()].meta.id == *name);
        Some(entry.ok()?.remove().0)
    }

    /// All of them, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = PodId> + '_ {
        self.table.iter().copied()
    }
}
