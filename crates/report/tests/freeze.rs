//! A frozen world is true of itself, and false of every other world with the same pods.

use std::collections::BTreeSet;
use std::net::IpAddr;

use podfence_analysis::expect::{Checked, Checker, freeze};
use podfence_engine::{Answer, ClassKind, Engine, Outcome};
use podfence_model::{
    Addresses, Directions, Endpoint, Family, Flow, Labels, Layer4, Life, Meta, NamespacedName, NetworkPolicy,
    Origin, Pod, Port, PortSpec, Protocol, Requirement, World,
};
use podfence_report::expectations::yaml;
use podfence_source::{Input, LoadedExpectations, expectations};
use podfence_testkit::describe;
use podfence_testkit::generate::{self, Rng};

const WORLDS: u64 = 250;
const EDITED: u64 = 60;

fn world(seed: u64) -> World {
    let mut world = generate::world(seed);
    world.expand_workloads();
    world
}

fn read(text: &str) -> LoadedExpectations {
    let input = Input::Bytes { name: "frozen.yaml".into(), bytes: text.as_bytes().to_vec() };
    expectations(&[input]).unwrap_or_else(|refused| panic!("{refused}\n{text}"))
}

/// What of a frozen text does not hold in a world.
fn broken(text: &str, world: &World) -> Vec<Checked> {
    let checker = Checker::new(world.clone(), None);
    let files = read(text).files;
    let all = files.iter().flat_map(|file| &file.expectations);
    all.map(|one| checker.check(one)).filter(|checked| !matches!(checked, Checked::Holds(_))).collect()
}

#[test]
fn a_frozen_world_is_true_of_itself() {
    let mut claims = 0;
    for seed in 0..WORLDS {
        let world = world(seed);
        let frozen = freeze(world.clone());
        if frozen.claims.is_empty() {
            continue;
        }
        claims += frozen.claims.len();
        let text = yaml(&frozen);
        let wrong = broken(&text, &world);
        assert!(wrong.is_empty(), "seed {seed}\n{text}\n{wrong:#?}");
    }
    assert!(claims > 500, "{claims}");
}

fn is_mistaken(checked: &Checked) -> bool {
    matches!(checked, Checked::Mistaken(_))
}

#[test]
fn a_frozen_world_is_false_of_an_edited_one_just_when_a_flow_differs() {
    let (mut same, mut different) = (0, 0);
    for seed in 0..EDITED {
        let before = world(seed);
        let mut rng = Rng::with_seed(seed);
        let mut after = before.clone();
        if !edit(&mut after, &mut rng) {
            continue;
        }
        let text = yaml(&freeze(before.clone()));
        let wrong = broken(&text, &after);
        assert!(!wrong.iter().any(is_mistaken), "seed {seed}\n{text}\n{wrong:#?}");
        let flow = first_difference(&before, &after);
        match (&flow, wrong.is_empty()) {
            (Some(_), false) => different += 1,
            (None, true) => same += 1,
            (Some(flow), true) => {
                panic!("seed {seed}: nothing fails\n{}\n{text}", describe::failure(&after, flow))
            }
            (None, false) => panic!("seed {seed}: no flow differs\n{text}\n{wrong:#?}"),
        }
    }
    println!("{same} edits without effect, {different} with one");
    assert!(same > 10 && different > 10, "{same} {different}");
}

#[test]
fn a_policy_is_redundant_just_when_no_flow_differs_without_it() {
    let (mut redundant, mut needed) = (0, 0);
    for seed in EDITED..2 * EDITED {
        let world = world(seed);
        let Some(name) = world.policies.keys().next().cloned() else { continue };
        let text = format!(
            "podfence: expectations/v1\nexpect:\n  - redundant: {{policies: \"{}/{}\"}}\n",
            name.namespace, name.name
        );
        let mut without = world.clone();
        without.policies.remove(&name);
        let flow = first_difference(&world, &without);
        match broken(&text, &world).as_slice() {
            [] if flow.is_none() => redundant += 1,
            [Checked::Fails(_)] if flow.is_some() => needed += 1,
            [Checked::Undecided(_) | Checked::Mistaken(_)] => {}
            other => panic!("seed {seed}: {other:#?} and {flow:?}"),
        }
    }
    println!("{redundant} redundant, {needed} needed");
    assert!(redundant > 5 && needed > 5, "{redundant} {needed}");
}

/// A pod that comes later may do what a wildcard that fits it lists, and nothing beside: neither as a sender nor as a receiver.
#[test]
fn a_frozen_world_is_false_when_a_new_pod_opens_something() {
    let (mut opened, mut quiet) = (0, 0);
    for seed in 0..WORLDS {
        let before = world(seed);
        let frozen = freeze(before.clone());
        let Some(after) = with_new_pod(&before, &mut Rng::with_seed(seed)) else { continue };
        if frozen.claims.is_empty() {
            continue;
        }
        let sends =
            frozen.claims.iter().filter(|claim| !(claim.reaches.is_empty() && claim.undecided.is_empty()));
        let may_send = sends.clone().any(|claim| fits_new_pod(&claim.from, &after));
        let mut to = sends.flat_map(|claim| claim.reaches.iter().chain(&claim.undecided));
        let may_receive = to.any(|reach| fits_new_pod(&reach.to, &after));
        let holds = broken(&yaml(&frozen), &after).is_empty();
        let [sent, received] = flows_of_new_pod(&after);
        if (sent && !may_send) || (received && !may_receive) {
            assert!(!holds, "seed {seed}: nothing fails\n{}", yaml(&frozen));
            opened += 1;
        } else if !sent && !received && !may_send && !may_receive {
            assert!(holds, "seed {seed}: no flow differs\n{}", yaml(&frozen));
            quiet += 1;
        }
    }
    println!("{opened} new pods opened something, {quiet} did not");
    assert!(opened > 30 && quiet > 10, "{opened} {quiet}");
}

#[test]
fn a_frozen_world_is_false_when_a_pod_comes_to_its_nodes_network_or_leaves_it() {
    let mut flipped = 0;
    for seed in 0..WORLDS {
        let before = world(seed);
        let frozen = freeze(before.clone());
        let mut after = before.clone();
        let pods: Vec<&mut Pod> = after.pods.values_mut().filter(|pod| pod.life != Life::Finished).collect();
        let number = Rng::with_seed(seed).usize(..pods.len().max(1));
        let Some(pod) = pods.into_iter().nth(number).filter(|_| !frozen.claims.is_empty()) else { continue };
        pod.host_network = !pod.host_network;
        assert!(!broken(&yaml(&frozen), &after).is_empty(), "seed {seed}\n{}", yaml(&frozen));
        flipped += 1;
    }
    assert!(flipped > 100, "{flipped}");
}

const NEW: &str = "brand-new";

/// The world with one more pod, half of the time labelled as another one, and sometimes with a policy that isolates it alone.
fn with_new_pod(world: &World, rng: &mut Rng) -> Option<World> {
    let mut after = world.clone();
    let pods: Vec<&Pod> = world.pods.values().filter(|pod| pod.is_policed()).collect();
    let mut pod = (!pods.is_empty()).then(|| pods[rng.usize(..pods.len())].clone())?;
    NEW.clone_into(&mut pod.meta.id.name);
    pod.workload = None;
    (pod.addresses, pod.life) = (Addresses::Unstated, Life::Present);
    if rng.bool() {
        pod.meta.labels = Labels::new();
    }
    pod.meta.labels.insert(NEW.to_owned(), "yes".to_owned());
    if rng.u8(..3) > 0 {
        let id = NamespacedName::new(&pod.meta.id.namespace, NEW);
        let policy = NetworkPolicy {
            meta: Meta { id: id.clone(), labels: Labels::new(), origin: Origin::Assumed("test") },
            subject: [Requirement::equals(NEW, "yes")].into_iter().collect(),
            directions: Directions { ingress: true, egress: true },
            ingress: Vec::new(),
            egress: Vec::new(),
        };
        after.policies.insert(id, policy);
    }
    after.pods.insert(pod.meta.id.clone(), pod);
    Some(after)
}

/// Whether words mean the new pod, which only wildcards can.
fn fits_new_pod(words: &[String], world: &World) -> bool {
    let new = world.pods.keys().find(|id| id.name == NEW).expect("it is there");
    let all = [format!("{}/*", new.namespace), format!("{}/*/*", new.namespace), "*".to_owned()];
    let without =
        |word: &String| word.strip_prefix("not ").is_some_and(|word| all.iter().any(|one| one == word));
    words.iter().any(|word| all.contains(word)) && !words.iter().any(without)
}

/// Whether the new pod may reach some other end, and some other pod may reach it; what hangs on facts counts.
fn flows_of_new_pod(world: &World) -> [bool; 2] {
    let engine = Engine::new(world);
    let is_new = |end: &Endpoint| matches!(end, Endpoint::Pod { id, .. } if id.name == NEW);
    let (new, others): (Vec<Endpoint>, Vec<Endpoint>) = pods(world).partition(is_new);
    let passes = |source: &Endpoint, destination: &Endpoint| {
        ports(world).into_iter().any(|layer4| {
            let flow = Flow { source: source.clone(), destination: destination.clone(), layer4 };
            engine
                .answer(&flow)
                .is_ok_and(|answer| by_policies(&answer) != std::mem::discriminant(&Outcome::Denied))
        })
    };
    let new = &new[0];
    let everybody: Vec<Endpoint> =
        others.into_iter().chain(strangers(&[Engine::new(world), Engine::new(world)])).collect();
    let sent = everybody.iter().any(|other| passes(new, other));
    let received = everybody.iter().any(|other| passes(other, new));
    [sent, received]
}

/// Takes away a policy, a rule, a peer or an item of ports.
fn edit(world: &mut World, rng: &mut Rng) -> bool {
    let names: Vec<_> = world.policies.keys().cloned().collect();
    let Some(name) = (!names.is_empty()).then(|| names[rng.usize(..names.len())].clone()) else {
        return false;
    };
    if rng.u8(..4) == 0 {
        return world.policies.remove(&name).is_some();
    }
    let policy = world.policies.get_mut(&name).expect("it was there");
    narrow(policy, rng)
}

fn narrow(policy: &mut NetworkPolicy, rng: &mut Rng) -> bool {
    let rules = if rng.bool() { &mut policy.ingress } else { &mut policy.egress };
    if rules.is_empty() {
        return false;
    }
    let number = rng.usize(..rules.len());
    match rng.u8(..3) {
        0 if rules[number].peers.len() > 1 => drop(rules[number].peers.pop()),
        1 if rules[number].ports.len() > 1 => drop(rules[number].ports.pop()),
        _ => drop(rules.remove(number)),
    }
    true
}

/// The first flow that two worlds with the same pods answer differently, one by one over everything that could matter.
fn first_difference(before: &World, after: &World) -> Option<Flow> {
    let engines = [Engine::new(before), Engine::new(after)];
    let ports = ports(before);
    let ends: Vec<Endpoint> = pods(before).chain(strangers(&engines)).collect();
    for (source, destination) in ends.iter().flat_map(|a| ends.iter().map(move |b| (a, b))) {
        if same_end(source, destination) || !share_family(source, destination) {
            continue;
        }
        for layer4 in &ports {
            let flow = Flow { source: source.clone(), destination: destination.clone(), layer4: *layer4 };
            let [Ok(a), Ok(b)] = [&engines[0], &engines[1]].map(|engine| engine.answer(&flow)) else {
                continue;
            };
            if by_policies(&a) != by_policies(&b) {
                return Some(flow);
            }
        }
    }
    None
}

/// What the policies say, whatever passes anyway; whose facts are missing does not matter.
fn by_policies(answer: &Answer) -> std::mem::Discriminant<Outcome> {
    let sides = answer.sides().map(|side| side.outcome.clone());
    std::mem::discriminant(&sides.fold(Outcome::Allowed, Outcome::and))
}

fn pods(world: &World) -> impl Iterator<Item = Endpoint> {
    let peers = world.pods.values().filter(|pod| pod.is_policed() && pod.addresses != Addresses::NotYet);
    peers.flat_map(|pod| {
        let id = &pod.meta.id;
        let known = pod.ips().iter().map(|ip| Endpoint::Pod { id: id.clone(), address: Some(*ip) });
        let unknown = pod.ips().is_empty().then(|| Endpoint::Pod { id: id.clone(), address: None });
        known.chain(unknown).collect::<Vec<_>>()
    })
}

/// The first and last addresses of each class of either world that no pod has.
fn strangers(engines: &[Engine; 2]) -> impl Iterator<Item = Endpoint> {
    let mut found: BTreeSet<IpAddr> = BTreeSet::new();
    for engine in engines {
        for class in engine.classes().iter().filter(|class| class.kind() != ClassKind::Pods) {
            found.extend(class.ranges.iter().flat_map(|range| [range.first(), range.last()]));
        }
    }
    found.retain(|ip| engines[0].pod_with_address(*ip).is_none());
    found.into_iter().map(Endpoint::Ip)
}

fn same_end(a: &Endpoint, b: &Endpoint) -> bool {
    match (a, b) {
        (Endpoint::Pod { id: a, .. }, Endpoint::Pod { id: b, .. }) => a == b,
        (Endpoint::Ip(_), Endpoint::Ip(_)) => true, // nothing is ever refused between strangers
        _ => false,
    }
}

fn share_family(a: &Endpoint, b: &Endpoint) -> bool {
    match (a.address(), b.address()) {
        (Some(a), Some(b)) => Family::of(a) == Family::of(b),
        _ => true,
    }
}

/// Every port that policies or pods mention, its neighbours, and ICMP.
fn ports(world: &World) -> Vec<Layer4> {
    let mut numbers: BTreeSet<u16> = BTreeSet::from([1, 65535]);
    let mut add =
        |number: Port| numbers.extend([number.get() - 1, number.get(), number.get().saturating_add(1)]);
    world.pods.values().flat_map(|pod| &pod.ports).for_each(|port| add(port.number));
    let rules = world.policies.values().flat_map(|policy| policy.ingress.iter().chain(&policy.egress));
    for item in rules.flat_map(|rule| &rule.ports) {
        if let PortSpec::Range(range) = &item.ports {
            add(range.first());
            add(range.last());
        }
    }
    let numbers: Vec<Port> = numbers.into_iter().filter_map(Port::new).collect();
    let of = |protocol| numbers.iter().map(move |number| Layer4::Port(protocol, *number));
    Protocol::ALL.into_iter().flat_map(of).chain([Layer4::Icmp]).collect()
}
