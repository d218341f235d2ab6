//! The labels that selectors tell apart, as far as they name them.

use std::collections::BTreeSet;

use podfence_model::{LabelSelector, Labels, Operator, Requirement};

/// No labels, each label that some selector names alone, and for each selector labels that meet it as a whole.
pub(super) fn label_sets<'s>(
    selectors: impl IntoIterator<Item = &'s LabelSelector> + Clone,
) -> BTreeSet<Labels> {
    let mut sets = BTreeSet::from([Labels::new()]);
    for selector in selectors {
        for requirement in selector.requirements() {
            let alone = |value| Labels::from([(requirement.key.clone(), value)]);
            sets.extend(values(requirement).into_iter().map(alone));
        }
        sets.extend(meeting(selector));
    }
    sets
}

/// The same for pods that some selectors admit and others isolate: also what meets one of each, and what escapes as many of
/// those that isolate as it can. Where both name a value for a key, either is tried.
pub(super) fn label_sets_of_both(
    admitting: &BTreeSet<&LabelSelector>,
    isolating: &BTreeSet<&LabelSelector>,
) -> BTreeSet<Labels> {
    let admitted = label_sets(admitting.iter().copied());
    let mut isolated = label_sets(isolating.iter().copied());
    isolated.insert(escaping(isolating));
    let over = |above: &Labels, below: &Labels| {
        let mut labels = below.clone();
        labels.extend(above.clone());
        labels
    };
    let pairs = admitted.iter().flat_map(|a| isolated.iter().map(move |b| (a, b)));
    pairs.flat_map(|(a, b)| [over(a, b), over(b, a)]).collect()
}

/// Labels that meet a selector, each value that it names in one of them.
fn meeting(selector: &LabelSelector) -> impl Iterator<Item = Labels> {
    let asked = || selector.requirements().filter(|requirement| asks_for_key(requirement));
    let base: Labels = asked().filter_map(first).collect();
    let varied = asked().flat_map(move |requirement| {
        let base = base.clone();
        values(requirement).into_iter().map(move |value| {
            let mut labels = base.clone();
            labels.insert(requirement.key.clone(), value);
            labels
        })
    });
    varied.filter(|labels| selector.matches(labels))
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
