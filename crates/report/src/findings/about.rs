//! Which findings belong to an object that is read back.

use podfence_analysis::{Portrait, policy_ref};
use podfence_lint::{Finding, Report};

/// The findings about the policies of a portrait, the gravest first.
pub fn about<'r>(report: &'r Report, portrait: &Portrait<'_>) -> Vec<&'r Finding> {
    let policies: Vec<_> = portrait.policies().into_iter().map(|p| (policy_ref(p), &p.meta.origin)).collect();
    let is_ours =
        |finding: &&Finding| policies.iter().any(|(policy, origin)| finding.is_about(policy, origin));
    let mut all: Vec<&Finding> = report.findings.iter().filter(is_ours).collect();
    all.sort_by_key(|finding| finding.diagnostic.severity);
    all
}
