//! Pairs that change alike, folded: some senders, all of which change to some receivers.
//!
//! Senders with the same receivers are one change, or receivers with the same senders, whichever makes fewer changes. A pod
//! always reaches itself, so its own place in its row is no reason to tell it apart from others.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use fixedbitset::FixedBitSet;
use podfence_model::PortSet;

use super::aligned::Aligned;
use super::cells::{Pairs, What, compare};
use super::change::Change;

/// All changes, in no order that matters.
pub(super) fn changes(aligned: &Aligned<'_>) -> Vec<Change> {
    let ends = aligned.alike.len();
    let mut one_pod = FixedBitSet::with_capacity(ends);
    one_pod.extend((0..ends).filter(|end| aligned.alike[*end].is_one_pod()));
    let found = compare(aligned).into_iter();
    found.flat_map(|(what, pairs)| of_one_kind(aligned, &one_pod, &what, &pairs)).collect()
}

fn of_one_kind(aligned: &Aligned<'_>, one_pod: &FixedBitSet, what: &What, pairs: &Pairs) -> Vec<Change> {
    let along = merged(&pairs.rows, one_pod);
    let across = merged(&turned(&pairs.rows), one_pod);
    let change = |from: &FixedBitSet, to: &FixedBitSet, stays| Change {
        scope: what.scope,
        turn: what.turn,
        from: aligned.ends(what.scope, from.ones()),
        to: aligned.ends(what.scope, to.ones()),
        ports: what.ports.clone(),
        stays,
        family: what.family,
    };
    if across.len() < along.len() {
        let of = |(to, from)| change(&from, &to, common(&pairs.stays_to, &to));
        across.into_iter().map(of).collect()
    } else {
        along.into_iter().map(|(from, to)| change(&from, &to, common(&pairs.stays_from, &from))).collect()
    }
}

type Rows = BTreeMap<usize, FixedBitSet>;

fn turned(rows: &Rows) -> Rows {
    let mut columns = Rows::new();
    for (from, row) in rows {
        for to in row.ones() {
            columns.entry(to).or_insert_with(|| FixedBitSet::with_capacity(row.len())).insert(*from);
        }
    }
    columns
}

/// What all of some ends have in common.
fn common(ports: &BTreeMap<usize, PortSet>, ends: &FixedBitSet) -> PortSet {
    let mut of_ends = ends.ones().filter_map(|end| ports.get(&end));
    let first = of_ends.next().cloned().unwrap_or_default();
    of_ends.fold(first, |all, one| all.intersection(one))
}

/// Rows that are the same, as one, the contents that most rows have first. Beside what is in it, a row may be taken to hold
/// its own end if that is one pod.
fn merged(rows: &Rows, one_pod: &FixedBitSet) -> Vec<(FixedBitSet, FixedBitSet)> {
    let mut fitting: HashMap<FixedBitSet, Vec<usize>> = HashMap::new();
    for (end, row) in rows {
        fitting.entry(row.clone()).or_default().push(*end);
        if one_pod.contains(*end) {
            fitting.entry(with(row, *end)).or_default().push(*end);
        }
    }
    let mut fitting: Vec<_> = fitting.into_iter().collect();
    fitting.sort_by(|(one, ends), (other, others)| {
        others
            .len()
            .cmp(&ends.len())
            .then_with(|| one.count_ones(..).cmp(&other.count_ones(..)))
            .then_with(|| one.cmp(other))
    });
    let mut left: BTreeSet<usize> = rows.keys().copied().collect();
    let mut merged = Vec::new();
    for (row, ends) in fitting {
        let ends: Vec<usize> = ends.into_iter().filter(|end| left.remove(end)).collect();
        match ends[..] {
            [] => {}
            [only] => merged.push((set(row.len(), &ends), rows[&only].clone())),
            _ => merged.push((set(row.len(), &ends), row)),
        }
    }
    merged
}

fn with(row: &FixedBitSet, end: usize) -> FixedBitSet {
    let mut more = row.clone();
    more.insert(end);
    more
}

fn set(size: usize, ends: &[usize]) -> FixedBitSet {
    let mut set = FixedBitSet::with_capacity(size);
    set.extend(ends.iter().copied());
    set
}
