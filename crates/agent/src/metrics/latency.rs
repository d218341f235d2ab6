//! How long changes take, in buckets.

use std::time::Duration;

/// Upper bounds of the buckets, in seconds.
pub const BOUNDS: [f64; 14] =
    [0.001, 0.002, 0.004, 0.006, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, f64::INFINITY];

/// Durations, counted by size.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Latency {
    /// Seconds of all together.
    pub sum: f64,
    /// How many there were.
    pub count: u64,
    buckets: [u64; BOUNDS.len()],
}

impl Latency {
    /// Counts `times` that took this long.
    pub fn observe(&mut self, took: Duration, times: u64) {
        let seconds = took.as_secs_f64();
        let bucket = BOUNDS.iter().position(|bound| seconds <= *bound).unwrap_or(BOUNDS.len() - 1);
        self.buckets[bucket] += times;
        self.count += times;
        self.sum += took.saturating_mul(u32::try_from(times).unwrap_or(u32::MAX)).as_secs_f64();
    }

    /// Each bucket's upper bound in seconds and what is in it alone.
    pub fn buckets(&self) -> Vec<(f64, u64)> {
        BOUNDS.into_iter().zip(self.buckets).collect()
    }
}
