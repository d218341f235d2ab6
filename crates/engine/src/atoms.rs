//! Atoms: the distinct peers that rules name, each once however many rules name it.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use podfence_model::{
    IpBlock, LabelSelector, Labels, Namespace, NamespaceScope, Operator, PeerKind, Requirement,
};

use crate::ids::AtomId;
use crate::truth::{Truth, namespace_matches};

/// Where a pod atom looks: the policy's own namespace by name, or namespaces by label.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Scope {
    Named(String),
    Matching(LabelSelector),
}

/// One distinct peer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Atom {
    Pods { scope: Scope, pods: LabelSelector },
    Block(IpBlock),
}

impl Atom {
    /// The atom that a peer of a policy in `namespace` names.
    fn of(peer: &PeerKind, namespace: &str) -> Self {
        match peer {
            PeerKind::Block(block) => Self::Block(block.clone()),
            PeerKind::Pods { namespaces: NamespaceScope::Own, pods } => {
                Self::Pods { scope: Scope::Named(namespace.to_owned()), pods: pods.clone() }
            }
            PeerKind::Pods { namespaces: NamespaceScope::Matching(selector), pods } => {
                Self::Pods { scope: Scope::Matching(selector.clone()), pods: pods.clone() }
            }
        }
    }
}

/// Hashes of labels, any one of which pods need to belong to an atom; `None` when pods with any labels may. Most pods
/// lack what most atoms need, and numbers say so sooner than texts.
#[derive(Debug)]
struct Need(Option<Box<[u64]>>);

impl Need {
    fn of(atom: &Atom) -> Self {
        let Atom::Pods { pods, .. } = atom else { return Self(Some(Box::default())) };
        let hashes = |requirement: &Requirement| match &requirement.operator {
            Operator::In(values) => Some(values.iter().map(|v| hash(&requirement.key, Some(v))).collect()),
            Operator::Exists => Some([hash(&requirement.key, None)].into()),
            Operator::NotIn(_) | Operator::DoesNotExist => None,
        };
        Self(pods.requirements().find_map(hashes))
    }

    fn is_met_by(&self, labels: &[u64]) -> bool {
        self.0.as_ref().is_none_or(|needed| needed.iter().any(|hash| labels.contains(hash)))
    }
}

/// A number for a label key, or for a key with its value. Equal numbers promise nothing.
fn hash(key: &str, value: Option<&str>) -> u64 {
    let mut hasher = DefaultHasher::new();
    (key, value).hash(&mut hasher);
    hasher.finish()
}

/// All atoms, with an index from namespaces to the pod atoms that may look there.
#[derive(Debug, Default)]
pub(crate) struct Atoms {
    list: Vec<Atom>,
    needs: Vec<Need>,
    /// How many peers of policies name each atom.
    uses: Vec<u32>,
    /// Atoms that no policy names any more. They stay: classes are then finer than they need to be, and right.
    idle: usize,
    ids: HashMap<Atom, AtomId>,
    named: HashMap<String, Vec<AtomId>>,
    matching: Vec<AtomId>,
    by_namespace: HashMap<String, Vec<(AtomId, Truth)>>,
}

impl Atoms {
    /// Interns a peer of a policy in `namespace`.
    pub(crate) fn intern(&mut self, peer: &PeerKind, namespace: &str) -> AtomId {
        let atom = Atom::of(peer, namespace);
        if let Some(id) = self.ids.get(&atom).copied() {
            self.take(id);
            return id;
        }
        let id = AtomId::new(self.list.len());
        match &atom {
            Atom::Pods { scope: Scope::Named(name), .. } => {
                self.named.entry(name.clone()).or_default().push(id);
            }
            Atom::Pods { scope: Scope::Matching(_), .. } => self.matching.push(id),
            Atom::Block(_) => {}
        }
        self.needs.push(Need::of(&atom));
        self.uses.push(1);
        self.list.push(atom.clone());
        self.ids.insert(atom, id);
        id
    }

    fn take(&mut self, id: AtomId) {
        let uses = &mut self.uses[id.index()];
        self.idle -= usize::from(*uses == 0);
        *uses += 1;
    }

    /// One peer less names an atom.
    pub(crate) fn release(&mut self, id: AtomId) {
        let uses = &mut self.uses[id.index()];
        *uses -= 1;
        self.idle += usize::from(*uses == 0);
    }

    /// How many atoms no policy names any more.
    pub(crate) fn idle(&self) -> usize {
        self.idle
    }

    /// Notes which atoms look into a namespace: those there are, by its labels as they are now.
    pub(crate) fn index_namespace(&mut self, namespace: &Namespace) {
        let named = self.named.get(&namespace.name).into_iter().flatten();
        let candidates = named.chain(&self.matching);
        let looks = |id: &AtomId| self.looks_into(*id, namespace).map(|truth| (*id, truth));
        let found: Vec<_> = candidates.filter_map(looks).collect();
        self.by_namespace.insert(namespace.name.clone(), found);
    }

    /// Notes which of these namespaces a new atom looks into, and returns them.
    pub(crate) fn index_atom<'a>(
        &mut self,
        id: AtomId,
        namespaces: impl Iterator<Item = &'a Namespace>,
    ) -> Vec<(&'a str, Truth)> {
        let mut found = Vec::new();
        for namespace in namespaces {
            let Some(truth) = self.looks_into(id, namespace) else { continue };
            self.by_namespace.entry(namespace.name.clone()).or_default().push((id, truth));
            found.push((namespace.name.as_str(), truth));
        }
        found
    }

    /// Whether an atom of pods may look into a namespace; `None` when it does not.
    fn looks_into(&self, id: AtomId, namespace: &Namespace) -> Option<Truth> {
        let truth = match &self.list[id.index()] {
            Atom::Block(_) => Truth::No,
            Atom::Pods { scope: Scope::Named(name), .. } => (*name == namespace.name).into(),
            Atom::Pods { scope: Scope::Matching(selector), .. } => namespace_matches(selector, namespace),
        };
        (truth != Truth::No).then_some(truth)
    }

    /// The pod atoms that pods with these labels in this namespace belong to, for sure or perhaps, sorted.
    pub(crate) fn of_pod(&self, namespace: &str, labels: &Labels) -> Vec<(AtomId, Truth)> {
        let hashes: Vec<u64> =
            labels.iter().flat_map(|(key, value)| [hash(key, None), hash(key, Some(value))]).collect();
        let candidates = self.by_namespace.get(namespace).into_iter().flatten();
        let candidates = candidates.filter(|(id, _)| self.needs[id.index()].is_met_by(&hashes));
        let mut found: Vec<_> = candidates.filter(|(id, _)| self.takes(*id, labels)).copied().collect();
        found.sort_unstable_by_key(|(id, _)| *id);
        found
    }

    /// Whether pods with these labels belong to an atom of a namespace that it looks into.
    pub(crate) fn takes(&self, id: AtomId, labels: &Labels) -> bool {
        match &self.list[id.index()] {
            Atom::Pods { pods, .. } => pods.matches(labels),
            Atom::Block(_) => false,
        }
    }

    /// The block atoms.
    pub(crate) fn blocks(&self) -> Vec<(AtomId, IpBlock)> {
        let ids = (0..self.list.len()).map(AtomId::new);
        ids.filter_map(|id| Some((id, self.block(id)?.clone()))).collect()
    }

    /// The block of an atom, if it is one.
    pub(crate) fn block(&self, id: AtomId) -> Option<&IpBlock> {
        match &self.list[id.index()] {
            Atom::Block(block) => Some(block),
            Atom::Pods { .. } => None,
        }
    }

    /// How many atoms there are.
    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    /// A canonical sentence for an atom, unique among atoms.
    pub(crate) fn describe(&self, id: AtomId) -> String {
        match &self.list[id.index()] {
            Atom::Block(block) => block.to_string(),
            Atom::Pods { scope: Scope::Named(namespace), pods } => format!("pods {pods} in {namespace}"),
            Atom::Pods { scope: Scope::Matching(selector), pods } => {
                format!("pods {pods} in namespaces {selector}")
            }
        }
    }
}
