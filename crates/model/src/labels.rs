//! Labels and label selectors, as in `metav1.LabelSelector`.
//!
//! `matchLabels` is folded into requirements (`key In [value]`) when it is read, so that a selector has
//! one shape everywhere.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::shared::Shared;

/// Labels of one object: key to value. Pods of a workload share theirs.
pub type Labels = Shared<BTreeMap<String, String>>;

/// What a [`Requirement`] asks of one label key (`metav1.LabelSelectorOperator`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operator {
    /// The key is present with one of these values; never empty.
    In(BTreeSet<String>),
    /// The key is absent, or present with none of these values; never empty.
    NotIn(BTreeSet<String>),
    /// The key is present.
    Exists,
    /// The key is absent.
    DoesNotExist,
}

/// One condition on one label key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Requirement {
    /// The label key the condition is about.
    pub key: String,
    /// What is asked of it.
    pub operator: Operator,
}

impl Requirement {
    /// `key In [value]`, which is what a `matchLabels` entry means.
    pub fn equals(key: impl Into<String>, value: impl Into<String>) -> Self {
        Self { key: key.into(), operator: Operator::In(BTreeSet::from([value.into()])) }
    }

    /// Whether `labels` meet this condition.
    pub fn matches(&self, labels: &Labels) -> bool {
        let value = labels.get(&self.key);
        match &self.operator {
            Operator::In(values) => value.is_some_and(|v| values.contains(v)),
            Operator::NotIn(values) => value.is_none_or(|v| !values.contains(v)),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
        }
    }
}

/// A conjunction of requirements, sorted and without twins; the empty one matches every object.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LabelSelector {
    requirements: BTreeSet<Requirement>,
}

impl LabelSelector {
    /// The selector that matches everything: `{}`.
    pub fn everything() -> Self {
        Self::default()
    }

    /// The conditions, in a canonical order.
    pub fn requirements(&self) -> impl Iterator<Item = &Requirement> {
        self.requirements.iter()
    }

    /// Whether this is `{}`.
    pub fn is_everything(&self) -> bool {
        self.requirements.is_empty()
    }

    /// Whether `labels` meet all conditions.
    pub fn matches(&self, labels: &Labels) -> bool {
        self.requirements.iter().all(|r| r.matches(labels))
    }

    /// The conditions that `labels` do not meet.
    pub fn unmet<'a>(&'a self, labels: &'a Labels) -> impl Iterator<Item = &'a Requirement> {
        self.requirements.iter().filter(|r| !r.matches(labels))
    }
}

impl FromIterator<Requirement> for LabelSelector {
    fn from_iter<I: IntoIterator<Item = Requirement>>(requirements: I) -> Self {
        Self { requirements: requirements.into_iter().collect() }
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |values: &BTreeSet<String>| values.iter().cloned().collect::<Vec<_>>().join(", ");
        match &self.operator {
            Operator::In(values) if values.len() == 1 => write!(f, "{}={}", self.key, list(values)),
            Operator::In(values) => write!(f, "{} in ({})", self.key, list(values)),
            Operator::NotIn(values) => write!(f, "{} not in ({})", self.key, list(values)),
            Operator::Exists => write!(f, "{} exists", self.key),
            Operator::DoesNotExist => write!(f, "{} does not exist", self.key),
        }
    }
}

impl fmt::Display for LabelSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_everything() {
            return f.write_str("{}");
        }
        for (i, requirement) in self.requirements.iter().enumerate() {
            if i > 0 {
                f.write_str(", ")?;
            }
            write!(f, "{requirement}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        pairs.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect()
    }

    #[test]
    fn negative_operators_match_objects_without_the_key() {
        let none = labels(&[]);
        let values = BTreeSet::from(["a".to_owned(), "b".to_owned()]);
        let table = [
            (Operator::In(values.clone()), [false, true, false]),
            (Operator::NotIn(values), [true, false, true]),
            (Operator::Exists, [false, true, true]),
            (Operator::DoesNotExist, [true, false, false]),
        ];
        for (operator, expected) in table {
            let requirement = Requirement { key: "k".into(), operator };
            let seen =
                [&none, &labels(&[("k", "a")]), &labels(&[("k", "c")])].map(|l| requirement.matches(l));
            assert_eq!(seen, expected, "{requirement}");
        }
    }
}
