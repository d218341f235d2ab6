//! Reads manifests and prints what was found: `cargo run -p podfence-source --example read -- PATH…`.

use std::process::ExitCode;
use std::time::Instant;

use podfence_source::{Input, Options, read};

fn main() -> ExitCode {
    let inputs: Vec<Input> = std::env::args_os().skip(1).map(|a| Input::from_argument(&a)).collect();
    let start = Instant::now();
    let result = read(&inputs, &Options::default());
    let took = start.elapsed();
    let (found, code) = match &result {
        Ok(loaded) => (&loaded.notes, ExitCode::SUCCESS),
        Err(refused) => (&refused.diagnostics, ExitCode::from(2)),
    };
    for diagnostic in found {
        println!("{diagnostic}");
    }
    if let Ok(loaded) = &result {
        let w = &loaded.world;
        println!(
            "{} namespaces, {} pods, {} workloads, {} services, {} policies, {} unknown in {took:?}",
            w.namespaces.len(),
            w.pods.len(),
            w.workloads.len(),
            w.services.len(),
            w.policies.len(),
            w.unknown.len(),
        );
    }
    code
}
