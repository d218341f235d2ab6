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
    ids: HashMap<Atom, AtomId>,
    named: HashMap<String, Vec<AtomId>>,
    matching: Vec<AtomId>,
    by_namespace: HashMap<String, Vec<(AtomId, Truth)>>,
}

impl Atoms {
    /// Interns a peer of a policy in `namespace`.
    pub(crate) fn intern(&mut self, peer: &PeerKind, namespace: &str) -> AtomId {
        let atom = Atom::of(peer, namespace);
        if let Some(id) = self.ids.get(&atom) {
            return *id;
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
        self.list.push(atom.clone());
        self.ids.insert(atom, id);
        id
    }

    /// Notes which atoms look into which namespace; call once after the last `intern`.
    pub(crate) fn index_namespaces<'a>(&mut self, namespaces: impl Iterator<Item = &'a Namespace>) {
        for namespace in namespaces {
            let named = self.named.get(&namespace.name).into_iter().flatten();
            let own = named.map(|id| (*id, Truth::Yes));
            let selected = self.matching.iter().filter_map(|id| self.selects(*id, namespace));
            let found: Vec<_> = own.chain(selected).collect();
            self.by_namespace.insert(namespace.name.clone(), found);
        }
    }

    fn selects(&self, id: AtomId, namespace: &Namespace) -> Option<(AtomId, Truth)> {
        let Atom::Pods { scope: Scope::Matching(selector), .. } = &self.list[id.index()] else {
            return None;
        };
        let truth = namespace_matches(selector, namespace);
        (truth != Truth::No).then_some((id, truth))
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

    fn takes(&self, id: AtomId, labels: &Labels) -> bool {
        match &self.list[id.index()] {
            Atom::Pods { pods, .. } => pods.matches(labels),
            Atom::Block(_) => false,
        }
    }

    /// The block atoms.
    pub(crate) fn blocks(&self) -> Vec<(AtomId, IpBlock)> {
        let block = |(i, atom): (usize, &Atom)| match atom {
            Atom::Block(block) => Some((AtomId::new(i), block.clone())),
            Atom::Pods { .. } => None,
        };
        self.list.iter().enumerate().filter_map(block).collect()
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
