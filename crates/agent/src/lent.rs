//! Addresses that a CNI plugin has given to pods before the API tells them.
//!
//! A kubelet writes a pod's address down when the pod's network is ready, and so the plugin waits for an agent that cannot have
//! heard of it. What the plugin says is lent to the pod's object, whatever else is said of it, until it states addresses itself,
//! is over or goes. The loans are kept with the links ([`Told`]), so that the next agent lends them again.

use podfence_model::{Addresses, Change, Life, Object, ObjectKey, Pod, World};

use crate::links::{Plugged, Told};

/// What is enforced when this is said of an object. Where that ends a loan, it is forgotten.
pub fn enforced(told: &mut Told, said: Change) -> Change {
    match said {
        Change::Put(Object::Pod(pod)) if lacks(&pod) => {
            let lent = told.lent_to(&pod.meta.id).to_vec();
            if lent.is_empty() { Change::Put(Object::Pod(pod)) } else { with(*pod, Addresses::Known(lent)) }
        }
        Change::Put(Object::Pod(pod)) => {
            told.end_loan(&pod.meta.id);
            Change::Put(Object::Pod(pod))
        }
        Change::Remove(ObjectKey::Pod(pod)) => {
            told.end_loan(&pod);
            Change::Remove(ObjectKey::Pod(pod))
        }
        other => other,
    }
}

/// Lends to the pods of a first state. A pod that it does not have may come yet.
pub fn lend_all(told: &mut Told, world: &mut World) {
    for (id, lent) in told.loans() {
        match world.pods.get_mut(&id) {
            Some(pod) if lacks(pod) => pod.addresses = Addresses::Known(lent),
            Some(_) => told.end_loan(&id),
            None => {}
        }
    }
}

/// Notes that a pod is plugged in, of which this was said last; what has to be enforced for the addresses it was given.
pub fn lend(told: &mut Told, plugged: Plugged, said: Option<Change>) -> Option<Change> {
    let known = said.as_ref().is_some_and(|change| !lends_to(change));
    let lent = !told.lent_to(&plugged.pod).is_empty();
    let addresses = if known && !lent { Vec::new() } else { plugged.addresses.clone() };
    let lends = !addresses.is_empty();
    told.insert(Plugged { addresses: addresses.clone(), ..plugged });
    match said {
        Some(Change::Put(Object::Pod(pod))) if lends => Some(with(*pod, Addresses::Known(addresses))),
        said => taken_back(said.filter(|_| lent)),
    }
}

/// What has to be enforced when what was lent is taken back from a pod, of which this was said last.
pub fn taken_back(said: Option<Change>) -> Option<Change> {
    match said {
        Some(Change::Put(Object::Pod(pod))) => Some(with(*pod, Addresses::NotYet)),
        _ => None,
    }
}

fn lends_to(said: &Change) -> bool {
    matches!(said, Change::Put(Object::Pod(pod)) if lacks(pod))
}

fn lacks(pod: &Pod) -> bool {
    pod.life != Life::Finished && matches!(pod.addresses, Addresses::NotYet | Addresses::Unstated)
}

fn with(pod: Pod, addresses: Addresses) -> Change {
    Change::Put(Object::Pod(Box::new(Pod { addresses, ..pod })))
}

#[cfg(test)]
mod tests {
    use podfence_model::NamespacedName;
    use podfence_plan::Link;
    use podfence_testkit::build::{Put, ip, pod};

    use super::*;

    fn pod_with(addresses: Addresses) -> Pod {
        Pod { addresses, ..pod("shop/web", "node-1", &["10.0.0.1"], &[]) }
    }

    fn put(addresses: Addresses) -> Change {
        Change::Put(Object::Pod(Box::new(pod_with(addresses))))
    }

    fn plugged() -> Plugged {
        let (link, container) = (Link::Routed("veth1".into()), None);
        let (pod, addresses) = (NamespacedName::new("shop", "web"), vec![ip("10.0.0.9")]);
        Plugged { pod, link, container, addresses, network: None }
    }

    fn given() -> Addresses {
        Addresses::Known(plugged().addresses)
    }

    /// Links that were told, with a loan to a pod of which nothing is said yet.
    fn told() -> Told {
        let mut told = Told::default();
        assert_eq!(lend(&mut told, plugged(), None), None);
        told
    }

    #[test]
    fn a_loan_outlasts_what_says_no_addresses() {
        let mut told = told();
        for _ in 0..2 {
            assert_eq!(enforced(&mut told, put(Addresses::NotYet)), put(given()));
            let mut world = World::default().with(pod_with(Addresses::Unstated));
            lend_all(&mut told, &mut world);
            assert_eq!(world.pods[&plugged().pod].addresses, given());
        }
        assert_eq!(lend(&mut told, plugged(), Some(put(given()))), Some(put(given())), "plugged in anew");
        assert_eq!(taken_back(Some(put(given()))), Some(put(Addresses::NotYet)));
    }

    #[test]
    fn a_loan_ends_when_the_object_states_addresses_is_over_or_goes() {
        let own = pod("shop/web", "node-1", &["10.0.0.1"], &[]);
        let over = Pod { life: Life::Finished, ..pod_with(Addresses::NotYet) };
        let put_pod = |pod: &Pod| Change::Put(Object::Pod(Box::new(pod.clone())));
        let gone = Change::Remove(ObjectKey::Pod(own.meta.id.clone()));
        for last in [put_pod(&own), put_pod(&over), gone] {
            let mut told = told();
            assert_eq!(enforced(&mut told, last.clone()), last);
            assert_eq!(enforced(&mut told, put(Addresses::NotYet)), put(Addresses::NotYet), "after {last:?}");
        }
        let mut told = told();
        lend_all(&mut told, &mut World::default().with(own.clone()));
        assert!(told.loans().is_empty());
        assert_eq!(lend(&mut told, plugged(), Some(put_pod(&own))), None, "it has its own");
        assert!(told.loans().is_empty());
    }
}
