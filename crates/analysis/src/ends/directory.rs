//! What the names of a world stand for: its pods in one row, so that a workload and a namespace are stretches of it.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use fixedbitset::FixedBitSet;
use podfence_engine::{Engine, PodId};
use podfence_model::{NamespacedName, ObjectRef, Pod, World};

use super::outside::Addresses;
use super::{EndName, Ends};
use crate::AddressSet;

/// Pods that one object makes, or one bare pod.
#[derive(Debug)]
pub(super) struct Unit {
    /// What makes them.
    pub workload: Option<ObjectRef>,
    /// Which places of the row they have.
    pub pods: Range<usize>,
}

/// A namespace with pods.
#[derive(Debug)]
pub(super) struct Namespace {
    pub name: String,
    /// Which units are its own.
    pub units: Range<usize>,
    /// Which places of the row its pods have.
    pub pods: Range<usize>,
}

/// The names of a world.
#[derive(Debug)]
pub struct Directory {
    /// The pods that can be peers, by namespace and then by what makes them.
    pub(super) pods: Vec<NamespacedName>,
    pub(super) units: Vec<Unit>,
    pub(super) namespaces: Vec<Namespace>,
    places: HashMap<NamespacedName, usize>,
    addresses: Addresses,
}

impl Directory {
    /// The names of a world and of the engine made from it.
    pub fn new(world: &World, engine: &Engine) -> Self {
        let seated: BTreeSet<PodId> =
            engine.classes().iter().flat_map(|class| &class.members).map(|member| member.pod).collect();
        let mut pods: Vec<&Pod> = seated.into_iter().map(|id| engine.pod(id)).collect();
        pods.sort_by_cached_key(|pod| (pod.meta.id.namespace.clone(), maker(pod), pod.meta.id.name.clone()));
        let mut new = Self {
            places: pods.iter().enumerate().map(|(place, pod)| (pod.meta.id.clone(), place)).collect(),
            pods: pods.iter().map(|pod| pod.meta.id.clone()).collect(),
            units: Vec::new(),
            namespaces: Vec::new(),
            addresses: Addresses::new(world, engine),
        };
        for pods in pods.chunk_by(|a, b| a.meta.id.namespace == b.meta.id.namespace) {
            new.add_namespace(pods);
        }
        new
    }

    fn add_namespace(&mut self, pods: &[&Pod]) {
        let (first_unit, first_pod) = (self.units.len(), self.units.last().map_or(0, |unit| unit.pods.end));
        for pods in pods.chunk_by(|a, b| a.workload.is_some() && a.workload == b.workload) {
            let from = self.units.last().map_or(0, |unit| unit.pods.end);
            self.units.push(Unit { workload: pods[0].workload.clone(), pods: from..from + pods.len() });
        }
        self.namespaces.push(Namespace {
            name: pods[0].meta.id.namespace.clone(),
            units: first_unit..self.units.len(),
            pods: first_pod..first_pod + pods.len(),
        });
    }

    /// The fewest names that say who these ends are; none for nobody. What no pod's name stands for comes last.
    pub fn name(&self, ends: &Ends) -> Vec<EndName> {
        let mut pods = self.nobody();
        pods.extend(ends.pods.iter().filter_map(|id| self.place(id)));
        self.join(self.fold(&pods), self.name_addresses(&ends.unknown, &ends.outside))
    }

    /// Names of pods and of addresses as names of both.
    pub(crate) fn join(&self, mut pods: Vec<EndName>, addresses: Vec<EndName>) -> Vec<EndName> {
        if let ([EndName::EveryPod { but }], true) = (pods.as_mut_slice(), self.addresses.are_all(&addresses))
        {
            return vec![EndName::Everybody { but: std::mem::take(but) }];
        }
        pods.extend(addresses);
        pods
    }

    /// Names for what is not a known pod's.
    pub(crate) fn name_addresses(&self, unknown: &AddressSet, outside: &AddressSet) -> Vec<EndName> {
        self.addresses.name(unknown, outside)
    }

    /// No place of the row.
    pub(crate) fn nobody(&self) -> FixedBitSet {
        FixedBitSet::with_capacity(self.pods.len())
    }

    /// The place of a pod in the row.
    pub(crate) fn place(&self, id: &NamespacedName) -> Option<usize> {
        self.places.get(id).copied()
    }

    /// The known pods that a name stands for.
    pub fn pods(&self, name: &EndName) -> BTreeSet<&NamespacedName> {
        let stretch = |places: Range<usize>| self.pods[places].iter().collect();
        let all_but = |places: Range<usize>, but: &[EndName]| {
            let without: BTreeSet<_> = but.iter().flat_map(|name| self.pods(name)).collect();
            self.pods[places].iter().filter(|id| !without.contains(id)).collect()
        };
        match name {
            EndName::Everybody { but } | EndName::EveryPod { but } => all_but(0..self.pods.len(), but),
            EndName::Namespace { name, but } => {
                let found = self.namespaces.iter().find(|namespace| namespace.name == *name);
                found.map_or_else(BTreeSet::new, |namespace| all_but(namespace.pods.clone(), but))
            }
            EndName::Workload(workload) => {
                let found = self.units.iter().find(|unit| unit.workload.as_ref() == Some(workload));
                found.map_or_else(BTreeSet::new, |unit| stretch(unit.pods.clone()))
            }
            EndName::PartOf { pods, .. } => pods.iter().filter_map(|id| self.known(id)).collect(),
            EndName::Pod(id) => self.known(id).into_iter().collect(),
            EndName::UnknownPods
            | EndName::UnknownPodsIn(_)
            | EndName::Outside
            | EndName::Block(_)
            | EndName::MorePods(_)
            | EndName::Elsewhere
            | EndName::NewPods(_) => BTreeSet::new(),
        }
    }

    fn known(&self, id: &NamespacedName) -> Option<&NamespacedName> {
        self.place(id).map(|place| &self.pods[place])
    }
}

/// What makes a pod, bare pods by their own names: pods of one maker are neighbours in the row.
fn maker(pod: &Pod) -> (String, Option<ObjectRef>) {
    let name = pod.workload.as_ref().map_or(&pod.meta.id.name, |workload| &workload.name);
    (name.clone(), pod.workload.clone())
}
