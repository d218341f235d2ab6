//! What is said of pairs of ends, told once for all pairs of which the same is said.

use std::collections::BTreeSet;

use podfence_model::Endpoint;

/// Something that is said of a source and a destination.
pub(crate) trait OfPair {
    fn source(&self) -> &Endpoint;
    fn destination(&self) -> &Endpoint;
}

/// Puts together what is the same; each group holds every source with every destination, but for a pod with itself.
pub(crate) fn fold<T: OfPair>(items: Vec<T>, same: impl Fn(&T, &T) -> bool) -> Vec<Vec<T>> {
    let mut groups: Vec<Vec<T>> = Vec::new();
    for item in items {
        match groups.iter_mut().find(|group| group.first().is_some_and(|first| same(first, &item))) {
            Some(group) => group.push(item),
            None => groups.push(vec![item]),
        }
    }
    let whole = |group: Vec<T>| if is_whole(&group) { vec![group] } else { by_source(group) };
    groups.into_iter().flat_map(whole).collect()
}

fn is_whole<T: OfPair>(group: &[T]) -> bool {
    let (sources, destinations) = (sources(group), destinations(group));
    let itself = sources.iter().filter(|s| destinations.contains(s)).count();
    let all = sources.len() * destinations.len();
    group.len() == all || group.len() == all - itself
}

fn by_source<T: OfPair>(group: Vec<T>) -> Vec<Vec<T>> {
    let mut parts: Vec<Vec<T>> = Vec::new();
    for item in group {
        let ours = |part: &&mut Vec<T>| part.first().is_some_and(|first| first.source() == item.source());
        match parts.iter_mut().find(ours) {
            Some(part) => part.push(item),
            None => parts.push(vec![item]),
        }
    }
    parts
}

/// Who stands on the left, each once, sorted.
pub(crate) fn sources<T: OfPair>(group: &[T]) -> Vec<Endpoint> {
    distinct(group.iter().map(OfPair::source))
}

/// Who stands on the right, each once, sorted.
pub(crate) fn destinations<T: OfPair>(group: &[T]) -> Vec<Endpoint> {
    distinct(group.iter().map(OfPair::destination))
}

fn distinct<'a>(ends: impl Iterator<Item = &'a Endpoint>) -> Vec<Endpoint> {
    ends.cloned().collect::<BTreeSet<_>>().into_iter().collect()
}
