//! When the kernel is compared with the plan, and how often it was.

use std::time::{Duration, Instant};

/// What could not be read is tried again after this at the latest.
const SOON: Duration = Duration::from_secs(10);

/// A full check every so often.
#[derive(Debug)]
pub struct Resync {
    every: Duration,
    next: Instant,
    /// Checks made since the start.
    pub checks: u64,
    /// Checks that could not be made, since the kernel could not be read.
    pub failures: u64,
    /// When the kernel was last found at the plan, or brought back to it.
    pub last: Option<Instant>,
}

impl Resync {
    /// The first check is due when this long has passed.
    pub fn new(every: Duration) -> Self {
        Self { every, next: Instant::now() + every, checks: 0, failures: 0, last: None }
    }

    /// When the next check is due.
    pub fn next(&self) -> Instant {
        self.next
    }

    /// Whether a check is due.
    pub fn is_due(&self, now: Instant) -> bool {
        self.next <= now
    }

    /// There was nothing to check.
    pub fn put_off(&mut self) {
        self.next = Instant::now() + self.every;
    }

    /// A check was made, or could not be.
    pub fn note(&mut self, made: bool) {
        self.put_off();
        self.next = if made { self.next } else { self.next.min(Instant::now() + SOON) };
        if made {
            self.checks += 1;
            self.last = Some(Instant::now());
        } else {
            self.failures += 1;
        }
    }
}
