//! Ratios and what is said about many of them.

use std::fmt;

/// Ratios of pairs, in order of size.
pub struct Ratios(Vec<f64>);

impl Ratios {
    pub fn new(mut ratios: Vec<f64>) -> Self {
        ratios.sort_by(f64::total_cmp);
        Self(ratios)
    }

    /// The value below which this part of them lies, between the two nearest.
    fn at(&self, part: f64) -> f64 {
        let last = self.0.len().saturating_sub(1);
        #[expect(clippy::cast_precision_loss, reason = "there are few pairs")]
        let place = part * last as f64;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to the last index")]
        let below = place.floor() as usize;
        let (a, b) = (self.0[below], self.0[(below + 1).min(last)]);
        a + (b - a) * place.fract()
    }

    pub fn median(&self) -> f64 {
        self.at(0.5)
    }
}

impl fmt::Display for Ratios {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3} ({:.3}–{:.3})", self.median(), self.at(0.25), self.at(0.75))
    }
}
