//! The labels that selectors tell apart, as far as they name them.
//!
//! What a pod may do hangs on all the rules that match it, and labels of several rules can be in one pod. Each selector is met
//! by all the values that it names, and missed by what it excludes. Selectors of those who admit and of those who isolate are
//! met together as long as there are not too many of them: [`LabelsOfPlace::all`] says when there are.

use std::collections::BTreeSet;

use podfence_model::{LabelSelector, Labels, Operator, Requirement};

/// Sets of labels that one selector is met by, at most: the product of its values may be huge.
const MET_BY: usize = 64;
/// Sets of labels of admitting and isolating selectors that are tried together in one place, at most.
const TOGETHER: usize = 4096;

/// Labels that new pods of one place are told apart by.
pub(super) struct LabelsOfPlace {
    /// The sets.
    pub(super) sets: BTreeSet<Labels>,
    /// Whether all that rules name was tried together.
    pub(super) all: bool,
}

/// No labels, each label that some selector names alone, and for each selector labels that meet it as a whole, and those
/// labels with what it excludes.
pub(super) fn label_sets<'s>(
    selectors: impl IntoIterator<Item = &'s LabelSelector> + Clone,
) -> BTreeSet<Labels> {
    let mut sets = BTreeSet::from([Labels::new()]);
    for selector in selectors {
        for requirement in selector.requirements() {
            let alone = |value| Labels::from([(requirement.key.clone(), value)]);
            sets.extend(values(requirement).into_iter().map(alone));
        }
        let met = meeting(selector);
        sets.extend(met.iter().flat_map(|labels| missing(selector, labels)));
        sets.extend(met);
    }
    sets
}

/// The same for pods that some selectors admit and others isolate: also what meets one of each, and what escapes as many of
/// those that isolate as it can. Where both name a value for a key, either is tried.
pub(super) fn label_sets_of_both(
    admitting: &BTreeSet<&LabelSelector>,
    isolating: &BTreeSet<&LabelSelector>,
) -> LabelsOfPlace {
    let admitted = label_sets(admitting.iter().copied());
    let mut isolated = label_sets(isolating.iter().copied());
    let escape = escaping(isolating);
    let all = admitted.len() * (isolated.len() + 1) <= TOGETHER;
    let mut sets = BTreeSet::new();
    if !all {
        sets.extend(isolated);
        isolated = BTreeSet::from([Labels::new()]);
    }
    isolated.insert(escape);
    let pairs = admitted.iter().flat_map(|a| isolated.iter().map(move |b| (a, b)));
    sets.extend(pairs.flat_map(|(a, b)| [over(a, b), over(b, a)]));
    LabelsOfPlace { sets, all }
}

fn over(above: &Labels, below: &Labels) -> Labels {
    let mut labels = below.clone();
    labels.extend(above.clone());
    labels
}

/// Labels that meet a selector: every choice of the values that it names, or the first so many.
fn meeting(selector: &LabelSelector) -> Vec<Labels> {
    let mut sets = vec![Labels::new()];
    for requirement in selector.requirements().filter(|requirement| asks_for_key(requirement)) {
        let values = values(requirement);
        let with = |labels: &Labels| {
            let labels = labels.clone();
            let with =
                |value: &String| over(&Labels::from([(requirement.key.clone(), value.clone())]), &labels);
            values.iter().map(with).collect::<Vec<_>>()
        };
        sets = sets.iter().flat_map(with).take(MET_BY).collect();
    }
    sets.retain(|labels| !labels.is_empty() && selector.matches(labels));
    sets
}

/// Labels that meet a selector but for one that it excludes.
fn missing(selector: &LabelSelector, met: &Labels) -> Vec<Labels> {
    let excluding = selector.requirements().filter(|requirement| !asks_for_key(requirement));
    let with = |requirement: &Requirement| {
        let with = |value| over(&Labels::from([(requirement.key.clone(), value)]), met);
        values(requirement).into_iter().map(with).collect::<Vec<_>>()
    };
    excluding.flat_map(with).take(MET_BY).collect()
}

/// Labels that those selectors do not match that ask for a label's absence.
fn escaping(selectors: &BTreeSet<&LabelSelector>) -> Labels {
    let refused = |selector: &&LabelSelector| {
        selector.requirements().find(|requirement| !asks_for_key(requirement)).and_then(first)
    };
    selectors.iter().filter_map(refused).collect()
}

fn asks_for_key(requirement: &Requirement) -> bool {
    matches!(requirement.operator, Operator::In(_) | Operator::Exists)
}

fn first(requirement: &Requirement) -> Option<(String, String)> {
    Some((requirement.key.clone(), values(requirement).into_iter().next()?))
}

/// The values that a requirement names; an empty one where any does.
fn values(requirement: &Requirement) -> Vec<String> {
    match &requirement.operator {
        Operator::In(values) | Operator::NotIn(values) => values.iter().cloned().collect(),
        Operator::Exists | Operator::DoesNotExist => vec![String::new()],
    }
}
