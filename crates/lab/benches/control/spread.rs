//! Durations of one thing measured many times, and their line in the table.

use std::time::{Duration, Instant};

/// Durations of one thing.
#[derive(Debug, Default, Clone)]
pub struct Spread(Vec<Duration>);

impl Spread {
    /// Does it once more.
    pub fn time<T>(&mut self, act: impl FnOnce() -> T) -> T {
        let begun = Instant::now();
        let out = act();
        self.0.push(begun.elapsed());
        out
    }

    /// Enters a duration that was taken elsewhere.
    pub fn push(&mut self, took: Duration) {
        self.0.push(took);
    }

    /// The last one.
    pub fn last(&self) -> Duration {
        self.0.last().copied().unwrap_or_default()
    }

    /// Prints its line.
    pub fn row(mut self, what: &str) {
        self.0.sort_unstable();
        let at = |percent: usize| self.0.get(self.0.len() * percent / 100).copied().unwrap_or_default();
        println!("| {what} | {} | {} | {} |", text(at(50)), text(at(90)), self.0.len());
    }
}

fn text(took: Duration) -> String {
    let micros = took.as_secs_f64() * 1e6;
    if micros < 1000.0 { format!("{micros:.1} µs") } else { format!("{:.2} ms", micros / 1000.0) }
}
