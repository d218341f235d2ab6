//! Why a change came about: what the policies of each end said of it before, and what they say now.
//!
//! The engine is asked about a few connections of the change, in both worlds. The directions whose answers differ are the
//! reason.

use podfence_engine::{Answer, Fact, Outcome, RuleRef, Side, TierEnd};
use podfence_model::{Direction, NamespacedName};

use super::change::{Change, Said, Scope};
use super::{Difference, Snapshot, samples};

/// What the policies of one end say of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stance {
    /// No policy isolates the end in this direction.
    NotIsolated,
    /// A rule admits it.
    Admits(RuleRef),
    /// These policies isolate the end, and no rule of theirs admits it.
    Refuses(Vec<NamespacedName>),
    /// Whether a rule admits it hangs on these facts.
    Unclear(Vec<Fact>),
}

/// What one end's policies said of connections of a change, and say now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// Egress of the senders, or ingress of the receivers.
    pub direction: Direction,
    /// What they said before; `None` where the old world lacks one of the ends.
    pub before: Option<Stance>,
    /// What they say now; `None` where the new world lacks one of the ends.
    pub after: Option<Stance>,
}

pub(super) fn of(difference: &Difference<'_>, change: &Change) -> Vec<Reason> {
    let mut reasons = Vec::new();
    for asked in samples::of(difference, change) {
        let stances = |side: Snapshot<'_>, lacking| {
            let flow = (change.scope != lacking).then(|| asked.flow(side.engine)).flatten()?;
            side.engine.answer(&flow).ok().map(Stances::new)
        };
        let (before, after) = (stances(difference.old, Scope::New), stances(difference.new, Scope::Gone));
        for direction in Direction::BOTH {
            let of = |stances: &Option<Stances>| stances.as_ref().and_then(|stances| stances.of(direction));
            let reason = Reason { direction, before: of(&before), after: of(&after) };
            if reason.tells() && !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
    }
    reasons
}

impl Reason {
    /// Whether the two stances lead to different ends.
    fn tells(&self) -> bool {
        match (&self.before, &self.after) {
            (Some(before), Some(after)) => before.said() != after.said(),
            (None, None) => false,
            (Some(_), None) | (None, Some(_)) => true,
        }
    }
}

impl Stance {
    fn said(&self) -> Said {
        match self {
            Self::NotIsolated | Self::Admits(_) => Said::Allowed,
            Self::Refuses(_) => Said::Denied,
            Self::Unclear(_) => Said::Undecidable,
        }
    }

    fn new(side: &Side) -> Self {
        let tier = side.tiers.last();
        match (&side.outcome, tier.map(|tier| &tier.end)) {
            (Outcome::Undecidable(facts), _) => Self::Unclear(facts.clone()),
            (Outcome::Allowed, Some(TierEnd::Allowed(rule))) => Self::Admits(rule.clone()),
            (Outcome::Allowed, _) => Self::NotIsolated,
            (Outcome::Denied, _) => {
                Self::Refuses(tier.map(|tier| tier.selecting.clone()).unwrap_or_default())
            }
        }
    }
}

/// The two stances of an answer.
struct Stances {
    egress: Option<Stance>,
    ingress: Option<Stance>,
}

impl Stances {
    fn new(answer: Answer) -> Self {
        let stance = |side: Option<Side>| side.as_ref().map(Stance::new);
        Self { egress: stance(answer.egress), ingress: stance(answer.ingress) }
    }

    fn of(&self, direction: Direction) -> Option<Stance> {
        match direction {
            Direction::Egress => self.egress.clone(),
            Direction::Ingress => self.ingress.clone(),
        }
    }
}
