//! From what the engine was told to a whole world that somebody has read: what is other.

use std::collections::BTreeMap;

use podfence_model::{Change, Namespace, NetworkPolicy, Node, Object, ObjectKey, Pod, Service, World};

use crate::index::Engine;

impl Engine {
    /// The changes that lead from what it was told to a whole world: what goes first, then what comes. Costs by the world.
    pub fn changes_to(&self, next: World) -> Vec<Change> {
        let mut changes: Vec<Change> = self.gone_from(&next).map(Change::Remove).collect();
        let mut put = |object| changes.push(Change::Put(object));
        next.namespaces
            .into_values()
            .filter(|one| !self.says(one))
            .for_each(|one| put(Object::Namespace(one)));
        let known = |one: &Node| self.nodes.get(&one.name);
        others(next.nodes, known).for_each(|one| put(Object::Node(one)));
        let known = |one: &NetworkPolicy| self.policies.find(&one.meta.id).map(|id| self.policy(id));
        others(next.policies, known).for_each(|one| put(Object::Policy(Box::new(one))));
        let known = |one: &Pod| self.pod_id(&one.meta.id).map(|id| self.pod(id));
        others(next.pods, known).for_each(|one| put(Object::Pod(Box::new(one))));
        let known = |one: &Service| self.services.get(&one.meta.id);
        others(next.services, known).for_each(|one| put(Object::Service(Box::new(one))));
        changes
    }

    /// Whether a namespace is known as it is; where it is stated is of no concern.
    fn says(&self, one: &Namespace) -> bool {
        let known = self.namespaces.get(&one.name);
        known.is_some_and(|known| (&known.labels, known.labels_known) == (&one.labels, one.labels_known))
    }

    /// What it knows and the world does not have.
    fn gone_from<'e>(&'e self, next: &'e World) -> impl Iterator<Item = ObjectKey> + 'e {
        let pods = self.pod_names.iter().map(|id| &self.pod(id).meta.id);
        let policies = self.policies.ids().map(|id| &self.policy(id).meta.id);
        // Of a namespace that has gone its name stays.
        let stated = self.namespaces.values().filter(|one| one.labels_known).map(|one| &one.name);
        absent(pods, |id| next.pods.contains_key(id), ObjectKey::Pod)
            .chain(absent(policies, |id| next.policies.contains_key(id), ObjectKey::Policy))
            .chain(absent(stated, |name| next.namespaces.contains_key(name), ObjectKey::Namespace))
            .chain(absent(self.nodes.keys(), |name| next.nodes.contains_key(name), ObjectKey::Node))
            .chain(absent(self.services.keys(), |id| next.services.contains_key(id), ObjectKey::Service))
    }
}

/// Those of `next` that are not known as they are.
fn others<'e, K, V: PartialEq + 'e>(
    next: BTreeMap<K, V>,
    known: impl Fn(&V) -> Option<&'e V>,
) -> impl Iterator<Item = V> {
    next.into_values().filter(move |one| known(one) != Some(one))
}

fn absent<'n, N: Clone + 'n>(
    known: impl Iterator<Item = &'n N>,
    is_there: impl Fn(&N) -> bool,
    key: fn(N) -> ObjectKey,
) -> impl Iterator<Item = ObjectKey> {
    known.filter(move |name| !is_there(name)).map(move |name| key(name.clone()))
}
