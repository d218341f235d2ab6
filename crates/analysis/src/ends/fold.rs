//! Pods folded to workloads, namespaces, and those that are left out of them.

use fixedbitset::FixedBitSet;
use podfence_model::NamespacedName;

use super::directory::{Directory, Namespace, Unit};
use super::{EndName, weight};

impl Directory {
    /// The fewest names for some places of the row.
    pub(super) fn fold(&self, pods: &FixedBitSet) -> Vec<EndName> {
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

    fn by_namespace(&self, pods: &FixedBitSet) -> Vec<EndName> {
        self.namespaces.iter().flat_map(|namespace| self.in_namespace(namespace, pods)).collect()
    }

    fn in_namespace(&self, namespace: &Namespace, pods: &FixedBitSet) -> Vec<EndName> {
        if !pods.contains_any_in_range(namespace.pods.clone()) {
            return Vec::new();
        }
        let units = &self.units[namespace.units.clone()];
        let listed: Vec<EndName> =
            units.iter().filter_map(|unit| self.in_unit(unit, |place| pods.contains(place))).collect();
        let but: Vec<EndName> =
            units.iter().filter_map(|unit| self.in_unit(unit, |place| !pods.contains(place))).collect();
        if 1 + weight(&but) < weight(&listed) {
            vec![EndName::Namespace { name: namespace.name.clone(), but }]
        } else {
            listed
        }
    }

    /// The pods of a unit that are in.
    fn in_unit(&self, unit: &Unit, is_in: impl Fn(usize) -> bool) -> Option<EndName> {
        let pods: Vec<NamespacedName> =
            unit.pods.clone().filter(|place| is_in(*place)).map(|place| self.pods[place].clone()).collect();
        match &unit.workload {
            _ if pods.is_empty() => None,
            Some(workload) if pods.len() == unit.pods.len() => Some(EndName::Workload(workload.clone())),
            Some(workload) => Some(EndName::PartOf { workload: workload.clone(), pods, of: unit.pods.len() }),
            None => pods.into_iter().next().map(EndName::Pod),
        }
    }
}
