//! What new pods are said to reach is what the engine says once such a pod is there.

use std::collections::BTreeSet;
use std::net::IpAddr;

use podfence_analysis::overview::{Exposure, Filter, Folding, Line, Overview};
use podfence_analysis::{NewPlace, NewPod};
use podfence_engine::{Engine, FlowError, Outcome};
use podfence_model::{
    Addresses, Endpoint, Family, Flow, Labels, Layer4, Meta, Namespace, NamespaceScope, NamespacedName,
    Operator, Origin, PeerKind, Pod, Port, PortSet, Protocol, World,
};
use podfence_testkit::generate::{self, Rng};

const WORLDS: u64 = 250;
/// A pod, and which of its addresses is meant.
type End = (NamespacedName, Option<IpAddr>);

const NEW_NAME: &str = "brand-new";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    Denied,
    Allowed,
    Undecidable,
}

fn random_world(seed: u64) -> World {
    let mut world = generate::world(seed);
    world.expand_workloads();
    let mut rng = Rng::with_seed(seed);
    // Labels of some namespaces are not known, and addresses of some pods.
    for namespace in world.namespaces.values_mut().filter(|_| rng.u8(..8) == 0) {
        *namespace = Namespace::implied(&namespace.name);
    }
    for pod in world.pods.values_mut().filter(|pod| !pod.host_network && rng.u8(..8) == 0) {
        pod.addresses = Addresses::Unstated;
    }
    world
}

/// The world with one new pod more, and the pod's name.
fn with(world: &World, new: &NewPod) -> (World, NamespacedName) {
    let mut world = world.clone();
    let origin = Origin::Assumed("test");
    let namespace = match &new.place {
        NewPlace::Namespace(name) => name.clone(),
        NewPlace::NewNamespace(labels) => {
            let name = labels.get("kubernetes.io/metadata.name").map_or(NEW_NAME, String::as_str);
            world.namespaces.insert(name.into(), Namespace::new(name, labels.clone(), origin.clone()));
            name.to_owned()
        }
    };
    let id = NamespacedName::new(namespace, NEW_NAME);
    let pod = Pod {
        meta: Meta { id: id.clone(), labels: new.labels.clone(), origin },
        workload: None,
        node: None,
        addresses: Addresses::Unstated,
        host_network: false,
        life: podfence_model::Life::Present,
        ready: true,
        ports: podfence_model::Shared::new(),
    };
    world.pods.insert(id.clone(), pod);
    (world, id)
}

fn engine_says(engine: &Engine, from: &NamespacedName, to: &End, layer4: Layer4) -> Result<Said, FlowError> {
    let source = Endpoint::Pod { id: from.clone(), address: None };
    let destination = Endpoint::Pod { id: to.0.clone(), address: to.1 };
    let answer = engine.answer(&Flow { source, destination, layer4 })?;
    Ok(match answer.outcome {
        Outcome::Denied => Said::Denied,
        Outcome::Allowed => Said::Allowed,
        Outcome::Undecidable(_) => Said::Undecidable,
    })
}

/// What an exposure says of a new pod and a pod.
fn exposure_says(
    exposure: &Exposure,
    overview: &Overview<'_>,
    new: &NewPod,
    (to, address): &End,
) -> [PortSet; 2] {
    use podfence_analysis::ends::EndName;
    let holds = |name: &EndName| matches!(name, EndName::NewPods(pods) if pods.holds(new));
    let is_to = |name: &EndName| overview.directory().pods(name).contains(to);
    let rows = exposure.rows.iter().filter(|row| row.to.iter().any(is_to));
    let is_of =
        |line: &&Line| line.family.is_none_or(|family| address.is_none_or(|ip| Family::of(ip) == family));
    let lines = rows.flat_map(|row| &row.lines).filter(is_of);
    let lines: Vec<&Line> = lines.filter(|line| line.from.iter().any(holds)).collect();
    [true, false].map(|certain| {
        let lines = lines.iter().filter(|line| line.certain == certain);
        lines.fold(PortSet::NONE, |all, line| all.union(&line.ports))
    })
}

fn layers(world: &World) -> Vec<Layer4> {
    let mut ports: BTreeSet<Port> = generate::interesting_ports(world);
    ports.extend(Port::new(4242));
    let of = |port: Port| [Protocol::Tcp, Protocol::Udp].map(|protocol| Layer4::Port(protocol, port));
    ports.into_iter().flat_map(of).chain([Layer4::Icmp]).collect()
}

/// Pods at each of their addresses; once those whose addresses nobody states.
fn destinations(world: &World) -> Vec<End> {
    let engine = Engine::new(world);
    let mut ends = Vec::new();
    for pod in world.pods.values().filter(|pod| pod.is_policed()) {
        let id = &pod.meta.id;
        let its_own = |ip: &&IpAddr| engine.pod_with_address(**ip) == engine.pod_id(id);
        ends.extend(pod.ips().iter().filter(its_own).map(|ip| (id.clone(), Some(*ip))));
        ends.extend((pod.addresses == Addresses::Unstated).then(|| (id.clone(), None)));
    }
    ends
}

#[test]
fn new_pods_reach_what_the_engine_says_once_they_are_there() {
    let mut seen = [0_usize; 3];
    for seed in 0..WORLDS {
        let world = random_world(seed);
        let engine = Engine::new(&world);
        let overview = Overview::new(&world, &engine);
        let exposure = overview.exposure(&world, &Filter::default(), Folding::Folded);
        let layers = layers(&world);
        let mut rng = Rng::with_seed(seed);
        for new in exposure.new_pods.iter().step_by(3) {
            let (wider, from) = with(&world, new);
            let wider = Engine::new(&wider);
            for to in destinations(&world) {
                let [certain, possible] = exposure_says(&exposure, &overview, new, &to);
                for layer4 in layers.iter().skip(rng.usize(..3)).step_by(3) {
                    let wanted = engine_says(&wider, &from, &to, *layer4);
                    let said = match (certain.contains(*layer4), possible.contains(*layer4)) {
                        (true, _) => Said::Allowed,
                        (false, true) => Said::Undecidable,
                        (false, false) => Said::Denied,
                    };
                    assert_eq!(Ok(said), wanted, "seed {seed}: {new:?} to {to:?} on {layer4:?}");
                    seen[said as usize] += 1;
                }
            }
        }
    }
    println!("denied, allowed, undecidable: {seen:?}");
    assert!(seen.iter().all(|count| *count > 3_000), "{seen:?}");
}

/// Whatever labels a new pod has, what it reaches is said of some new pod of its namespace.
#[test]
fn no_label_opens_more_than_those_that_rules_name() {
    let mut reached = 0;
    for seed in 0..WORLDS {
        let world = random_world(seed);
        let engine = Engine::new(&world);
        let overview = Overview::new(&world, &engine);
        let exposure = overview.exposure(&world, &Filter::default(), Folding::Folded);
        let mut rng = Rng::with_seed(seed);
        for namespace in world.namespaces.keys() {
            let place = NewPlace::Namespace(namespace.clone());
            let labels = random_labels(&world, &mut rng);
            let (wider, from) = with(&world, &NewPod { place: place.clone(), labels: labels.clone() });
            let wider = Engine::new(&wider);
            let here: Vec<&NewPod> = exposure.new_pods.iter().filter(|new| new.place == place).collect();
            for to in destinations(&world) {
                let said = here.iter().map(|new| exposure_says(&exposure, &overview, new, &to));
                let said = said.fold(PortSet::NONE, |all, [a, b]| all.union(&a).union(&b));
                for layer4 in layers(&world) {
                    if engine_says(&wider, &from, &to, layer4) == Ok(Said::Allowed) {
                        assert!(
                            said.contains(layer4),
                            "seed {seed}: {labels:?} in {namespace} to {to:?} on {layer4:?}"
                        );
                        reached += 1;
                    }
                }
            }
        }
    }
    assert!(reached > 3_000, "{reached}");
}

/// What is said of pods with labels that meet a rule, or miss it by what it excludes, is what the engine says of such a pod.
#[test]
fn labels_that_a_rule_names_are_told_of_rightly() {
    let (mut reached, mut refused) = (0, 0);
    for seed in 0..WORLDS {
        let world = random_world(seed);
        let engine = Engine::new(&world);
        let overview = Overview::new(&world, &engine);
        let exposure = overview.exposure(&world, &Filter::default(), Folding::Folded);
        let mut rng = Rng::with_seed(seed);
        for namespace in world.namespaces.values() {
            let Some(labels) = labels_of_a_rule(&world, namespace, &mut rng) else { continue };
            let new = NewPod { place: NewPlace::Namespace(namespace.name.clone()), labels };
            let (wider, from) = with(&world, &new);
            let wider = Engine::new(&wider);
            for to in destinations(&world) {
                let [certain, _] = exposure_says(&exposure, &overview, &new, &to);
                for layer4 in layers(&world) {
                    let allowed = engine_says(&wider, &from, &to, layer4) == Ok(Said::Allowed);
                    assert_eq!(
                        certain.contains(layer4),
                        allowed,
                        "seed {seed}: {new:?} to {to:?} on {layer4:?}"
                    );
                    *(if allowed { &mut reached } else { &mut refused }) += 1;
                }
            }
        }
    }
    assert!(reached > 3_000 && refused > 3_000, "{reached} {refused}");
}

/// Labels drawn from one ingress rule's selector that looks into a namespace; half of the time with one that it excludes.
fn labels_of_a_rule(world: &World, namespace: &Namespace, rng: &mut Rng) -> Option<Labels> {
    let mut selectors = Vec::new();
    for policy in world.policies.values().filter(|policy| policy.directions.ingress) {
        for peer in policy.ingress.iter().flat_map(|rule| &rule.peers) {
            match &peer.kind {
                PeerKind::Pods { namespaces: NamespaceScope::Own, pods }
                    if policy.meta.id.namespace == namespace.name =>
                {
                    selectors.push(pods);
                }
                PeerKind::Pods { namespaces: NamespaceScope::Matching(selector), pods }
                    if namespace.labels_known && selector.matches(&namespace.labels) =>
                {
                    selectors.push(pods);
                }
                _ => {}
            }
        }
    }
    let selector = (!selectors.is_empty()).then(|| selectors[rng.usize(..selectors.len())])?;
    let with_excluded = rng.bool();
    let mut labels = Labels::new();
    for requirement in selector.requirements() {
        let value = match &requirement.operator {
            Operator::In(values) => values.iter().nth(rng.usize(..values.len())).cloned(),
            Operator::Exists => Some(String::new()),
            Operator::NotIn(values) if with_excluded => values.first().cloned(),
            Operator::DoesNotExist if with_excluded => Some(String::new()),
            Operator::NotIn(_) | Operator::DoesNotExist => None,
        };
        if let Some(value) = value {
            labels.entry(requirement.key.clone()).or_insert(value);
        }
    }
    Some(labels)
}

/// Some labels of some of the world's pods, in one pod.
fn random_labels(world: &World, rng: &mut Rng) -> Labels {
    let all = world.pods.values().flat_map(|pod| &pod.meta.labels);
    all.filter(|_| rng.u8(..4) == 0).map(|(key, value)| (key.clone(), value.clone())).collect()
}
