//! Changes that wait to be enforced: of each object only the last, and the most urgent first.

use std::collections::HashMap;

use podfence_model::{Change, Object, ObjectKey};

/// Changes in one transaction, at most. More are enforced one lot after the other, which keeps each short.
const LOT: usize = 4_096;

/// Changes that wait.
#[derive(Debug, Default)]
pub struct Pending {
    last: HashMap<ObjectKey, (u64, Change)>,
    counter: u64,
}

impl Pending {
    /// Adds a change; an older one of the same object is forgotten.
    pub fn push(&mut self, change: Change) {
        self.counter += 1;
        self.last.insert(change.key(), (self.counter, change));
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.last.is_empty()
    }

    /// Whether an object is to go.
    pub fn removes(&self, key: &ObjectKey) -> bool {
        self.last.get(key).is_some_and(|(_, change)| matches!(change, Change::Remove(_)))
    }

    /// Whether a pod of this node comes, or changes.
    pub fn puts_pod_on(&self, node: &str) -> bool {
        let is_there = |change: &Change| match change {
            Change::Put(Object::Pod(pod)) => pod.node.as_deref() == Some(node),
            _ => false,
        };
        self.last.values().any(|(_, change)| is_there(change))
    }

    /// The next lot: what takes something away first, otherwise in the order of arrival.
    pub fn take_lot(&mut self) -> Vec<Change> {
        let mut all: Vec<(u64, Change)> = self.last.drain().map(|(_, waiting)| waiting).collect();
        all.sort_unstable_by_key(|(number, change)| (rank(change), *number));
        let rest = all.split_off(all.len().min(LOT));
        self.last.extend(rest.into_iter().map(|(number, change)| (change.key(), (number, change))));
        all.into_iter().map(|(_, change)| change).collect()
    }
}

/// How urgent a change is, lower first: nodes before the pods on them, what isolates before what permits.
fn rank(change: &Change) -> u8 {
    match change {
        Change::Put(Object::Node(_) | Object::Namespace(_)) => 0,
        Change::Put(Object::Policy(_)) | Change::Remove(ObjectKey::Pod(_)) => 1,
        Change::Put(Object::Pod(_)) | Change::Remove(ObjectKey::Namespace(_)) => 2,
        Change::Remove(ObjectKey::Policy(_) | ObjectKey::Node(_)) => 3,
        Change::Put(Object::Service(_)) | Change::Remove(ObjectKey::Service(_)) => 4,
    }
}

#[cfg(test)]
mod tests {
    use podfence_model::{Namespace, NamespacedName};

    use super::*;

    fn remove(key: ObjectKey) -> Change {
        Change::Remove(key)
    }

    #[test]
    fn the_last_word_about_an_object_counts_and_what_closes_goes_first() {
        let (policy, pod) = (NamespacedName::new("a", "p"), NamespacedName::new("a", "web"));
        let mut pending = Pending::default();
        pending.push(remove(ObjectKey::Policy(policy.clone())));
        pending.push(Change::Put(Object::Namespace(Namespace::implied("a"))));
        pending.push(remove(ObjectKey::Namespace("a".into())));
        pending.push(remove(ObjectKey::Pod(pod.clone())));
        let expected = [ObjectKey::Pod(pod), ObjectKey::Namespace("a".into()), ObjectKey::Policy(policy)];
        assert_eq!(pending.take_lot(), expected.map(remove));
        assert!(pending.is_empty());
    }
}
