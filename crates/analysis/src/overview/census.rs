//! Groups of a matrix by name, or those members of them that are asked for.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use fixedbitset::FixedBitSet;

use super::{Folding, Overview};
use crate::AddressSet;
use crate::ends::{Directory, EndName, Ends};
use crate::matrix::{Group, GroupId, Members};

/// Who of a group counts, in the directory's terms.
#[derive(Debug)]
enum Part {
    /// Places of the directory's row.
    Pods(Vec<Range<usize>>),
    Unknown(AddressSet),
    Outside(AddressSet),
}

/// The groups of an overview and who of each counts.
#[derive(Debug)]
pub(super) struct Census<'a> {
    directory: &'a Directory,
    parts: Vec<Part>,
    /// Groups of which somebody counts.
    present: FixedBitSet,
    /// Groups of pods.
    pods: FixedBitSet,
    /// Whether every group of pods is the one pod at the place of its own number: groups are places then.
    is_in_place: bool,
    /// Names of what is no pod, by groups: there are few such sets, and a name takes long.
    addresses: Mutex<HashMap<Vec<usize>, Vec<EndName>>>,
}

impl<'a> Census<'a> {
    /// Everybody, or those that are asked for.
    pub(super) fn new(overview: &'a Overview<'_>, asked: Option<&Ends>) -> Self {
        let groups = overview.certain.groups();
        let parts: Vec<Part> = groups.iter().map(|group| part(overview, group, asked)).collect();
        let bits = |is_in: fn(&Part) -> bool| {
            let mut bits = FixedBitSet::with_capacity(parts.len());
            bits.extend(parts.iter().enumerate().filter(|(_, part)| is_in(part)).map(|(i, _)| i));
            bits
        };
        let of_families = |group: &Group| overview.certain.families().any(|family| group.is_of(family));
        let mut present = bits(|part| !part.is_empty());
        for index in groups.iter().enumerate().filter(|(_, group)| !of_families(group)).map(|(i, _)| i) {
            present.remove(index);
        }
        let pods = bits(|part| matches!(part, Part::Pods(_)));
        let in_place = |(i, part): (usize, &Part)| match part {
            Part::Pods(places) => places.len() == 1 && places[0] == (i..i + 1),
            Part::Unknown(_) | Part::Outside(_) => true,
        };
        let is_in_place = parts.iter().enumerate().all(in_place);
        let directory = overview.directory();
        Self { directory, present, pods, is_in_place, parts, addresses: Mutex::default() }
    }

    /// Whether anybody of a group counts.
    pub(super) fn has(&self, group: GroupId) -> bool {
        self.present.contains(group.index())
    }

    /// The groups of which somebody counts.
    pub(super) fn present(&self) -> &FixedBitSet {
        &self.present
    }

    /// Whether any pod counts.
    pub(super) fn has_pods(&self) -> bool {
        !self.present.is_disjoint(&self.pods)
    }

    /// The groups of addresses that are no known pod's.
    pub(super) fn addresses(&self) -> FixedBitSet {
        let mut addresses = self.present.clone();
        addresses.difference_with(&self.pods);
        addresses
    }

    /// Those of these groups that are pods.
    pub(super) fn pods_of(&self, groups: &FixedBitSet) -> FixedBitSet {
        groups & &self.pods
    }

    /// Names for those of these groups that count.
    pub(super) fn name(&self, groups: &FixedBitSet, folding: Folding) -> Vec<EndName> {
        let names = folding.names(self.directory, &self.places(groups));
        let addresses = self.name_addresses(groups);
        match folding {
            Folding::Folded | Folding::Short(_) => self.directory.join(names, addresses),
            Folding::Expanded => names.into_iter().chain(addresses).collect(),
        }
    }

    /// The places of the pods of some groups.
    fn places(&self, groups: &FixedBitSet) -> FixedBitSet {
        let mut places = self.directory.nobody();
        if self.is_in_place {
            copy(groups, &mut places);
            return places;
        }
        let groups = groups & &self.pods;
        for index in groups.ones() {
            if let Part::Pods(stretches) = &self.parts[index] {
                for stretch in stretches {
                    places.insert_range(stretch.clone());
                }
            }
        }
        places
    }

    /// Names for those of these groups that are no known pods.
    pub(super) fn name_addresses(&self, groups: &FixedBitSet) -> Vec<EndName> {
        let chosen: Vec<usize> =
            groups.difference(&self.pods).filter(|i| self.present.contains(*i)).collect();
        if chosen.is_empty() {
            return Vec::new();
        }
        let known = || self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(names) = known().get(&chosen) {
            return names.clone();
        }
        let names = self.names_of_addresses(&chosen);
        known().insert(chosen, names.clone());
        names
    }

    fn names_of_addresses(&self, groups: &[usize]) -> Vec<EndName> {
        let parts = || groups.iter().map(|group| &self.parts[*group]);
        let unknown = parts().filter_map(|part| match part {
            Part::Unknown(set) => Some(set),
            Part::Pods(_) | Part::Outside(_) => None,
        });
        let outside = parts().filter_map(|part| match part {
            Part::Outside(set) => Some(set),
            Part::Pods(_) | Part::Unknown(_) => None,
        });
        self.directory.name_addresses(&AddressSet::union_all(unknown), &AddressSet::union_all(outside))
    }
}

/// Copies what fits of one set to an empty one.
fn copy(from: &FixedBitSet, to: &mut FixedBitSet) {
    let (len, blocks) = (to.len(), to.as_mut_slice());
    blocks.iter_mut().zip(from.as_slice()).for_each(|(block, more)| *block = *more);
    let beyond = blocks.len() * fixedbitset::Block::BITS as usize - len;
    if let Some(last) = blocks.last_mut() {
        *last &= fixedbitset::Block::MAX >> beyond;
    }
}

impl Part {
    fn is_empty(&self) -> bool {
        match self {
            Self::Pods(places) => places.is_empty(),
            Self::Unknown(set) | Self::Outside(set) => set.is_empty(),
        }
    }
}

fn part(overview: &Overview<'_>, group: &Group, asked: Option<&Ends>) -> Part {
    let limited = |set: AddressSet, to: fn(&Ends) -> &AddressSet| match asked {
        Some(asked) => set.intersection(to(asked)),
        None => set,
    };
    match &group.members {
        Members::Pods(pods) => {
            let names = pods.iter().map(|id| &overview.engine.pod(*id).meta.id);
            let names = names.filter(|id| asked.is_none_or(|asked| asked.pods.contains(id)));
            Part::Pods(stretches(names.filter_map(|id| overview.directory.place(id)).collect()))
        }
        Members::UnknownPods(ranges) => {
            Part::Unknown(limited(ranges.iter().copied().collect(), |asked| &asked.unknown))
        }
        Members::Outside(ranges) => {
            Part::Outside(limited(ranges.iter().copied().collect(), |asked| &asked.outside))
        }
    }
}

/// Neighbouring places as stretches.
fn stretches(places: BTreeSet<usize>) -> Vec<Range<usize>> {
    let mut stretches: Vec<Range<usize>> = Vec::new();
    for place in places {
        match stretches.last_mut() {
            Some(last) if last.end == place => last.end += 1,
            _ => stretches.push(place..place + 1),
        }
    }
    stretches
}
