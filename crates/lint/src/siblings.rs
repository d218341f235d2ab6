//! Two peers of one list that were probably meant as one: a namespace, and beside it pods without a namespace.

use podfence_model::{NamespaceScope, Peer, PeerKind, Pod, Rule};

use crate::context::{Context, PolicyRule};

/// A peer that names namespaces and its neighbour that names pods of the policy's own namespace.
pub(crate) struct Siblings<'a> {
    pub(crate) namespaces: &'a Peer,
    pub(crate) pods: &'a Peer,
    /// The later one of the two.
    pub(crate) second: &'a Peer,
    /// Whom they name as they are written.
    pub(crate) either: Vec<&'a Pod>,
    /// Whom one item with both selectors would name.
    pub(crate) both: Vec<&'a Pod>,
    /// Whether as two items they make no sense: the pods are in the namespaces anyway, or there are none.
    pub(crate) senseless: bool,
}

/// The neighbours of a rule that were probably meant as one item.
pub(crate) fn of<'a>(context: &Context<'a>, rule: PolicyRule<'a>) -> Vec<Siblings<'a>> {
    let found = neighbours(context, rule.rule).filter_map(|(first, second)| {
        let (namespaces, pods) = if names_pods(second) { (first, second) } else { (second, first) };
        look(context, rule, (namespaces, pods, second))
    });
    found.filter(Siblings::speak).collect()
}

fn look<'a>(
    context: &Context<'a>,
    PolicyRule { policy, .. }: PolicyRule<'a>,
    (namespaces, pods, second): (&'a Peer, &'a Peer, &'a Peer),
) -> Option<Siblings<'a>> {
    let PeerKind::Pods { namespaces: scope, .. } = &namespaces.kind else { return None };
    let PeerKind::Pods { pods: selector, .. } = &pods.kind else { return None };
    let home = &policy.meta.id.namespace;
    let looked_into = context.peer_namespaces(home, scope);
    let holds_home = looked_into.iter().any(|namespace| namespace.name == *home)
        || matches!(scope, NamespaceScope::Matching(all) if all.is_everything());
    let both: Vec<&Pod> = looked_into.iter().flat_map(|ns| context.matching(&ns.name, selector)).collect();
    let own = context.matching(home, selector);
    let lost = own.is_empty() && !both.is_empty() && context.knows_pods_of(home);
    let mut either = context.peer_pods(policy, namespaces);
    either.extend(own.into_iter().filter(|_| !holds_home));
    Some(Siblings { namespaces, pods, second, either, both, senseless: holds_home || lost })
}

impl Siblings<'_> {
    /// Whether they are worth a word: as two items they make no sense, or as one they would name fewer pods.
    fn speak(&self) -> bool {
        self.senseless || (!self.both.is_empty() && self.both.len() < self.either.len())
    }
}

/// Whether a peer is one of two that `and-or` speaks of.
pub(crate) fn has<'a>(context: &Context<'a>, rule: PolicyRule<'a>, peer: &Peer) -> bool {
    of(context, rule)
        .iter()
        .any(|found| std::ptr::eq(found.namespaces, peer) || std::ptr::eq(found.pods, peer))
}

/// Neighbours, of which one names whole namespaces and the other pods without a namespace.
fn neighbours<'a>(context: &Context<'_>, rule: &'a Rule) -> impl Iterator<Item = (&'a Peer, &'a Peer)> {
    let pairs = rule.peers.windows(2).filter_map(|pair| Some((pair.first()?, pair.last()?)));
    pairs.filter(|(a, b)| {
        (names_namespaces(context, a) && names_pods(b)) || (names_pods(a) && names_namespaces(context, b))
    })
}

/// Only a `namespaceSelector`; who writes `podSelector: {}` beside it knows of both.
fn names_namespaces(context: &Context<'_>, peer: &Peer) -> bool {
    let PeerKind::Pods { namespaces: NamespaceScope::Matching(_), pods } = &peer.kind else { return false };
    let written = context.view(peer.place.as_ref()).is_some_and(|text| text.field("podSelector").is_some());
    pods.is_everything() && !written
}

fn names_pods(peer: &Peer) -> bool {
    matches!(&peer.kind, PeerKind::Pods { namespaces: NamespaceScope::Own, pods } if !pods.is_everything())
}
