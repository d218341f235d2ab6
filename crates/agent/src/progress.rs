//! What the log says of changes that come into force: a line when they begin, and then one for all of some seconds.

use std::time::{Duration, Instant};

/// Between two lines, at least.
const EVERY: Duration = Duration::from_secs(5);

/// Changes and switches that have not been told.
#[derive(Debug, Default)]
pub struct Progress {
    changes: usize,
    switches: u64,
    told: Option<Instant>,
}

impl Progress {
    /// So many changes come into force.
    pub fn changes(&mut self, more: usize) {
        self.changes += more;
    }

    /// In so many transactions.
    pub fn switches(&mut self, more: u64) {
        self.switches += more;
    }

    /// When there is something to tell.
    pub fn next(&self) -> Option<Instant> {
        (self.changes > 0).then(|| self.told.map_or_else(Instant::now, |told| told + EVERY))
    }

    /// Tells what has not been told, if it is time.
    pub fn tell(&mut self, now: Instant) {
        if let Some((changes, switches)) = self.due(now) {
            tracing::info!(changes, switches, "changes are in force");
        }
    }

    fn due(&mut self, now: Instant) -> Option<(usize, u64)> {
        let early = self.told.is_some_and(|told| now < told + EVERY);
        if self.changes == 0 || early {
            return None;
        }
        self.told = Some(now);
        Some((std::mem::take(&mut self.changes), std::mem::take(&mut self.switches)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_changes_are_a_line_every_few_seconds() {
        let mut progress = Progress::default();
        let now = Instant::now();
        assert_eq!((progress.due(now), progress.next()), (None, None));
        progress.changes(2);
        progress.switches(1);
        assert_eq!(progress.due(now), Some((2, 1)), "the first at once");
        progress.changes(3);
        progress.changes(4);
        progress.switches(2);
        assert_eq!((progress.due(now + EVERY / 2), progress.next()), (None, Some(now + EVERY)));
        assert_eq!(progress.due(now + EVERY), Some((7, 2)));
    }
}
