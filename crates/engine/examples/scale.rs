//! Builds a large seeded world and prints what it costs: `cargo run --release -p podfence-engine --example scale -- PODS NAMESPACES POLICIES`.

use std::time::{Duration, Instant};

use podfence_engine::{Compiled, Engine};
use podfence_model::{
    Direction, Endpoint, Flow, Layer4, NamespacedName, NetworkPolicy, Object, ObjectKey, Port, Protocol,
};
use podfence_testkit::scale;

fn main() {
    let numbers: Vec<usize> = std::env::args().skip(1).filter_map(|a| a.parse().ok()).collect();
    let [pods, namespaces, policies] = numbers[..] else {
        eprintln!("usage: scale PODS NAMESPACES POLICIES");
        return;
    };
    let world = scale::world(pods, namespaces, policies);
    let ids: Vec<_> = world.pods.keys().cloned().collect();
    let policy_names: Vec<_> = world.policies.keys().cloned().collect();
    let begun = Instant::now();
    let mut engine = Engine::from(world);
    let built = begun.elapsed();
    let begun = Instant::now();
    let compiled = engine.compile(engine.pod_ids());
    let compile = begun.elapsed();
    let flow = |i: usize| Flow {
        source: Endpoint::Pod { id: ids[i * 7919 % ids.len()].clone(), address: None },
        destination: Endpoint::Pod { id: ids[i * 104_729 % ids.len()].clone(), address: None },
        layer4: Layer4::Port(Protocol::Tcp, Port::new(8080).unwrap_or(Port::MIN)),
    };
    let flows: Vec<Flow> = (0..10_000).map(flow).collect();
    let begun = Instant::now();
    let answered = flows.iter().filter(|f| engine.answer(f).is_ok()).count();
    let answer = begun.elapsed() / u32::try_from(answered).unwrap_or(1);
    let isolated = engine.pod_ids().filter(|p| compiled.program_of(*p, Direction::Ingress).is_some()).count();
    println!(
        "classes {} programs {} unions {} isolated {isolated}",
        engine.classes().len(),
        compiled.programs().count(),
        compiled.unions().count()
    );
    let begun = Instant::now();
    let mut moves = 0;
    for i in 0..10_000 {
        let Some(id) = engine.pod_id(&ids[i * 31 % ids.len()]) else { continue };
        let mut pod = engine.pod(id).clone();
        pod.meta.labels.insert("app".into(), format!("app-{}", i % 10));
        moves += engine.put_pod(pod).len();
    }
    println!("event {:?} ({moves} moves)", begun.elapsed() / 10_000);
    println!("{}", edit_policies(&mut engine, compiled, &policy_names));
    println!("build {built:?} compile {compile:?} answer {answer:?}");
    memory();
}

fn memory() {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().filter(|l| l.starts_with("VmHWM") || l.starts_with("VmRSS")).for_each(|l| println!("{l}"));
}

/// Gives policies the rules of others, one by one, and compiles what each changes: its namespace's pods, for all peers of
/// the cluster. What the median and the slowest hundredth took, engine and compilation apart.
fn edit_policies(engine: &mut Engine, mut compiled: Compiled, names: &[NamespacedName]) -> String {
    let (mut told, mut verified, mut stale) = (Vec::new(), Vec::new(), 0);
    for edit in 0..1_000 {
        let policy = |number: usize| {
            let name = names[number % names.len()].clone();
            match engine.object(&ObjectKey::Policy(name)) {
                Some(Object::Policy(policy)) => Some(*policy),
                _ => None,
            }
        };
        let (Some(one), Some(other)) = (policy(edit * 7_919), policy(edit * 104_729 + 1)) else { continue };
        let changed = NetworkPolicy { ingress: other.ingress, egress: other.egress, ..one };
        let namespace = changed.meta.id.namespace.clone();
        let begun = Instant::now();
        engine.put_policy(changed);
        told.push(begun.elapsed());
        if compiled.learn(engine).is_err() {
            compiled = engine.compile(engine.pod_ids());
            stale += 1;
        }
        for pod in engine.pods_in(&namespace) {
            compiled.bind(engine, *pod);
        }
        verified.push(begun.elapsed());
    }
    format!("policy {} compiled {} ({stale} from the start)", spread(told), spread(verified))
}

fn spread(mut all: Vec<Duration>) -> String {
    all.sort_unstable();
    let at = |part: usize| all.get(all.len() * part / 100).copied().unwrap_or_default();
    format!("p50 {:?} p99 {:?}", at(50), at(99))
}
