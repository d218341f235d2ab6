//! How many findings there are of each weight.

use podfence_lint::{Finding, Fix};
use podfence_source::Severity;

use crate::words::count;

/// Findings by weight.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Broken for sure.
    pub errors: usize,
    /// Likely wrong.
    pub warnings: usize,
    /// Worth knowing.
    pub notes: usize,
    /// Those of them that `--fix` mends.
    pub fixable: usize,
    /// Those that `--fix-suggested` mends besides.
    pub suggested: usize,
}

impl Counts {
    /// Counts findings.
    pub fn of(findings: &[Finding]) -> Self {
        let of = |severity| findings.iter().filter(|f| f.diagnostic.severity == severity).count();
        Self {
            errors: of(Severity::Error),
            warnings: of(Severity::Warning),
            notes: of(Severity::Note),
            fixable: findings.iter().filter(|f| f.fix == Fix::Safe).count(),
            suggested: findings.iter().filter(|f| f.fix == Fix::Suggested).count(),
        }
    }

    /// `2 errors, 1 warning, 4 notes`; `no findings`.
    pub(super) fn sentence(self) -> String {
        let parts = [
            (self.errors, "error", "errors"),
            (self.warnings, "warning", "warnings"),
            (self.notes, "note", "notes"),
        ];
        let parts = parts.into_iter().filter(|(n, ..)| *n > 0).map(|(n, one, many)| count(n, one, many));
        let parts: Vec<String> = parts.collect();
        if parts.is_empty() { "no findings".to_owned() } else { parts.join(", ") }
    }
}
