//! A destination's column as a few lines: by readings, by families, and each port where people look for it.

use std::collections::BTreeMap;

use fixedbitset::FixedBitSet;
use podfence_model::{Family, PortSet};

use super::Overview;
use super::census::Census;
use crate::matrix::GroupId;
use crate::matrix::spread::{Layers, Spread};

/// A line before its sources are named.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Piece {
    pub family: Option<Family>,
    pub certain: bool,
    pub ports: PortSet,
    /// Groups.
    pub from: FixedBitSet,
}

/// What tells lines apart beside their ports: the certain ones come first.
type Mark = (bool, Option<Family>);

impl Overview<'_> {
    /// Who of some sources reaches a group, on some ports.
    pub(super) fn column(&self, to: GroupId, from: &Census<'_>, ports: Option<&PortSet>) -> Vec<Piece> {
        let mut marked: BTreeMap<Mark, Layers> = BTreeMap::new();
        let families: Vec<Family> =
            self.certain.families().filter(|family| self.certain.group(to).is_of(*family)).collect();
        for undecided in [false, true] {
            let spreads =
                families.iter().map(|family| self.spread(*family, to, undecided)).collect::<Option<Vec<_>>>();
            for (family, spread) in self.by_family(&families, spreads.unwrap_or_default()) {
                let layers = marked.entry((undecided, family)).or_default();
                for (mut has, mut groups) in spread.into_parts() {
                    if let Some(ports) = ports {
                        has = has.intersection(ports);
                    }
                    groups.intersect_with(from.present());
                    layers.put(has, groups);
                }
            }
        }
        if !self.is_pods(to) {
            // No policy has a say between addresses; so said, they stand in one row with open pods.
            let all = ports.cloned().unwrap_or_else(PortSet::all);
            marked.entry((false, None)).or_default().put(all, from.addresses());
        }
        let pieces = marked.into_iter().flat_map(|((undecided, family), layers)| {
            let piece = move |(ports, from)| Piece { family, certain: !undecided, ports, from };
            cover(layers).into_iter().map(piece)
        });
        pieces.collect()
    }

    /// What is certain, or what is possible beyond it; `None` where nothing can be.
    fn spread(&self, family: Family, to: GroupId, undecided: bool) -> Option<Spread> {
        let certain = self.certain.column_bits(family, to);
        if !undecided {
            return Some(certain);
        }
        let possible = self.possible.as_ref()?.column_bits(family, to);
        Some(possible.difference(&certain))
    }

    /// The spreads of families as what holds in all of them that a source has, and what holds in one only.
    fn by_family(&self, families: &[Family], mut spreads: Vec<Spread>) -> Vec<(Option<Family>, Spread)> {
        let [v4, v6] = spreads.as_slice() else {
            return spreads.pop().map(|spread| (None, spread)).into_iter().collect();
        };
        let in_both = self.both_families();
        let alike = v4.alike(v6, &in_both);
        let mut found = Vec::new();
        for (family, spread) in families.iter().zip([v4, v6]) {
            let (differing, single) = spread.without_groups(&alike).split(&in_both);
            found.extend([(None, single), (Some(*family), differing)]);
        }
        found.push((None, alike));
        found
    }

    /// Groups with addresses of both families.
    fn both_families(&self) -> FixedBitSet {
        let groups = self.certain.groups();
        let mut bits = FixedBitSet::with_capacity(groups.len());
        let both = |group: &crate::matrix::Group| Family::BOTH.into_iter().all(|family| group.is_of(family));
        bits.extend(groups.iter().enumerate().filter(|(_, group)| both(group)).map(|(i, _)| i));
        bits
    }
}

/// The lines without those that say of a destination itself alone what others do not: each other source of them stands on
/// another line with the same ports and more.
pub(super) fn without_repeats(pieces: &[Piece], itself: GroupId) -> Vec<Piece> {
    let others = |piece: &Piece| {
        let mut from = piece.from.clone();
        from.grow(itself.index() + 1);
        from.remove(itself.index());
        from
    };
    let says = |piece: &Piece, other: &Piece| {
        piece != other
            && (piece.family, piece.certain) == (other.family, other.certain)
            && piece.ports.covers(&other.ports)
            && others(other).is_subset(&piece.from)
    };
    let kept = pieces.iter().filter(|other| {
        let is_own = other.from.contains(itself.index());
        !(is_own && pieces.iter().any(|piece| says(piece, other)))
    });
    kept.cloned().collect()
}

/// Ports with everybody who may use all of them: a port stands with the widest set of sources, and again with a
/// narrower one only where that takes fewer words than to leave it out.
fn cover(layers: Layers) -> Vec<(PortSet, FixedBitSet)> {
    let spread = layers.spread();
    let parts: Vec<(&PortSet, &FixedBitSet)> = spread.iter().collect();
    let line = |(ports, groups): &(&PortSet, &FixedBitSet)| {
        let mut from = (*groups).clone();
        let mut said = PortSet::NONE;
        for (others, bits) in parts.iter().filter(|(others, _)| others != ports) {
            if others.covers(ports) {
                from.union_with(bits);
            } else if ports.covers(others) {
                said = said.union(others);
            }
        }
        let left = ports.difference(&said);
        let ports = if left.stretches() < ports.stretches() { left } else { (*ports).clone() };
        (!ports.is_empty()).then_some((ports, from))
    };
    parts.iter().filter_map(line).collect()
}
