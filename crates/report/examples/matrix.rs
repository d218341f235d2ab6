//! What a matrix costs: `cargo run --release -p podfence-report --example matrix -- WORKLOADS [REPLICAS]`.
//!
//! Makes that many Deployments and as many policies, reads them, and prints the time of each step from there to the text of the
//! table. With `--print` the manifests themselves are printed instead.

use std::time::Instant;

use podfence_analysis::overview::{Filter, Folding, Overview};
use podfence_engine::Engine;
use podfence_report::matrix;
use podfence_source::{Input, Options, read};
use podfence_testkit::manifests;

fn main() {
    let numbers: Vec<usize> = std::env::args().skip(1).filter_map(|a| a.parse().ok()).collect();
    let (workloads, replicas) = match numbers[..] {
        [workloads] => (workloads, 1),
        [workloads, replicas] => (workloads, replicas),
        _ => return eprintln!("usage: matrix WORKLOADS [REPLICAS] [--print]"),
    };
    let text = manifests::text(workloads, replicas);
    if std::env::args().any(|argument| argument == "--print") {
        return print!("{text}");
    }
    measure(text);
}

fn measure(text: String) {
    let size = text.len();
    let mut watch = Watch(Instant::now());
    let Ok(loaded) =
        read(&[Input::Bytes { name: "generated".into(), bytes: text.into_bytes() }], &Options::default())
    else {
        return eprintln!("the generated manifests cannot be read");
    };
    watch.lap(&format!("parse {} kB", size / 1000));
    let mut world = loaded.world;
    drop((loaded.sources, loaded.notes));
    let whole = Instant::now();
    world.expand_workloads();
    watch.lap("expand");
    let engine = Engine::new(&world);
    watch.lap("engine");
    let overview = Overview::new(&world, &engine);
    watch.lap("matrix");
    let table = overview.table(&Filter::default(), Folding::Short(8));
    watch.lap("table");
    let text = matrix::text(&table, None, 100);
    watch.lap("text");
    println!("after parsing {:>10.2?}", whole.elapsed());
    println!(
        "{} pods, {} policies, {} classes, {} groups, {} rows, {} kB of text",
        world.pods.len(),
        world.policies.len(),
        engine.classes().len(),
        overview.matrix().groups().len(),
        table.rows.len(),
        text.len() / 1000
    );
    memory();
}

/// Prints how long each step took.
struct Watch(Instant);

impl Watch {
    fn lap(&mut self, step: &str) {
        println!("{step:<15}{:>10.2?}", self.0.elapsed());
        self.0 = Instant::now();
    }
}

fn memory() {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().filter(|line| line.starts_with("VmHWM")).for_each(|line| println!("{line}"));
}
