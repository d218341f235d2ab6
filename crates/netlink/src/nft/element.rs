//! Elements of sets and maps, and the verdicts that maps and rules give.

use super::name::{Comment, Name};
use super::value::Value;

/// What happens to a packet.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// It passes this base chain; later hooks still see it.
    Accept,
    /// It is gone.
    Drop,
    /// On to the next rule.
    Continue,
    /// Back to the calling chain, or the policy of a base chain.
    Return,
    /// Into a chain, and back behind this rule.
    Jump(Name),
    /// Into a chain, and then back where this chain was called.
    Goto(Name),
}

/// A key, or in interval sets a range of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// One value. In an interval set it is the range of just that value.
    Single(Value),
    /// From the first to the last value, both included. Ranges of a set must be disjoint; they may be adjacent.
    Range(Value, Value),
}

impl Key {
    /// Both ends.
    pub(crate) const fn ends(&self) -> (Value, Value) {
        match self {
            Self::Single(value) => (*value, *value),
            Self::Range(first, last) => (*first, *last),
        }
    }
}

/// What a map gives for a key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Data {
    /// A verdict.
    Verdict(Verdict),
    /// Bytes of the map's data type.
    Value(Value),
}

/// An element of a set or map. Dumps of interval sets give [`Key::Range`] for every element.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Element {
    /// Its key.
    pub key: Key,
    /// What a map gives for it; none in sets.
    pub data: Option<Data>,
    /// Shown by `nft list`. Costs kernel memory for every element.
    pub comment: Option<Comment>,
}

impl Element {
    /// A member of a set.
    pub fn new(key: impl Into<Value>) -> Self {
        Self { key: Key::Single(key.into()), data: None, comment: None }
    }

    /// A range of an interval set, both ends included.
    pub fn range(first: impl Into<Value>, last: impl Into<Value>) -> Self {
        Self { key: Key::Range(first.into(), last.into()), data: None, comment: None }
    }

    /// With a verdict, for verdict maps.
    #[must_use]
    pub fn verdict(self, verdict: Verdict) -> Self {
        Self { data: Some(Data::Verdict(verdict)), ..self }
    }

    /// With data, for data maps.
    #[must_use]
    pub fn value(self, value: impl Into<Value>) -> Self {
        Self { data: Some(Data::Value(value.into())), ..self }
    }

    /// With a comment.
    #[must_use]
    pub fn comment(self, comment: Comment) -> Self {
        Self { comment: Some(comment), ..self }
    }
}
