//! How fast manifests are read: `cargo run --release -p podfence-source --example speed -- [MEGABYTES|PATH] [RUNS]`.
//!
//! Makes mixed manifests of that size, or takes the file or directory that is named instead, and reads them again and again.
//! With `--print` the manifests themselves are printed instead.

use std::time::{Duration, Instant};

use podfence_source::{Input, Loaded, Options, read};
use podfence_testkit::mixed;

fn main() {
    let (flags, words): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).partition(|argument| argument.starts_with("--"));
    let what = words.first().map_or("6", String::as_str);
    let runs = words.get(1).and_then(|runs| runs.parse().ok()).unwrap_or(25).max(1);
    let input = match what.parse::<usize>() {
        Ok(megabytes) => generated(megabytes),
        Err(_) => Input::Path(what.into()),
    };
    match input {
        Input::Bytes { bytes, .. } if !flags.is_empty() => print!("{}", String::from_utf8_lossy(&bytes)),
        input => measure(&[input], runs),
    }
}

fn generated(megabytes: usize) -> Input {
    Input::Bytes { name: "generated".to_owned(), bytes: mixed::text(megabytes * 1_000_000).into_bytes() }
}

fn measure(inputs: &[Input], runs: usize) {
    let mut times = Vec::new();
    let mut size = 0;
    for run in 0..runs {
        let start = Instant::now();
        let result = read(inputs, &Options::default());
        times.push(start.elapsed());
        match result {
            Ok(loaded) if run == 0 => size = describe(&loaded),
            Ok(_) => {}
            Err(refused) => return eprintln!("{refused}"),
        }
    }
    times.sort();
    let at = |share: f64| rate(size, times[index(share, times.len())]);
    println!("{} in the median of {runs} runs, quartiles {} and {}", at(0.5), at(0.75), at(0.25));
}

/// Prints what was read, and gives its size in bytes.
fn describe(loaded: &Loaded) -> usize {
    let (size, world) = (loaded.sources.texts().map(|(_, text)| text.len()).sum(), &loaded.world);
    println!(
        "{size} bytes: {} pods, {} workloads, {} services, {} policies",
        world.pods.len(),
        world.workloads.len(),
        world.services.len(),
        world.policies.len()
    );
    size
}

#[allow(
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::cast_possible_truncation,
    reason = "a few runs"
)]
fn index(share: f64, of: usize) -> usize {
    (share * (of - 1) as f64).round() as usize
}

#[allow(clippy::cast_precision_loss, reason = "a rate of three digits")]
fn rate(bytes: usize, time: Duration) -> String {
    format!("{:.1} MB/s ({:.1} ms)", bytes as f64 / time.as_secs_f64() / 1e6, time.as_secs_f64() * 1e3)
}
