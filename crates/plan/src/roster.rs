//! The objects of a plan by the compiler's numbers, and how many others use each.
//!
//! What nobody uses any more leaves the plan; counting says so without a look at all users.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Programs or unions, numbered by `Id`.
#[derive(Debug)]
pub(crate) struct Roster<Id> {
    keys: BTreeMap<Id, Arc<str>>,
    uses: HashMap<Arc<str>, (Id, usize)>,
}

impl<Id> Default for Roster<Id> {
    fn default() -> Self {
        Self { keys: BTreeMap::new(), uses: HashMap::new() }
    }
}

impl<Id: Copy + Ord> Roster<Id> {
    /// The key of an object, if it is in the plan.
    pub(crate) fn key(&self, id: Id) -> Option<&Arc<str>> {
        self.keys.get(&id)
    }

    /// Enters an object that nobody uses yet, or gives one that is there, with its users, another number.
    pub(crate) fn enter(&mut self, id: Id, key: &Arc<str>) {
        self.keys.insert(id, key.clone());
        let (number, _) = self.uses.entry(key.clone()).or_insert((id, 0));
        let before = std::mem::replace(number, id);
        if before != id {
            self.keys.remove(&before);
        }
    }

    /// One user more.
    pub(crate) fn take(&mut self, key: &Arc<str>) {
        if let Some((_, uses)) = self.uses.get_mut(key) {
            *uses += 1;
        }
    }

    /// One user less.
    pub(crate) fn release(&mut self, key: &Arc<str>) {
        if let Some((_, uses)) = self.uses.get_mut(key) {
            *uses = uses.saturating_sub(1);
        }
    }

    /// Takes an object out if nobody uses it; whether it did.
    pub(crate) fn forget_unused(&mut self, key: &Arc<str>) -> bool {
        let Some(&(id, 0)) = self.uses.get(key) else { return false };
        self.uses.remove(key);
        self.keys.remove(&id);
        true
    }
}
