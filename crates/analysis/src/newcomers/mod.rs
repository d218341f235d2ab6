//! Pods that are not there yet: for each place where one may come up, the labels that rules can tell apart.
//!
//! A rule that admits by labels admits whoever carries them, so what may come to a pod is more than what its present
//! neighbours send. [`Newcomers`] finds the pods to ask about and adds them to a copy of the world; the engine judges
//! them there like any other. `names` folds sets of them for people. Start with [`Newcomers::of`].

mod labels;
mod names;

use std::collections::BTreeSet;

use podfence_model::{
    Addresses, LabelSelector, Labels, Life, METADATA_NAME, Meta, Namespace, NamespaceScope, NamespacedName,
    Origin, PeerKind, Pod, Shared, World,
};

use self::labels::{LabelsOfPlace, label_sets, label_sets_of_both};

pub use self::names::{LabelSets, NewLabels, NewPlaces, NewPods};

/// Where a new pod may come up.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NewPlace {
    /// A namespace that there is.
    Namespace(String),
    /// A new namespace with these labels.
    NewNamespace(Labels),
}

/// A pod that is not there yet.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NewPod {
    /// Where it comes up.
    pub place: NewPlace,
    /// Its labels; the value is empty where a rule asks for the key alone.
    pub labels: Labels,
}

/// The new pods that the rules of a world can tell apart, as far as they name labels.
#[derive(Debug)]
pub(crate) struct Newcomers {
    /// The pods; those of one place are neighbours.
    pub(crate) pods: Vec<NewPod>,
    /// Places where rules name too many labels to try those of one rule with those of another.
    pub(crate) untried: Vec<NewPlace>,
    ids: Vec<NamespacedName>,
    new_namespaces: Vec<Namespace>,
}

const WHY: &str = "assumed: a pod that is not there yet";

impl Newcomers {
    /// In every known namespace, in a new one without labels, and in new ones with the labels that ingress rules name:
    /// a pod without labels, and pods with those that rules name there, those included that choose whom an egress policy
    /// isolates. Labels that no rule names make no difference.
    pub(crate) fn of(world: &World) -> Self {
        let rules = Rules::of(world);
        let new_namespaces = rules.new_namespaces(world);
        let mut new =
            Self { pods: Vec::new(), untried: Vec::new(), ids: Vec::new(), new_namespaces: Vec::new() };
        for namespace in world.namespaces.values() {
            let place = NewPlace::Namespace(namespace.name.clone());
            new.add(&place, &namespace.name, rules.labels_in(namespace));
        }
        for (labels, namespace) in new_namespaces {
            new.add(&NewPlace::NewNamespace(labels), &namespace.name, rules.labels_in(&namespace));
            new.new_namespaces.push(namespace);
        }
        new
    }

    fn add(&mut self, place: &NewPlace, namespace: &str, found: LabelsOfPlace) {
        if !found.all {
            self.untried.push(place.clone());
        }
        for labels in found.sets {
            // No object can have such a name, so no object is hidden.
            self.ids.push(NamespacedName::new(namespace, format!("new pod {}", self.pods.len())));
            self.pods.push(NewPod { place: place.clone(), labels });
        }
    }

    /// A copy of the world in which they are there.
    pub(crate) fn added_to(&self, world: &World) -> World {
        let mut wider = world.clone();
        let namespaces = self.new_namespaces.iter().map(|n| (n.name.clone(), n.clone()));
        wider.namespaces.extend(namespaces);
        for (new, id) in self.pods.iter().zip(&self.ids) {
            let meta = Meta { id: id.clone(), labels: new.labels.clone(), origin: Origin::Assumed(WHY) };
            wider.pods.insert(id.clone(), unplaced(meta));
        }
        wider
    }

    /// The names that they have in that copy, in the order of the pods.
    pub(crate) fn ids(&self) -> &[NamespacedName] {
        &self.ids
    }
}

/// A pod that nobody has given a node or an address yet.
fn unplaced(meta: Meta) -> Pod {
    Pod {
        meta,
        workload: None,
        node: None,
        addresses: Addresses::Unstated,
        host_network: false,
        life: Life::Present,
        ready: true,
        ports: Shared::new(),
    }
}

/// What can tell new pods apart.
struct Rules<'w> {
    /// Peers of ingress rules: the namespace that they look into (`None` = by labels), and what they ask there.
    peers: BTreeSet<(Option<&'w str>, &'w NamespaceScope, &'w LabelSelector)>,
    /// Whom policies isolate for egress, by namespace.
    senders: BTreeSet<(&'w str, &'w LabelSelector)>,
}

impl<'w> Rules<'w> {
    fn of(world: &'w World) -> Self {
        let mut rules = Self { peers: BTreeSet::new(), senders: BTreeSet::new() };
        for policy in world.policies.values() {
            let own = policy.meta.id.namespace.as_str();
            if policy.directions.egress {
                rules.senders.insert((own, &policy.subject));
            }
            if !policy.directions.ingress {
                continue;
            }
            for peer in policy.ingress.iter().flat_map(|rule| &rule.peers) {
                if let PeerKind::Pods { namespaces, pods } = &peer.kind {
                    let scope = (*namespaces == NamespaceScope::Own).then_some(own);
                    rules.peers.insert((scope, namespaces, pods));
                }
            }
        }
        rules
    }

    /// Namespaces that are not there yet, with the labels that they are told apart by.
    fn new_namespaces(&self, world: &World) -> Vec<(Labels, Namespace)> {
        let selectors = self.peers.iter().filter_map(|(_, scope, _)| match scope {
            NamespaceScope::Matching(selector) => Some(selector),
            NamespaceScope::Own => None,
        });
        let sets = label_sets(selectors.collect::<BTreeSet<_>>());
        let named = sets.into_iter().enumerate().map(|(i, labels)| {
            let name = labels.get(METADATA_NAME).cloned().unwrap_or_else(|| format!("new namespace {i}"));
            let namespace = Namespace::new(name, labels.clone(), Origin::Assumed(WHY));
            (labels, namespace)
        });
        named.filter(|(_, namespace)| !world.namespaces.contains_key(&namespace.name)).collect()
    }

    /// The labels that tell pods of a namespace apart.
    fn labels_in(&self, namespace: &Namespace) -> LabelsOfPlace {
        let may_match =
            |selector: &LabelSelector| !namespace.labels_known || selector.matches(&namespace.labels);
        let peers = self.peers.iter().filter(|(own, scope, _)| match scope {
            NamespaceScope::Own => *own == Some(namespace.name.as_str()),
            NamespaceScope::Matching(selector) => may_match(selector),
        });
        let senders = self.senders.iter().filter(|(own, _)| *own == namespace.name);
        let admitting = peers.map(|(.., pods)| *pods).collect();
        label_sets_of_both(&admitting, &senders.map(|(_, subject)| *subject).collect())
    }
}
