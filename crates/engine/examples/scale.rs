//! Builds a large seeded world and prints what it costs: `cargo run --release -p podfence-engine --example scale -- PODS NAMESPACES POLICIES`.

use std::time::Instant;

use podfence_engine::Engine;
use podfence_model::{Direction, Endpoint, Flow, Layer4, Port, Protocol};
use podfence_testkit::scale;

fn main() {
    let numbers: Vec<usize> = std::env::args().skip(1).filter_map(|a| a.parse().ok()).collect();
    let [pods, namespaces, policies] = numbers[..] else {
        eprintln!("usage: scale PODS NAMESPACES POLICIES");
        return;
    };
    let world = scale::world(pods, namespaces, policies);
    let ids: Vec<_> = world.pods.keys().cloned().collect();
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
    println!("build {built:?} compile {compile:?} answer {answer:?}");
    if let Ok(status) = std::fs::read_to_string("/proc/self/status") {
        status
            .lines()
            .filter(|l| l.starts_with("VmHWM") || l.starts_with("VmRSS"))
            .for_each(|l| println!("{l}"));
    }
}
