//! After any sequence of pod events the engine says what a fresh one would say, and cuts addresses the same way.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use podfence_engine::{Engine, Party};
use podfence_model::{Endpoint, World};
use podfence_testkit::generate::{self, Rng};
use podfence_testkit::storm::{self, Edit};

const WORLDS: u64 = 300;
const EVENTS: usize = 30;
const FLOWS: usize = 30;

/// Tells the engine of an edit; false for edits that are no pod events.
fn tell(engine: &mut Engine, world: &World, edit: &Edit) -> bool {
    match edit {
        Edit::AddPod(pod) => drop(engine.put_pod(pod.clone())),
        Edit::RemovePod(id) => drop(engine.remove_pod(id)),
        Edit::RelabelPod(id, _) | Edit::ReaddressPod(id, _) | Edit::AgePod(id, _) => {
            drop(engine.put_pod(world.pods[id].clone()));
        }
        _ => return false,
    }
    true
}

#[test]
fn events_lead_where_a_fresh_start_would() {
    let mut told = 0;
    for seed in 0..WORLDS {
        let mut rng = Rng::with_seed(seed);
        let mut world = generate::world(seed);
        let mut engine = Engine::new(&world);
        for _ in 0..EVENTS {
            let mut edited = world.clone();
            let edit = storm::random_edit(&world, &mut rng);
            storm::apply(&mut edited, &edit);
            if !tell(&mut engine, &edited, &edit) {
                continue;
            }
            world = edited;
            told += 1;
            let fresh = Engine::new(&world);
            assert_eq!(parts(&engine, &world), parts(&fresh, &world), "seed {seed}: {edit:?}");
            for flow in generate::flows(&world, &mut rng, FLOWS) {
                let outcome = |engine: &Engine| engine.answer(&flow).map(|answer| answer.outcome);
                assert_eq!(outcome(&engine), outcome(&fresh), "seed {seed}: {flow} after {edit:?}");
            }
        }
    }
    assert!(told > 3_000, "{told} events");
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
