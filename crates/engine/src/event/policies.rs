//! Policies come, go and change.

use podfence_model::{NamespacedName, NetworkPolicy, World};

use crate::ids::{AtomId, NameId};
use crate::index::Engine;
use crate::policies::PolicyEntry;

/// Leftovers that are not worth a new index.
const SOME: usize = 4_096;

impl Engine {
    /// Enters a policy, or what it has become. No address moves to a class that another policy would judge otherwise:
    /// classes are only parted. Costs by the pods and ranges that peers hold which no policy named before.
    pub fn put_policy(&mut self, policy: NetworkPolicy) {
        let name = policy.meta.id.clone();
        let (atoms, names) = (self.atoms.len(), self.names.len());
        let entry = PolicyEntry::new(policy, &mut self.atoms, &mut self.names);
        self.remove_policy(&name);
        self.policies.enter(entry);
        (atoms..self.atoms.len()).for_each(|atom| self.part_by_atom(AtomId::new(atom)));
        (names..self.names.len()).for_each(|name| self.part_by_name(NameId::new(name)));
    }

    /// Forgets a policy; whether there was one.
    pub fn remove_policy(&mut self, name: &NamespacedName) -> bool {
        let atoms = self.policies.withdraw(name);
        for atom in atoms.iter().flatten() {
            self.atoms.release(*atom);
        }
        atoms.is_some()
    }

    /// Whether much of what it keeps serves no policy any more, so that it should be made anew.
    pub fn is_worn(&self) -> bool {
        let atoms = self.atoms.idle();
        (atoms > SOME && atoms > self.atoms.len() / 2)
            || self.policies.withdrawn() > self.policies.in_force() + SOME
    }

    /// Indexes the same objects anew. All numbers it gave mean nothing any more.
    pub fn renew(&mut self) {
        *self = Self::from(self.take_world());
    }

    /// The objects it was told of; it is empty afterwards.
    pub(super) fn take_world(&mut self) -> World {
        let mut old = std::mem::replace(self, Self::from(World::default()));
        let gone = std::mem::take(&mut old.free);
        let pods = old.pods.into_iter().enumerate();
        let pods = pods.filter(|(i, _)| !gone.iter().any(|id| id.index() == *i));
        World {
            pods: pods.map(|(_, pod)| (pod.meta.id.clone(), pod)).collect(),
            policies: old.policies.into_policies().map(|policy| (policy.meta.id.clone(), policy)).collect(),
            nodes: old.nodes,
            namespaces: old.namespaces,
            services: old.services,
            pod_ranges: old.pod_ranges,
            ..World::default()
        }
    }
}
