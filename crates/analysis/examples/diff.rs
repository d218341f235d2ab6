//! What a difference costs: `cargo run --release -p podfence-analysis --example diff [PODS [POLICIES]]`.
//!
//! A world of 500 pods in 50 namespaces with 500 policies, and the same with every tenth policy gone.

use std::time::Instant;

use podfence_analysis::diff::{Snapshot, diff};
use podfence_engine::Engine;
use podfence_testkit::scale;

const PODS: usize = 500;

fn main() {
    let mut numbers = std::env::args().skip(1).filter_map(|text| text.parse().ok());
    let pods = numbers.next().unwrap_or(PODS);
    let policies = numbers.next().unwrap_or(pods);
    let before = scale::world(pods, pods.div_ceil(10), policies);
    let mut after = before.clone();
    let gone: std::collections::BTreeSet<_> = after.policies.keys().step_by(10).cloned().collect();
    after.policies.retain(|id, _| !gone.contains(id));
    let begun = Instant::now();
    let [old, new] = [&before, &after].map(Engine::new);
    let indexed = begun.elapsed();
    let begun = Instant::now();
    let difference =
        diff(Snapshot { world: &before, engine: &old }, Snapshot { world: &after, engine: &new });
    let compared = begun.elapsed();
    let begun = Instant::now();
    let reasons: usize = difference.changes.iter().map(|change| difference.reasons(change).len()).sum();
    println!("{pods} pods, {policies} policies, {} of them gone", gone.len());
    println!("index both      {indexed:>12.1?}");
    println!("compare         {compared:>12.1?}  {} changes", difference.changes.len());
    println!("all reasons     {:>12.1?}  {reasons} reasons", begun.elapsed());
}
