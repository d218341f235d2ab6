//! Pods folded to workloads, namespaces, and those that are left out of them.

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
            return self.first(pods, count, most);
        }
        let mut others = pods.clone();
        others.toggle_range(..);
        vec![EndName::EveryPod { but: self.first(&others, self.pods.len() - count, most) }]
    }

    /// The first names of some pods, and how many pods there are beyond.
    fn first(&self, pods: &FixedBitSet, count: usize, most: usize) -> Vec<EndName> {
        let mut names = Vec::new();
        let mut left = count;
        for namespace in &self.namespaces {
            if names.len() >= most || left == 0 {
                break;
            }
            names.extend(self.in_namespace(namespace, pods));
            left -= pods.count_ones(namespace.pods.clone());
        }
        names.extend((left > 0).then_some(EndName::MorePods(left)));
        names
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
        self.units.iter().filter_map(|unit| self.in_unit(unit, pods, true)).collect()
    }

    fn by_namespace(&self, pods: &FixedBitSet) -> Vec<EndName> {
        self.namespaces.iter().flat_map(|namespace| self.in_namespace(namespace, pods)).collect()
    }

    fn in_namespace(&self, namespace: &Namespace, pods: &FixedBitSet) -> Vec<EndName> {
        if !pods.contains_any_in_range(namespace.pods.clone()) {
            return Vec::new();
        }
        let units = &self.units[namespace.units.clone()];
        let names =
            |is_in: bool| units.iter().filter_map(move |unit| self.in_unit(unit, pods, is_in)).collect();
        let count =
            |is_in: bool| units.iter().filter(|unit| members(unit, pods, is_in).next().is_some()).count();
        // Each unit is one name, and a name takes longer to make than to count.
        if 1 + count(false) < count(true) {
            vec![EndName::Namespace { name: namespace.name.clone(), but: names(false) }]
        } else {
            names(true)
        }
    }

    /// The pods of a unit that are in, or those that are not.
    fn in_unit(&self, unit: &Unit, pods: &FixedBitSet, is_in: bool) -> Option<EndName> {
        let of = unit.pods.len();
        let meant = || members(unit, pods, is_in).map(|place| self.pods[place].clone());
        match (members(unit, pods, is_in).count(), &unit.workload) {
            (0, _) => None,
            (all, Some(workload)) if all == of => Some(EndName::Workload(workload.clone())),
            (_, Some(workload)) => {
                Some(EndName::PartOf { workload: workload.clone(), pods: meant().collect(), of })
            }
            (_, None) => meant().next().map(EndName::Pod),
        }
    }
}

fn members<'p>(unit: &Unit, pods: &'p FixedBitSet, is_in: bool) -> impl Iterator<Item = usize> + use<'p> {
    unit.pods.clone().filter(move |place| pods.contains(*place) == is_in)
}
