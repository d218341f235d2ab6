//! The entries of a mapping: twins found, merge keys resolved.

use std::collections::{HashMap, HashSet};

use super::problem::Problem;
use super::tree::{Entry, Key, Value};

/// Below this, comparing each key with each is cheaper than a hash table.
const FEW: usize = 12;

/// How many twins are worth telling of in one mapping.
const ENOUGH: usize = 10;

/// The keys that are stated twice. They stay in the tree: a document with a problem is never used.
pub(crate) fn twins(entries: &[Entry<'_>]) -> Vec<Problem> {
    let pairs = if entries.len() <= FEW { twins_among_few(entries) } else { twins_among_many(entries) };
    pairs.into_iter().take(ENOUGH).map(|(first, second)| duplicate(&first.key, &second.key)).collect()
}

/// Whether no key is stated twice.
pub(crate) fn are_unique(entries: &[Entry<'_>]) -> bool {
    if entries.len() > FEW {
        return twins_among_many(entries).is_empty();
    }
    let is_new = |(i, entry): (usize, &Entry<'_>)| entries[..i].iter().all(|e| e.key.text != entry.key.text);
    entries.iter().enumerate().all(is_new)
}

fn duplicate(first: &Key<'_>, second: &Key<'_>) -> Problem {
    let key = second.text.clone().into_owned();
    Problem::DuplicateKey { key, first: first.span, second: second.span }
}

fn twins_among_few<'e, 't>(entries: &'e [Entry<'t>]) -> Vec<(&'e Entry<'t>, &'e Entry<'t>)> {
    let earlier = |i: usize| entries[..i].iter().find(|e| e.key.text == entries[i].key.text);
    (1..entries.len()).filter_map(|i| Some((earlier(i)?, &entries[i]))).collect()
}

fn twins_among_many<'e, 't>(entries: &'e [Entry<'t>]) -> Vec<(&'e Entry<'t>, &'e Entry<'t>)> {
    let mut seen: HashMap<&str, &Entry<'t>> = HashMap::with_capacity(entries.len());
    let mut known = |entry: &'e Entry<'t>| seen.insert(&entry.key.text, entry);
    entries.iter().filter_map(|entry| Some((known(entry)?, entry))).collect()
}

/// Replaces `<<` by the entries of what it names: stated keys win, then earlier merges over later ones.
pub(crate) fn merge<'t>(entries: Vec<Entry<'t>>, problems: &mut Vec<Problem>) -> Vec<Entry<'t>> {
    let (merges, mut kept): (Vec<_>, Vec<_>) = entries.into_iter().partition(|e| e.key.text == "<<");
    let mut stated: HashSet<String> = kept.iter().map(|e| e.key.text.clone().into_owned()).collect();
    for Entry { value, .. } in merges {
        let span = value.span;
        let sources = match value.value {
            Value::Sequence(items) => items.into_iter().map(|node| node.value).collect(),
            single => vec![single],
        };
        for source in sources {
            let Value::Mapping(more) = source else {
                problems.push(Problem::Merge { span });
                continue;
            };
            kept.extend(more.into_iter().filter(|e| stated.insert(e.key.text.clone().into_owned())));
        }
    }
    kept
}
