//! After any sequence of events the engine says what a fresh one would say, and cuts addresses at least as finely.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use podfence_engine::{Engine, Party};
use podfence_model::{Endpoint, World};
use podfence_testkit::generate::{self, Rng};
use podfence_testkit::storm::{self, Edit};

const WORLDS: u64 = 300;
const EVENTS: usize = 30;
const FLOWS: usize = 30;

/// Tells the engine of an edit.
fn tell(engine: &mut Engine, world: &World, edit: &Edit) {
    match edit {
        Edit::AddPod(pod) => drop(engine.put_pod(pod.clone())),
        Edit::RemovePod(id) => drop(engine.remove_pod(id)),
        Edit::RelabelPod(id, _) | Edit::ReaddressPod(id, _) | Edit::AgePod(id, _) => {
            drop(engine.put_pod(world.pods[id].clone()));
        }
        Edit::RelabelNamespace(name, _) => drop(engine.put_namespace(world.namespaces[name].clone())),
        Edit::AddPolicy(policy) | Edit::ChangePolicy(policy) => engine.put_policy(policy.clone()),
        Edit::RemovePolicy(id) => assert!(engine.remove_policy(id)),
    }
}

#[test]
fn events_lead_where_a_fresh_start_would() {
    for seed in 0..WORLDS {
        let mut rng = Rng::with_seed(seed);
        let mut world = generate::world(seed);
        let mut engine = Engine::new(&world);
        for _ in 0..EVENTS {
            let edit = storm::random_edit(&world, &mut rng);
            storm::apply(&mut world, &edit);
            tell(&mut engine, &world, &edit);
            let fresh = Engine::new(&world);
            let (now, after_restart) = (parts(&engine, &world), parts(&fresh, &world));
            assert!(is_finer(&now, &after_restart), "seed {seed}: {edit:?}");
            for flow in generate::flows(&world, &mut rng, FLOWS) {
                let outcome = |engine: &Engine| engine.answer(&flow).map(|answer| answer.outcome);
                assert_eq!(outcome(&engine), outcome(&fresh), "seed {seed}: {flow} after {edit:?}");
            }
        }
        engine.renew();
        assert_eq!(parts(&engine, &world), parts(&Engine::new(&world), &world), "seed {seed}: renewed");
    }
}

/// Whether the parts of `one` are parts of those of `other`, and both hold the same.
fn is_finer(one: &BTreeSet<BTreeSet<IpAddr>>, other: &BTreeSet<BTreeSet<IpAddr>>) -> bool {
    let count = |parts: &BTreeSet<BTreeSet<IpAddr>>| parts.iter().map(BTreeSet::len).sum::<usize>();
    count(one) == count(other) && one.iter().all(|part| other.iter().any(|whole| part.is_subset(whole)))
}

/// The addresses of known pods, as the classes part them.
fn parts(engine: &Engine, world: &World) -> BTreeSet<BTreeSet<IpAddr>> {
    let mut parts: BTreeMap<_, BTreeSet<IpAddr>> = BTreeMap::new();
    let members = engine.classes().iter().enumerate();
    for (class, address) in
        members.flat_map(|(i, c)| c.members.iter().filter_map(move |m| Some((i, m.address?))))
    {
        parts.entry(class).or_default().insert(address);
        let id = engine.pod_with_address(address).expect("a member's address has an owner");
        assert!(engine.class_of(&Party::Pod { id, addresses: vec![address] }).is_some());
        assert!(world.pods.contains_key(&engine.pod(id).meta.id));
    }
    parts.into_values().collect()
}

#[test]
fn an_event_reports_the_addresses_that_moved_and_no_others() {
    let world = generate::world(3);
    let mut engine = Engine::new(&world);
    for pod in world.pods.values() {
        assert_eq!(engine.put_pod(pod.clone()), [], "nothing changed for {}", pod.meta.id);
    }
    for pod in world.pods.values().filter(|p| p.is_policed() && !p.ips().is_empty()) {
        let owned = |ip: &&IpAddr| engine.pod_with_address(**ip).is_some_and(|id| engine.pod(id) == pod);
        let held: Vec<IpAddr> = pod.ips().iter().filter(owned).copied().collect();
        let moves = engine.remove_pod(&pod.meta.id);
        let gone: Vec<IpAddr> = moves.iter().filter(|m| m.to.is_none()).map(|m| m.address).collect();
        assert!(gone.iter().all(|ip| held.contains(ip)), "{moves:?}");
        let flow_end = Endpoint::Pod { id: pod.meta.id.clone(), address: None };
        assert!(engine.pod_id(&pod.meta.id).is_none(), "{flow_end} is forgotten");
    }
}
