//! How long to wait before the next try: longer each time, and never just as long as everybody else.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// Doubling waits with jitter.
#[derive(Debug, Clone)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
    next: Duration,
    random: RandomState,
    tries: u64,
}

impl Backoff {
    /// Waits between `first` and `longest`.
    pub fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest, next: first, random: RandomState::new(), tries: 0 }
    }

    /// All went well: the next wait is short again.
    pub fn reset(&mut self) {
        self.next = self.first;
    }

    /// The next wait: half of it for sure, the rest by chance, so that agents that lost one server do not come back as one.
    pub fn wait(&mut self) -> Duration {
        let whole = self.next;
        self.next = (whole * 2).min(self.longest);
        self.tries += 1;
        let chance = u32::try_from(self.random.hash_one(self.tries) % 1_000).unwrap_or(0);
        whole / 2 + whole / 2 * chance / 1_000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_begin_anew() {
        let (first, longest) = (Duration::from_millis(200), Duration::from_secs(30));
        let mut backoff = Backoff::new(first, longest);
        let mut whole = first;
        for _ in 0..20 {
            let wait = backoff.wait();
            assert!(wait >= whole / 2 && wait <= whole, "{wait:?} of {whole:?}");
            whole = (whole * 2).min(longest);
        }
        backoff.reset();
        assert!(backoff.wait() <= first);
    }
}
