//! A difference says of every flow what asking the engines of both worlds says.

use std::collections::BTreeSet;
use std::net::IpAddr;

use podfence_analysis::diff::{Change, Difference, Reason, Said, Scope, Snapshot, Turn, diff};
use podfence_analysis::ends::Ends;
use podfence_engine::{Engine, Outcome};
use podfence_model::{
    Addresses, Cidr, Endpoint, Family, Flow, Layer4, NamespacedName, ObjectRef, PortSet, Protocol, World,
};
use podfence_testkit::build::{self, Put};
use podfence_testkit::generate::{self, Rng, addresses, interesting_ports};
use podfence_testkit::{describe, storm};

const WORLDS: u64 = 120;
const EDITS: usize = 4;
/// Ports that each pair is asked about.
const LAYERS: usize = 5;

/// An end of a flow, in both worlds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    Pod(NamespacedName),
    Ip(IpAddr),
}

struct Side {
    world: World,
    engine: Engine,
}

impl Side {
    fn new(world: World) -> Self {
        Self { engine: Engine::new(&world), world }
    }

    fn snapshot(&self) -> Snapshot<'_> {
        Snapshot { world: &self.world, engine: &self.engine }
    }

    /// The end in this world; `None` if it has no such one in this family.
    fn endpoint(&self, end: &End, family: Family) -> Option<Endpoint> {
        match end {
            End::Ip(ip) => (Family::of(*ip) == family).then_some(Endpoint::Ip(*ip)),
            End::Pod(id) => {
                let pod = self.world.pods.get(id).filter(|pod| pod.is_policed())?;
                let address = pod.ip(family);
                let own = |ip| self.engine.pod_with_address(ip) == self.engine.pod_id(id);
                let is_there = pod.addresses == Addresses::Unstated || address.is_some_and(own);
                is_there.then(|| Endpoint::Pod { id: id.clone(), address })
            }
        }
    }

    /// What the engine says; `None` where there is no such flow. What always passes is no matter of policies.
    fn says(&self, [from, to]: [&End; 2], family: Family, layer4: Layer4) -> Option<Said> {
        let flow =
            Flow { source: self.endpoint(from, family)?, destination: self.endpoint(to, family)?, layer4 };
        let answer = self.engine.answer(&flow).expect("a flow between ends that there are");
        Some(match answer.outcome {
            Outcome::Allowed => Said::Allowed,
            Outcome::Denied => Said::Denied,
            Outcome::Undecidable(_) => Said::Undecidable,
        })
    }
}

/// What a difference says of a flow.
fn told(difference: &Difference<'_>, ends: [&End; 2], family: Family, layer4: Layer4) -> Vec<(Scope, Turn)> {
    let covers = |change: &&Change| {
        change.ports.contains(layer4)
            && change.family.is_none_or(|one| one == family)
            && is_in(&change.from, ends[0])
            && is_in(&change.to, ends[1])
    };
    difference.changes.iter().filter(covers).map(|change| (change.scope, change.turn)).collect()
}

fn is_in(ends: &Ends, end: &End) -> bool {
    match end {
        End::Pod(id) => ends.pods.contains(id),
        End::Ip(ip) => {
            let ip = [Cidr::host(*ip)].into_iter().collect();
            ends.outside.covers(&ip) || ends.unknown.covers(&ip)
        }
    }
}

/// What asking both engines says of a flow.
fn asked(old: &Side, new: &Side, ends: [&End; 2], family: Family, layer4: Layer4) -> Option<(Scope, Turn)> {
    let (before, after) = (old.says(ends, family, layer4), new.says(ends, family, layer4));
    let scope = match (before, after) {
        (None, None) => return None,
        (Some(_), Some(_)) => Scope::Existing,
        (None, _) => Scope::New,
        (_, None) => Scope::Gone,
    };
    let [before, after] = [before, after].map(|said| said.unwrap_or(Said::Denied));
    Some((scope, Turn::between(before, after)?))
}

/// All pods, and addresses at the edges of blocks that are no pod's and no node's.
fn ends(old: &Side, new: &Side) -> BTreeSet<End> {
    let mut ends = BTreeSet::new();
    for side in [old, new] {
        ends.extend(side.world.pods.keys().cloned().map(End::Pod));
        ends.extend(addresses::interesting(&side.world).into_iter().map(End::Ip));
    }
    let hosts: BTreeSet<IpAddr> = [old, new].into_iter().flat_map(|side| hosts(&side.world)).collect();
    let is_taken =
        |ip| hosts.contains(&ip) || [old, new].iter().any(|s| s.engine.pod_with_address(ip).is_some());
    ends.retain(|end| !matches!(end, End::Ip(ip) if is_taken(*ip)));
    ends
}

fn hosts(world: &World) -> Vec<IpAddr> {
    let of_nodes = world.nodes.values().flat_map(|node| node.addresses.iter().copied());
    of_nodes
        .chain(world.pods.values().filter(|pod| pod.host_network).flat_map(|pod| pod.ips().to_vec()))
        .collect()
}

fn layers(old: &World, new: &World) -> Vec<Layer4> {
    let ports: BTreeSet<_> = [old, new].into_iter().flat_map(interesting_ports).collect();
    let of = |protocol| ports.iter().map(move |port| Layer4::Port(protocol, *port));
    Protocol::ALL.into_iter().flat_map(of).chain([Layer4::Icmp]).collect()
}

/// A random world, and the same after some edits. In every third one, facts are missing.
fn worlds(seed: u64) -> [Side; 2] {
    let mut rng = Rng::with_seed(seed);
    let mut old = generate::world(seed);
    if seed.is_multiple_of(3) {
        forget(&mut old, &mut rng);
    }
    let mut new = old.clone();
    for _ in 0..rng.usize(1..=EDITS) {
        let edits = storm::random_edits(&new, &mut rng);
        storm::apply_all(&mut new, &edits);
    }
    if seed.is_multiple_of(3) && rng.bool() {
        forget(&mut new, &mut rng);
    }
    [Side::new(old), Side::new(new)]
}

/// Makes labels of some namespaces and addresses of some pods unknown.
fn forget(world: &mut World, rng: &mut Rng) {
    world
        .namespaces
        .values_mut()
        .filter(|_| rng.u32(0..3) == 0)
        .for_each(|namespace| namespace.labels_known = false);
    let pods = world.pods.values_mut().filter(|pod| !pod.host_network);
    pods.filter(|_| rng.u32(0..4) == 0).for_each(|pod| pod.addresses = Addresses::Unstated);
}

#[test]
fn a_difference_is_what_both_engines_say() {
    let mut seen = [0_usize; 6];
    for seed in 0..WORLDS {
        let [old, new] = worlds(seed);
        let difference = diff(old.snapshot(), new.snapshot());
        let (ends, layers) = (ends(&old, &new), layers(&old.world, &new.world));
        let mut rng = Rng::with_seed(seed);
        let pairs = ends.iter().flat_map(|from| ends.iter().map(move |to| [from, to]));
        for [from, to] in pairs.filter(|[from, to]| from != to) {
            for layer4 in rng.choose_multiple(layers.iter().copied(), LAYERS) {
                for family in Family::BOTH {
                    if [&old, &new].iter().all(|side| side.says([from, to], family, layer4).is_none()) {
                        continue;
                    }
                    let expected = asked(&old, &new, [from, to], family, layer4);
                    let actual = told(&difference, [from, to], family, layer4);
                    assert_eq!(
                        actual,
                        Vec::from_iter(expected),
                        "seed {seed}: {from:?} to {to:?} {family} {layer4}, {:?} and {:?}\n{}\n=====\n{}",
                        old.says([from, to], family, layer4),
                        new.says([from, to], family, layer4),
                        describe::to_yaml(&old.world),
                        describe::to_yaml(&new.world),
                    );
                    if let Some((_, turn)) = expected {
                        seen[turn as usize] += 1;
                    }
                }
            }
        }
    }
    println!("{seen:?}");
    assert!(seen.iter().all(|turns| *turns > 50), "too few of a turn: {seen:?}");
}

type Told = BTreeSet<(Scope, Turn, Option<Family>, PortSet, PortSet, String, String)>;

/// Every change end by end, so that it does not matter how they were folded.
fn spelled(difference: &Difference<'_>) -> Told {
    let names = |ends: &Ends| {
        let mut names: Vec<String> = ends.pods.iter().map(ToString::to_string).collect();
        names.extend(ends.outside.union(&ends.unknown).stretches().map(|stretch| format!("{stretch:?}")));
        names
    };
    let mut told = Told::new();
    for change in &difference.changes {
        for from in names(&change.from) {
            for to in names(&change.to).into_iter().filter(|to| *to != from) {
                let Change { scope, turn, family, ports, stays, .. } = change;
                told.insert((*scope, *turn, *family, ports.clone(), stays.clone(), from.clone(), to));
            }
        }
    }
    told
}

#[test]
fn a_world_does_not_differ_from_itself_and_the_way_back_is_the_mirror_image() {
    for seed in 0..WORLDS {
        let [old, new] = worlds(seed);
        assert!(diff(old.snapshot(), old.snapshot()).is_empty(), "seed {seed}");
        let there = spelled(&diff(old.snapshot(), new.snapshot()));
        let back = spelled(&diff(new.snapshot(), old.snapshot()));
        let mirrored = |(scope, turn, family, ports, stays, from, to)| {
            let scope = match scope {
                Scope::Existing => Scope::Existing,
                Scope::New => Scope::Gone,
                Scope::Gone => Scope::New,
            };
            (scope, Turn::mirrored(turn), family, ports, stays, from, to)
        };
        assert_eq!(there, back.into_iter().map(mirrored).collect(), "seed {seed}");
    }
}

#[test]
fn copies_of_a_workload_stand_for_each_other() {
    let world = |copies: u32, names: &str| {
        let mut world = World::default();
        for number in 0..copies {
            let mut pod = build::pod(&format!("shop/web-{names}-{number}"), "node", &[], &[("app", "web")]);
            pod.addresses = Addresses::Unstated;
            let kind = podfence_model::Kind::Deployment;
            pod.workload = Some(ObjectRef { kind, namespace: "shop".into(), name: "web".into() });
            world.put(pod);
        }
        world.put(build::ingress("shop/deny", build::everything(), Vec::new()));
        world.expand_workloads();
        Side::new(world)
    };
    let [one, two, other] = [world(1, "a"), world(2, "a"), world(3, "b")];
    for (old, new) in [(&one, &two), (&two, &one), (&two, &other), (&other, &one)] {
        let difference = diff(old.snapshot(), new.snapshot());
        assert!(difference.is_empty(), "{:?}", difference.changes);
    }
}

#[test]
fn a_reason_is_what_the_policies_of_an_end_said_and_say() {
    let mut told = 0;
    for seed in 0..WORLDS {
        let [old, new] = worlds(seed);
        let difference = diff(old.snapshot(), new.snapshot());
        for change in &difference.changes {
            let reasons = difference.reasons(change);
            for Reason { before, after, .. } in &reasons {
                assert_eq!(before.is_none(), change.scope == Scope::New, "seed {seed}: {reasons:?}");
                assert_eq!(after.is_none(), change.scope == Scope::Gone, "seed {seed}: {reasons:?}");
            }
            // Only between strangers, and with ends that the other world has under another name, there is none.
            told += usize::from(!reasons.is_empty());
        }
        let existing =
            difference.in_scope(Scope::Existing).filter(|change| difference.reasons(change).is_empty());
        assert_eq!(existing.count(), 0, "seed {seed}");
    }
    assert!(told > 200, "{told}");
}
