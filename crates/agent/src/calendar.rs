//! Moments as people write them.
//!
//! The agent keeps moments by the monotonic clock, which nobody sets, and waits by it. Only who asks is told a date, and that by
//! what the clock says then: where it was wrong and was set right, what happened before it was set has the right date, too, and
//! nothing that has happened lies in the future.

use std::time::{Instant, SystemTime};

/// Says when a moment was.
#[derive(Debug, Clone, Copy)]
pub struct Calendar(pub fn() -> SystemTime);

impl Default for Calendar {
    /// By the system's clock.
    fn default() -> Self {
        Self(SystemTime::now)
    }
}

impl Calendar {
    /// When `moment` was, by what the clock says now. The beginning of 1970 if that cannot be said.
    pub fn date(self, moment: Instant) -> SystemTime {
        (self.0)().checked_sub(moment.elapsed()).unwrap_or(SystemTime::UNIX_EPOCH)
    }
}
