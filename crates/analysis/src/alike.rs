//! When two answers say the same, whoever the ends are and whosever facts are missing.

use podfence_engine::{Answer, Fact, Outcome, Side, TierEnd, TierTrace};

/// The facts that an outcome hangs on.
pub(crate) fn facts(outcome: &Outcome) -> &[Fact] {
    match outcome {
        Outcome::Undecidable(facts) => facts,
        Outcome::Allowed | Outcome::Denied => &[],
    }
}

/// Whether two answers say the same, whoever the ends are and whosever facts are missing.
pub(crate) fn alike(a: &Answer, b: &Answer) -> bool {
    alike_outcomes(&a.outcome, &b.outcome)
        && a.always == b.always
        && alike_sides(a.egress.as_ref(), b.egress.as_ref())
        && alike_sides(a.ingress.as_ref(), b.ingress.as_ref())
}

fn alike_outcomes(a: &Outcome, b: &Outcome) -> bool {
    std::mem::discriminant(a) == std::mem::discriminant(b) && alike_facts(facts(a), facts(b))
}

fn alike_facts(a: &[Fact], b: &[Fact]) -> bool {
    let kinds = |facts: &[Fact]| facts.iter().map(std::mem::discriminant).collect::<Vec<_>>();
    kinds(a) == kinds(b)
}

fn alike_sides(a: Option<&Side>, b: Option<&Side>) -> bool {
    match (a, b) {
        (None, None) => true,
        (Some(a), Some(b)) => {
            a.tiers.len() == b.tiers.len() && a.tiers.iter().zip(&b.tiers).all(|(a, b)| alike_tiers(a, b))
        }
        _ => false,
    }
}

fn alike_tiers(a: &TierTrace, b: &TierTrace) -> bool {
    let ends = match (&a.end, &b.end) {
        (TierEnd::Undecidable(a), TierEnd::Undecidable(b)) => alike_facts(a, b),
        (a, b) => a == b,
    };
    ends && a.tier == b.tier && a.selecting == b.selecting && a.nearest == b.nearest
}
