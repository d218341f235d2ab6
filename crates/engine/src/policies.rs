//! The policies: by number, and by namespace in order of name.

use std::collections::{HashMap, HashSet};

use podfence_model::{Direction, NamespacedName, NetworkPolicy, PortSpec};

use crate::atoms::Atoms;
use crate::ids::{AtomId, PolicyId};
use crate::ports::Names;

/// A policy and the atoms of its peers.
#[derive(Debug)]
pub(crate) struct PolicyEntry {
    pub policy: NetworkPolicy,
    /// Per rule, the atom of each peer, in the order written.
    pub ingress: Vec<Vec<AtomId>>,
    /// The same for egress.
    pub egress: Vec<Vec<AtomId>>,
}

impl PolicyEntry {
    /// Interns what the policy's rules name.
    pub(crate) fn new(policy: NetworkPolicy, atoms: &mut Atoms, names: &mut Names) -> Self {
        let namespace = &policy.meta.id.namespace;
        let mut enter = |direction: Direction| -> Vec<Vec<AtomId>> {
            if !policy.directions.contains(direction) {
                return Vec::new(); // dead rules split nothing
            }
            let rules = policy.rules(direction).iter();
            rules.map(|rule| rule.peers.iter().map(|p| atoms.intern(&p.kind, namespace)).collect()).collect()
        };
        let (ingress, egress) = (enter(Direction::Ingress), enter(Direction::Egress));
        if policy.directions.egress {
            for item in policy.egress.iter().flat_map(|rule| &rule.ports) {
                if let PortSpec::Named(name) = &item.ports {
                    names.intern(name, item.protocol);
                }
            }
        }
        Self { policy, ingress, egress }
    }

    pub(crate) fn atoms(&self, direction: Direction) -> &[Vec<AtomId>] {
        match direction {
            Direction::Ingress => &self.ingress,
            Direction::Egress => &self.egress,
        }
    }

    /// The atoms of all its peers, as often as they are written.
    pub(crate) fn all_atoms(&self) -> impl Iterator<Item = AtomId> + '_ {
        self.ingress.iter().chain(&self.egress).flatten().copied()
    }

    /// Drops the rules. The name stays for those who still hold the number.
    fn empty(&mut self) {
        self.policy.ingress = Vec::new();
        self.policy.egress = Vec::new();
        self.ingress = Vec::new();
        self.egress = Vec::new();
    }
}

/// All policies. A number is never given again: a policy that changes gets another one, so that what was compiled from the
/// old one cannot be taken for its own.
#[derive(Debug, Default)]
pub(crate) struct Policies {
    entries: Vec<PolicyEntry>,
    by_namespace: HashMap<String, Vec<PolicyId>>,
    withdrawn: usize,
}

impl Policies {
    /// Enters a policy; one of the same name must have been withdrawn.
    pub(crate) fn enter(&mut self, entry: PolicyEntry) {
        let id = PolicyId::new(self.entries.len());
        let name = entry.policy.meta.id.clone();
        self.entries.push(entry);
        let here = self.by_namespace.entry(name.namespace).or_default();
        let place = here.partition_point(|other| self.entries[other.index()].policy.meta.id.name < name.name);
        here.insert(place, id);
    }

    /// Takes a policy out and returns its atoms; `None` when there is none of this name.
    pub(crate) fn withdraw(&mut self, name: &NamespacedName) -> Option<Vec<AtomId>> {
        let id = self.find(name)?;
        self.by_namespace.get_mut(&name.namespace)?.retain(|other| *other != id);
        let entry = &mut self.entries[id.index()];
        let atoms = entry.all_atoms().collect();
        entry.empty();
        self.withdrawn += 1;
        Some(atoms)
    }

    /// Those in force, in no order.
    pub(crate) fn ids(&self) -> impl Iterator<Item = PolicyId> + '_ {
        self.by_namespace.values().flatten().copied()
    }

    pub(crate) fn get(&self, id: PolicyId) -> &PolicyEntry {
        &self.entries[id.index()]
    }

    /// The number of the policy of this name.
    pub(crate) fn find(&self, name: &NamespacedName) -> Option<PolicyId> {
        let here = self.of_namespace(&name.namespace);
        let place = here.binary_search_by(|id| self.get(*id).policy.meta.id.name.cmp(&name.name)).ok()?;
        Some(here[place])
    }

    /// The policies of a namespace, in order of name.
    pub(crate) fn of_namespace(&self, namespace: &str) -> &[PolicyId] {
        self.by_namespace.get(namespace).map_or(&[], Vec::as_slice)
    }

    /// How many numbers stand for nothing any more.
    pub(crate) fn withdrawn(&self) -> usize {
        self.withdrawn
    }

    /// How many policies there are.
    pub(crate) fn in_force(&self) -> usize {
        self.entries.len() - self.withdrawn
    }

    /// The policies that are in force.
    pub(crate) fn into_policies(self) -> impl Iterator<Item = NetworkPolicy> {
        let live: HashSet<PolicyId> = self.by_namespace.into_values().flatten().collect();
        let numbered = self.entries.into_iter().enumerate();
        numbered.filter(move |(i, _)| live.contains(&PolicyId::new(*i))).map(|(_, entry)| entry.policy)
    }
}
