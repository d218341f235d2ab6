//! The graph says of all flows what the engine says: an edge is there for everything that passes, and for nothing else.

use podfence_analysis::graph::{CardId, Choice, Graph, Unit, Who, traces};
use podfence_engine::{Engine, Outcome};
use podfence_model::{Direction, Endpoint, Family, Flow};
use podfence_testkit::describe;
use podfence_testkit::generate::{self, Rng};

const WORLDS: u64 = 150;
const FLOWS: usize = 60;

/// The card of a pod or an address.
fn card_of(engine: &Engine, graph: &Graph, end: &Endpoint) -> Option<CardId> {
    let holds = |who: &Who| match (who, end) {
        (Who::Pods { members, .. }, Endpoint::Pod { id, .. }) => {
            members.iter().any(|member| member.pods.contains(id))
        }
        (Who::UnknownPods(ranges) | Who::Outside(ranges), Endpoint::Ip(ip)) => {
            engine.pod_with_address(*ip).is_none() && ranges.iter().any(|range| range.contains(*ip))
        }
        _ => false,
    };
    graph.cards_with_ids().find(|(_, card)| holds(&card.who)).map(|(id, _)| id)
}

/// Whether edges say that a flow passes for certain, and perhaps.
fn said(graph: &Graph, flow: &Flow, family: Option<Family>, (from, to): (CardId, CardId)) -> (bool, bool) {
    let mut edges = graph.edges.iter().filter(|edge| {
        graph.holds(&edge.from, from)
            && graph.holds(&edge.to, to)
            && edge.link.family.is_none_or(|f| Some(f) == family)
    });
    let sure = edges.clone().any(|edge| edge.link.certain.contains(flow.layer4));
    (sure, sure || edges.any(|edge| edge.link.open.contains(flow.layer4)))
}

#[test]
fn edges_say_what_the_engine_says() {
    let mut compared = [0; 3];
    for seed in 0..WORLDS {
        let world = generate::world(seed);
        let engine = Engine::new(&world);
        let graph =
            Graph::new(&world, &engine, &Choice { all: true, ..Choice::default() }).expect("a small world");
        for flow in generate::flows(&world, &mut Rng::with_seed(seed), FLOWS) {
            let ends = [&flow.source, &flow.destination].map(|end| card_of(&engine, &graph, end));
            let [Some(from), Some(to)] = ends else { continue };
            let Ok(answer) = engine.answer(&flow) else { continue };
            let pods = [from, to].map(|id| graph.card(id).namespace().is_some());
            if answer.always.is_some() || pods == [false, false] {
                continue;
            }
            let families: Vec<Family> = answer.source.addresses().iter().map(|ip| Family::of(*ip)).collect();
            let family =
                flow.source.address().or(flow.destination.address()).map(Family::of).or(match families[..] {
                    [only] => Some(only),
                    _ => None,
                });
            let by_family = graph.edges.iter().any(|edge| edge.link.family.is_some());
            if family.is_none() && by_family {
                continue; // a flow of either family: the engine answers for both at once
            }
            let wanted = match answer.outcome {
                Outcome::Denied => (false, false),
                Outcome::Undecidable(_) => (false, true),
                Outcome::Allowed => (true, true),
            };
            let saying = said(&graph, &flow, family, (from, to));
            assert_eq!(saying, wanted, "seed {seed}\n{}", describe::failure(&world, &flow));
            compared[usize::from(wanted.0) + usize::from(wanted.1)] += 1;
        }
    }
    println!("denied, undecidable, allowed: {compared:?}");
    assert!(compared[0] > 500 && compared[2] > 500, "{compared:?}");
}

/// What is left out is what no policy decides, and what is there leads to answers that agree.
#[test]
fn what_no_policy_decides_is_left_out_and_the_rest_has_traces() {
    for seed in 0..WORLDS {
        let world = generate::world(seed);
        let engine = Engine::new(&world);
        let graph = Graph::new(&world, &engine, &Choice::default()).expect("a small world");
        for edge in &graph.edges {
            for (from, to) in &edge.pairs {
                let isolated = [(from, Direction::Egress), (to, Direction::Ingress)]
                    .iter()
                    .any(|(id, direction)| !graph.card(**id).isolating(*direction).is_empty());
                assert!(isolated, "seed {seed}: {edge:?}");
            }
            for trace in traces(&world, &engine, &graph, edge) {
                let open = edge.link.certain.is_empty();
                let outcome = &trace.path.answer.outcome;
                assert!(*outcome != Outcome::Denied, "seed {seed}: {edge:?}\n{outcome:?}");
                assert!(!open || *outcome != Outcome::Allowed, "seed {seed}: {edge:?}");
            }
        }
    }
}

/// Hundreds of pods under one rule for everybody are one edge.
#[test]
fn a_rule_for_everybody_is_one_edge() {
    use podfence_testkit::build::{self, Put};
    let mut world = podfence_model::World::default();
    for number in 0..300 {
        let name = format!("ns-{}/pod-{number}", number % 30);
        let address = format!("10.0.{}.{}", number / 100, number % 100 + 1);
        world.put(build::pod(&name, "node", &[&address], &[("app", format!("a{number}").as_str())]));
    }
    for namespace in 0..30 {
        world.put(build::ingress(&format!("ns-{namespace}/open"), build::everything(), vec![build::open()]));
    }
    world.expand_workloads();
    let engine = Engine::new(&world);
    let graph = Graph::new(&world, &engine, &Choice::default()).expect("a small world");
    let ends: Vec<(&Unit, &Unit)> = graph.edges.iter().map(|edge| (&edge.from, &edge.to)).collect();
    assert_eq!(ends, [(&Unit::Everybody, &Unit::EveryPod)]);
}
