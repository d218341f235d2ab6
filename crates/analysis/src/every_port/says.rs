//! When two answers say the same to somebody who asks about many ports: the verdict, and whose rule or policies make it.

use podfence_engine::{Answer, Outcome, Side, TierEnd, TierTrace};

/// Whether the same rules admit, or the same policies refuse. What the other end says of a flow that is refused does not count.
pub(super) fn says_the_same(a: &Answer, b: &Answer) -> bool {
    std::mem::discriminant(&a.outcome) == std::mem::discriminant(&b.outcome)
        && a.always == b.always
        && sides(a, a.egress.as_ref(), b.egress.as_ref())
        && sides(a, a.ingress.as_ref(), b.ingress.as_ref())
}

fn sides(answer: &Answer, a: Option<&Side>, b: Option<&Side>) -> bool {
    let counts = |side: &&Side| answer.outcome != Outcome::Denied || side.outcome == Outcome::Denied;
    match (a.filter(counts), b.filter(counts)) {
        (None, None) => true,
        (Some(a), Some(b)) => {
            a.tiers.len() == b.tiers.len() && a.tiers.iter().zip(&b.tiers).all(|(a, b)| tiers(a, b))
        }
        _ => false,
    }
}

fn tiers(a: &TierTrace, b: &TierTrace) -> bool {
    let kinds = |end: &TierEnd| match end {
        TierEnd::Undecidable(facts) => facts.iter().map(std::mem::discriminant).collect(),
        _ => Vec::new(),
    };
    let rule = |end: &TierEnd| match end {
        TierEnd::Allowed(rule) | TierEnd::Passed(rule) | TierEnd::Denied(Some(rule)) => {
            Some((rule.policy.clone(), rule.rule))
        }
        TierEnd::NotSelected | TierEnd::Denied(None) | TierEnd::Undecidable(_) => None,
    };
    let same_end = std::mem::discriminant(&a.end) == std::mem::discriminant(&b.end)
        && rule(&a.end) == rule(&b.end)
        && kinds(&a.end) == kinds(&b.end);
    a.tier == b.tier && a.selecting == b.selecting && same_end
}
