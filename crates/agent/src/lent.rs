//! Addresses that a CNI plugin has given to pods before the API tells them.
//!
//! A kubelet writes a pod's address down when the pod's network is ready, and so the plugin waits for an agent that cannot have
//! heard of it. What the plugin says is lent to the pod's object until the next that is said of the object itself.

use std::collections::BTreeSet;
use std::net::IpAddr;

use podfence_engine::Engine;
use podfence_model::{Addresses, Change, NamespacedName, Object, ObjectKey, Pod};

/// The pods whose address is lent.
#[derive(Debug, Default)]
pub struct Lent(BTreeSet<NamespacedName>);

impl Lent {
    /// Lends addresses to a pod that has none of its own; what has to be enforced for that.
    pub fn lend(&mut self, engine: &Engine, pod: &NamespacedName, addresses: Vec<IpAddr>) -> Option<Change> {
        let object = object(engine, pod)?;
        let lacks = matches!(object.addresses, Addresses::NotYet | Addresses::Unstated);
        if addresses.is_empty() || !(lacks || self.0.contains(pod)) {
            return None;
        }
        self.0.insert(pod.clone());
        Some(with(object, Addresses::Known(addresses)))
    }

    /// Takes back what was lent to a pod that is unplugged.
    pub fn take_back(&mut self, engine: &Engine, pod: &NamespacedName) -> Option<Change> {
        let lent = self.0.remove(pod);
        object(engine, pod).filter(|_| lent).map(|object| with(object, Addresses::NotYet))
    }

    /// Something is said of an object: what was lent to it counts no more.
    pub fn said(&mut self, change: &Change) {
        if let ObjectKey::Pod(pod) = change.key() {
            self.0.remove(&pod);
        }
    }
}

fn object(engine: &Engine, pod: &NamespacedName) -> Option<Box<Pod>> {
    match engine.object(&ObjectKey::Pod(pod.clone()))? {
        Object::Pod(pod) => Some(pod),
        _ => None,
    }
}

fn with(pod: Box<Pod>, addresses: Addresses) -> Change {
    Change::Put(Object::Pod(Box::new(Pod { addresses, ..*pod })))
}

#[cfg(test)]
mod tests {
    use podfence_model::World;
    use podfence_testkit::build::{Put, ip, pod};

    use super::*;

    fn is(change: Option<Change>, expected: Option<&Addresses>) {
        let addresses = change.map(|change| match change {
            Change::Put(Object::Pod(pod)) => pod.addresses,
            other => panic!("{other:?}"),
        });
        assert_eq!(addresses.as_ref(), expected);
    }

    #[test]
    fn what_is_lent_is_taken_back_and_never_in_the_way_of_what_is_said() {
        let mut without = pod("shop/new", "node-1", &["10.0.0.1"], &[]);
        without.addresses = Addresses::NotYet;
        let id = without.meta.id.clone();
        let old = pod("shop/old", "node-1", &["10.0.0.2"], &[]);
        let engine = Engine::new(&World::default().with(without.clone()).with(old.clone()));
        let (mut lent, given) = (Lent::default(), vec![ip("10.0.0.9")]);
        is(lent.lend(&engine, &id, given.clone()), Some(&Addresses::Known(given.clone())));
        is(lent.take_back(&engine, &id), Some(&Addresses::NotYet));
        is(lent.take_back(&engine, &id), None);
        is(lent.lend(&engine, &old.meta.id, given.clone()), None);
        is(lent.lend(&engine, &NamespacedName::new("shop", "unheard-of"), given.clone()), None);
        is(lent.lend(&engine, &id, Vec::new()), None);
        lent.lend(&engine, &id, given);
        lent.said(&Change::Put(Object::Pod(Box::new(without))));
        is(lent.take_back(&engine, &id), None);
    }
}
