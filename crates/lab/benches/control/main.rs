//! What a change costs, from a pod's event to the kernel's acknowledgement; see `docs/performance.md`.
//!
//! `cargo bench -p podfence-lab --bench control` prints one Markdown table. A word after `--` picks the rows whose name
//! holds it. Runs rootless, in namespaces of its own. Beside each event stands the *floor*: a transaction of as many
//! elements in a foreign table of the same namespace, made by hand, taken in turns with the event.
//!
//! `shape` makes the clusters, `events` follows pods, `load` begins from nothing.

#![expect(clippy::unwrap_used, reason = "a failed step ends the measurement")]

mod events;
mod load;
mod shape;
mod spread;

use std::process::ExitCode;

use podfence_lab::sandbox;

/// A part of the table, by the name that picks it.
const PARTS: &[(&str, fn())] = &[
    ("events in ten unions", events::in_ten_unions),
    ("events in a thousand unions", events::in_a_thousand_unions),
    ("load of production", load::production),
    ("load of near-equal unions", load::near_equal),
];

fn main() -> ExitCode {
    if let Err(error) = sandbox::enter() {
        println!("cannot measure here: {error}");
        return ExitCode::FAILURE;
    }
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let wanted = |name: &str| words.iter().all(|word| name.contains(word.as_str()));
    println!("| what | p50 | p90 | n |\n|---|---|---|---|");
    for (_, part) in PARTS.iter().filter(|(name, _)| wanted(name)) {
        part();
    }
    ExitCode::SUCCESS
}
