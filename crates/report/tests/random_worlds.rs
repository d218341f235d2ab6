//! Every question about any world can be asked, and every answer can be written down.
//!
//! Random worlds, and in each every kind of name as source and destination: nothing panics, the JSON is JSON,
//! and between two pods the verdict is the engine's.

use podfence_analysis::{
    AskError, Explanation, PortName, Question, Reply, Target, Verdict, assumed, explain, portrait, short_kind,
};
use podfence_engine::{Engine, Outcome};
use podfence_model::{Endpoint, Flow, Kind, Layer4, NamespacedName, Protocol, World};
use podfence_report::{json, terminal};
use podfence_source::SourceMap;
use podfence_testkit::build::port;
use podfence_testkit::generate::world;
use podfence_testkit::schemas;

const SEEDS: u64 = 60;
/// Every how many answers one is held against the schema.
const CHECKED: usize = 50;

fn ask<'w>(
    world: &'w World,
    engine: &Engine,
    source: &str,
    destination: &str,
) -> Result<Explanation<'w>, AskError> {
    let question = Question {
        source: Target::parse(source, world)?,
        destination: Target::parse(destination, world)?,
        port: Some(PortName::Number(port(80))),
        protocol: None,
        namespace: None,
    };
    explain(world, engine, &question)
}

/// Some names of every kind, as a user may type them.
fn names(world: &World) -> Vec<String> {
    let named =
        |kind: &Kind, id: &NamespacedName| format!("{}/{}/{}", id.namespace, short_kind(kind), id.name);
    let pods = world.pods.keys().map(|id| named(&Kind::Pod, id)).step_by(3);
    let services = world.services.keys().map(|id| named(&Kind::Service, id));
    let workloads =
        world.workloads.keys().map(|w| format!("{}/{}/{}", w.namespace, short_kind(&w.kind), w.name));
    let nodes = world.nodes.keys().map(|name| format!("node/{name}"));
    let namespaces = world.namespaces.keys().map(|name| format!("ns/{name}")).take(1);
    let addresses = world.pods.values().filter_map(|p| p.ips().first()).map(ToString::to_string).take(2);
    let outside = ["203.0.113.7", "2001:db8::7", "8.8.8.8"].map(str::to_owned);
    pods.chain(services)
        .chain(workloads)
        .chain(nodes)
        .chain(namespaces)
        .chain(addresses)
        .chain(outside)
        .collect()
}

fn with_dns(seed: u64) -> World {
    let mut world = world(seed);
    assumed::add_cluster_dns(&mut world);
    world
}

/// Questions without a port.
#[test]
fn every_answer_about_many_ports_can_be_written_down() {
    let mut answered = 0_usize;
    for seed in 0..SEEDS / 6 {
        let world = with_dns(seed);
        let engine = Engine::new(&world);
        let names = names(&world);
        for (source, destination) in names.iter().flat_map(|s| names.iter().map(move |d| (s, d))) {
            let [Ok(source), Ok(destination)] = [source, destination].map(|n| Target::parse(n, &world))
            else {
                continue;
            };
            let question = Question { source, destination, port: None, protocol: None, namespace: None };
            let (text, written, name) = match podfence_analysis::ask(&world, &engine, &question, true) {
                Ok(Reply::EveryPort(ports)) => {
                    (terminal::every_port(&ports), json::every_port(&ports), "explain-ports-v1")
                }
                Ok(Reply::Service(ports)) => {
                    (terminal::service_ports(&ports), json::service_ports(&ports), "explain-service-v1")
                }
                Ok(Reply::Port(one)) => (
                    terminal::explain(&one, &SourceMap::default(), None),
                    json::explain(&one, None),
                    "explain-v1",
                ),
                Ok(Reply::Ingress(answer)) => (
                    terminal::ingress(&answer, &SourceMap::default()),
                    json::ingress(&answer),
                    "explain-ingress-v1",
                ),
                Err(_) => continue,
            };
            answered += 1;
            assert!(text.contains('→'), "{text}");
            if answered.is_multiple_of(CHECKED) {
                assert_eq!(schemas::check(&written).as_deref(), Ok(name), "{written}");
            }
        }
    }
    assert!(answered > 1_000, "{answered}");
}

#[test]
fn every_answer_can_be_written_down() {
    let (mut answered, mut refused) = (0_usize, 0_usize);
    for seed in 0..SEEDS {
        let world = with_dns(seed);
        let engine = Engine::new(&world);
        let names = names(&world);
        for (source, destination) in names.iter().flat_map(|s| names.iter().map(move |d| (s, d))) {
            match ask(&world, &engine, source, destination) {
                Ok(explanation) => {
                    answered += 1;
                    assert!(terminal::explain(&explanation, &SourceMap::default(), None).contains('→'));
                    let text = json::explain(&explanation, None);
                    if answered % CHECKED == 0 {
                        assert_eq!(schemas::check(&text).as_deref(), Ok("explain-v1"), "{text}");
                    }
                }
                Err(error) => {
                    refused += 1;
                    assert!(!error.to_string().is_empty());
                }
            }
        }
    }
    assert!(answered > 4 * refused, "{answered} answered, {refused} refused: too few real questions");
}

#[test]
fn between_two_pods_the_verdict_is_the_engines() {
    let mut seen = [0; 3];
    for seed in 0..SEEDS {
        let world = with_dns(seed);
        let engine = Engine::new(&world);
        for (source, destination) in world.pods.keys().zip(world.pods.keys().skip(1)) {
            let text = |id: &NamespacedName| format!("{}/pod/{}", id.namespace, id.name);
            let Ok(explanation) = ask(&world, &engine, &text(source), &text(destination)) else { continue };
            let layer4 = explanation.paths[0].layer4;
            assert!(matches!(layer4, Layer4::Port(Protocol::Tcp | Protocol::Udp | Protocol::Sctp, _)));
            let end = |id: &NamespacedName| Endpoint::Pod { id: id.clone(), address: None };
            let flow = Flow { source: end(source), destination: end(destination), layer4 };
            let outcome = engine.answer(&flow).expect("the same flow").outcome;
            // Where the engine says "it hangs on which address", explain asks about each.
            let agrees = match outcome {
                Outcome::Allowed => explanation.verdict == Verdict::Allowed,
                Outcome::Denied => explanation.verdict == Verdict::Denied,
                Outcome::Undecidable(_) => true,
            };
            assert!(agrees, "seed {seed}, {flow}: {:?} but {outcome:?}", explanation.verdict);
            seen[match outcome {
                Outcome::Allowed => 0,
                Outcome::Denied => 1,
                Outcome::Undecidable(_) => 2,
            }] += 1;
        }
    }
    assert!(seen.iter().all(|n| *n > 10), "allowed, denied, undecidable: {seen:?}");
}

#[test]
fn every_object_can_be_read_back() {
    for seed in 0..SEEDS {
        let world = with_dns(seed);
        let engine = Engine::new(&world);
        let policies = world.policies.keys().map(|id| format!("{}/netpol/{}", id.namespace, id.name));
        for (n, name) in names(&world).into_iter().chain(policies).enumerate() {
            let target = Target::parse(&name, &world).expect("a name");
            let Ok(portrait) = portrait(&world, &engine, &target, None) else { continue };
            assert!(terminal::portrait(&portrait, &[]).contains("always"), "{name}");
            if n % CHECKED == 0 {
                let text = json::portrait(&portrait, &[], &SourceMap::default());
                assert_eq!(schemas::check(&text).as_deref(), Ok("explain-object-v1"), "{text}");
            }
        }
    }
}
