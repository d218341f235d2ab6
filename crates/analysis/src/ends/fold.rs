//! Pods folded to workloads, namespaces, and those that are left out of them.

use std::ops::Range;

use fixedbitset::FixedBitSet;

use super::directory::{Directory, Namespace, Unit};
use super::{EndName, weight};

/// How many workloads and bare pods a world may have for the fewest names to be looked for in every set of it.
const FOLDED_WELL: usize = 300;

impl Directory {
    /// The fewest names for some places of the row.
    pub(crate) fn fold(&self, pods: &FixedBitSet) -> Vec<EndName> {
        if pods.is_clear() {
            return Vec::new();
        }
        let listed = self.by_namespace(pods);
        let mut others = pods.clone();
        others.toggle_range(..);
        let but = self.by_namespace(&others);
        if 1 + weight(&but) < weight(&listed) || but.is_empty() {
            vec![EndName::EveryPod { but }]
        } else {
            listed
        }
    }

    /// As [`Directory::fold`], but with few names only and the number of pods beyond; in a large world it does not look for
    /// the fewest names.
    pub(crate) fn fold_short(&self, pods: &FixedBitSet, most: usize) -> Vec<EndName> {
        if self.units.len() <= FOLDED_WELL {
            return self.shortened(self.fold(pods), most);
        }
        let count = pods.count_ones(..);
        if 2 * count <= self.pods.len() {
            return self.first((pods, true), pods.ones(), (count, most));
        }
        let beyond = self.pods.len() - count;
        vec![EndName::EveryPod { but: self.first((pods, false), pods.zeroes(), (beyond, most)) }]
    }

    /// The first names of some pods, of which there are `count`, and how many pods there are beyond.
    fn first(
        &self,
        pods: Chosen<'_>,
        places: impl Iterator<Item = usize>,
        (count, most): (usize, usize),
    ) -> Vec<EndName> {
        let (mut names, mut left, mut seen) = (Vec::new(), count, 0);
        for place in places {
            if place < seen {
                continue;
            }
            if names.len() >= most {
                break;
            }
            let namespace = self.namespace_at(place);
            names.append(&mut self.in_namespace(namespace, pods));
            left -= members(namespace.pods.clone(), pods).count();
            seen = namespace.pods.end;
        }
        names.extend((left > 0).then_some(EndName::MorePods(left)));
        names
    }

    /// The namespace of a place, which must be one of the row.
    fn namespace_at(&self, place: usize) -> &Namespace {
        &self.namespaces[self.namespaces.partition_point(|namespace| namespace.pods.end <= place)]
    }

    fn shortened(&self, mut names: Vec<EndName>, most: usize) -> Vec<EndName> {
        if let [EndName::EveryPod { but }] = names.as_mut_slice() {
            *but = self.shortened(std::mem::take(but), most);
            return names;
        }
        if names.len() > most + 1 {
            let beyond = names.split_off(most);
            names.push(EndName::MorePods(beyond.iter().map(|name| self.pods(name).len()).sum()));
        }
        names
    }

    /// Workloads and bare pods, one by one.
    pub(crate) fn list(&self, pods: &FixedBitSet) -> Vec<EndName> {
        self.units.iter().filter_map(|unit| self.in_unit(unit, (pods, true))).collect()
    }

    fn by_namespace(&self, pods: &FixedBitSet) -> Vec<EndName> {
        let found =
            self.namespaces.iter().filter(|namespace| pods.contains_any_in_range(namespace.pods.clone()));
        found.flat_map(|namespace| self.in_namespace(namespace, (pods, true))).collect()
    }

    fn in_namespace(&self, namespace: &Namespace, (pods, is_in): Chosen<'_>) -> Vec<EndName> {
        let units = &self.units[namespace.units.clone()];
        let names = |is_in| units.iter().filter_map(move |unit| self.in_unit(unit, (pods, is_in))).collect();
        let has = |unit: &&Unit, is_in| members(unit.pods.clone(), (pods, is_in)).next().is_some();
        let count = |is_in| units.iter().filter(|unit| has(unit, is_in)).count();
        // Each unit is one name, and a name takes longer to make than to count.
        if 1 + count(!is_in) < count(is_in) {
            vec![EndName::Namespace { name: namespace.name.clone(), but: names(!is_in) }]
        } else {
            names(is_in)
        }
    }

    /// The chosen pods of a unit.
    fn in_unit(&self, unit: &Unit, pods: Chosen<'_>) -> Option<EndName> {
        let of = unit.pods.len();
        let meant = || members(unit.pods.clone(), pods).map(|place| self.pods[place].clone());
        match (members(unit.pods.clone(), pods).count(), &unit.workload) {
            (0, _) => None,
            (all, Some(workload)) if all == of => Some(EndName::Workload(workload.clone())),
            (_, Some(workload)) => {
                Some(EndName::PartOf { workload: workload.clone(), pods: meant().collect(), of })
            }
            (_, None) => meant().next().map(EndName::Pod),
        }
    }
}

/// Which pods are meant: those that are in a set, or those that are not.
type Chosen<'p> = (&'p FixedBitSet, bool);

fn members(places: Range<usize>, (pods, is_in): Chosen<'_>) -> impl Iterator<Item = usize> + use<'_> {
    places.filter(move |place| pods.contains(*place) == is_in)
}
