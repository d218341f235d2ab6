//! The generated worlds are worth testing with: their verdicts are mixed, every feature matters somewhere,
//! and a seed names a world for good.

use podfence_model::{
    Addresses, Endpoint, Family, Life, Service, ServiceAddress, ServiceType, SessionAffinity, TrafficPolicy,
};
use podfence_testkit::features::{Feature, Features};
use podfence_testkit::generate::{self, Rng};
use podfence_testkit::reference::{Decision, allows};
use podfence_testkit::storm;

const WORLDS: u64 = 10_000;
const FLOWS_PER_WORLD: usize = 60;

/// Shares over many worlds, counted on two threads.
fn shares(make: fn(u64) -> podfence_model::World, worlds: u64) -> Features {
    let count = move |range: std::ops::Range<u64>| {
        let mut features = Features::default();
        for seed in range {
            let world = make(seed);
            features.observe(&world, &generate::flows(&world, &mut Rng::with_seed(seed), FLOWS_PER_WORLD));
        }
        features
    };
    let half = std::thread::spawn(move || count(0..worlds / 2));
    let mut features = count(worlds / 2..worlds);
    features.merge(half.join().expect("counting does not panic"));
    features
}

#[test]
fn verdicts_are_mixed_and_every_feature_matters() {
    let features = shares(generate::world, WORLDS);
    println!("{features}");
    assert!(features.denied() >= 30.0, "{features}");
    assert!(features.allowed_by_rule() >= 30.0, "{features}");
    for feature in Feature::ALL {
        assert!(features.share(feature) >= 5.0, "{feature:?} matters too seldom\n{features}");
    }
}

#[test]
fn worlds_for_the_lab_are_mixed_too() {
    let features = shares(generate::lab_sized, 1000);
    println!("{features}");
    assert!(features.denied() >= 30.0, "{features}");
    assert!(features.allowed_by_rule() >= 30.0, "{features}");
}

/// A kind of Services and how it is known.
type Kind = (&'static str, fn(&Service) -> bool);

/// Of all Services, the share in per cent for which something holds.
fn of_services(services: &[Service], holds: impl Fn(&Service) -> bool) -> usize {
    services.iter().filter(|service| holds(service)).count() * 100 / services.len()
}

#[test]
fn services_are_of_every_kind_and_most_lead_somewhere() {
    let (mut services, mut led) = (Vec::new(), 0);
    for seed in 0..1000 {
        let mut world = generate::lab_sized(seed);
        generate::add_services(&mut world, 3, &mut Rng::with_seed(seed));
        let leads = |service: &Service| match &service.selector {
            None => !world.endpoint_slices[&service.meta.id].endpoints.is_empty(),
            Some(wanted) => world.pods.values().any(|pod| {
                pod.meta.id.namespace == service.meta.id.namespace
                    && wanted.iter().all(|(key, value)| pod.meta.labels.get(key) == Some(value))
            }),
        };
        led += world.services.values().filter(|service| leads(service)).count();
        services.extend(world.services.into_values());
    }
    let kinds: [Kind; 9] = [
        ("node ports", |s| s.kind == ServiceType::NodePort),
        ("load balancers", |s| s.kind == ServiceType::LoadBalancer),
        ("headless", |s| s.address == ServiceAddress::Headless),
        ("external addresses", |s| !s.external_ips.is_empty()),
        ("Local from outside", |s| s.external_traffic == TrafficPolicy::Local),
        ("Local inside", |s| s.internal_traffic == TrafficPolicy::Local),
        ("affinity", |s| s.affinity == SessionAffinity::ClientIp),
        ("slices", |s| s.selector.is_none()),
        ("two ports", |s| s.ports.len() == 2),
    ];
    for (what, holds) in kinds {
        let share = of_services(&services, holds);
        assert!((5..60).contains(&share), "{what}: {share} % of {}", services.len());
    }
    let share = led * 100 / services.len();
    assert!((40..90).contains(&share), "{share} % lead to somebody");
}

#[test]
fn a_seed_names_a_world_and_its_flows() {
    for seed in 0..50 {
        let [one, two] = [(); 2].map(|()| generate::world(seed));
        assert_eq!(one, two);
        let [one, two] = [(); 2].map(|()| generate::flows(&one, &mut Rng::with_seed(seed), 20));
        assert_eq!(one, two);
    }
    assert_ne!(generate::world(1), generate::world(2));
}

#[test]
fn both_ends_of_a_flow_have_one_family() {
    for seed in 0..200 {
        let world = generate::world(seed);
        for flow in generate::flows(&world, &mut Rng::with_seed(seed), 50) {
            let ends = [flow.source.address(), flow.destination.address()];
            if let [Some(source), Some(destination)] = ends {
                assert_eq!(Family::of(source), Family::of(destination), "{flow:?}");
            }
        }
    }
}

#[test]
fn worlds_for_the_lab_can_be_built() {
    for seed in 0..500 {
        let world = generate::lab_sized(seed);
        assert!(world.pods.len() <= 8 && world.nodes.len() <= 3);
        for pod in world.pods.values() {
            assert!(pod.life == Life::Present && matches!(&pod.addresses, Addresses::Known(_)));
            assert!(pod.ports.iter().all(|port| port.number.get() != generate::UNSERVED_PORT));
        }
        let probes = generate::lab_probes(&world, &generate::addresses::outside());
        assert!(probes.iter().all(|probe| matches!(probe.flow.destination, Endpoint::Pod { .. })));
        assert!(probes.iter().any(|probe| probe.served) && probes.iter().any(|probe| !probe.served));
    }
}

#[test]
fn all_interesting_flows_hold_both_verdicts() {
    let (mut allowed, mut denied) = (0, 0);
    for seed in 0..5 {
        let world = generate::world(seed);
        for flow in generate::all_interesting_flows(&world) {
            match allows(&world, &flow) {
                Decision::Allowed => allowed += 1,
                Decision::Denied => denied += 1,
            }
        }
    }
    println!("{allowed} allowed, {denied} denied");
    assert!(allowed > 1000 && denied > 1000);
}

#[test]
fn edits_change_worlds_and_keep_addresses_unique() {
    for seed in 0..100 {
        let mut rng = Rng::with_seed(seed);
        let mut world = generate::world(seed);
        let mut changed = 0;
        for _ in 0..40 {
            let before = world.clone();
            let edit = storm::random_edit(&world, &mut rng);
            storm::apply(&mut world, &edit);
            changed += usize::from(before != world);
            assert_addresses_are_unique(&world);
        }
        assert!(changed > 20, "seed {seed}: only {changed} edits of 40 changed anything");
    }
}

fn assert_addresses_are_unique(world: &podfence_model::World) {
    let live = world.pods.values().filter(|pod| pod.is_policed());
    let mut addresses: Vec<_> = live.flat_map(podfence_model::Pod::ips).collect();
    let count = addresses.len();
    addresses.sort_unstable();
    addresses.dedup();
    assert_eq!(addresses.len(), count);
}
