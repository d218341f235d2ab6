//! # A policy that cuts a whole namespace off
//!
//! A policy has an empty `podSelector`, so it isolates every pod of its namespace, and its rules admit nobody that is there.
//!
//! ## Why is this bad?
//!
//! An empty `podSelector` does not select nothing: it selects everything. A policy that was to let one client in shuts all pods of
//! the namespace for all others.
//!
//! ## Example
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: metrics-access, namespace: shop}
//! spec:
//!   podSelector:
//!     matchLabels:
//!   ingress:
//!     - from:
//!         - podSelector: {matchLabels: {app: metrics}}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop, labels: {app: web}}
//! spec: {containers: [{name: web, image: web}]}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: db, namespace: shop, labels: {app: db}}
//! spec: {containers: [{name: db, image: db}]}
//! ```
//!
//! ```text
//! warning: an empty `podSelector` isolates all 2 pods of shop, and the rules let in nobody that is there
//!   5:3 every pod
//!   9:11 nobody
//!   help: name the pods that the rules are about
//! ```
//!
//! Select the pods that the rules are about:
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: metrics-access, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: web}}
//!   ingress:
//!     - from:
//!         - podSelector: {matchLabels: {app: metrics}}
//! ```
//!
//! ## When it is silent
//!
//! - The policy has no rules: it says that it denies.
//! - Some rule admits somebody, or blocks of addresses, or namespaces that the input does not know.
//! - Another policy without rules isolates every pod of the namespace anyway.
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: inside-only, namespace: shop}
//! spec:
//!   podSelector: {}
//!   ingress:
//!     - from:
//!         - podSelector: {}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop, labels: {app: web}}
//! spec: {containers: [{name: web, image: web}]}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: db, namespace: shop, labels: {app: db}}
//! spec: {containers: [{name: db, image: db}]}
//! ```

use podfence_model::{Direction, NamespaceScope, NetworkPolicy, Peer, PeerKind};
use podfence_source::Severity;

use super::peer_in_other_namespace::others;
use crate::context::{Context, PolicyRule};
use crate::family::Family;
use crate::finding::Finding;
use crate::rule::{Check, Rule};
use crate::selectors::matches_nothing;
use crate::words;

pub(super) static RULE: Rule = Rule {
    code: "selects-whole-namespace",
    family: Family::Selecting,
    severity: Severity::Warning,
    file: include_str!("selects_whole_namespace.rs"),
    check: Check::World(check),
};

fn check(context: &Context<'_>) -> Vec<Finding> {
    let both = context.policies().flat_map(|policy| Direction::BOTH.map(|direction| (policy, direction)));
    both.filter_map(|(policy, direction)| finding(context, policy, direction)).collect()
}

fn finding<'a>(context: &Context<'a>, policy: &'a NetworkPolicy, direction: Direction) -> Option<Finding> {
    let namespace = &policy.meta.id.namespace;
    let rules = policy.rules(direction);
    let whole = policy.directions.contains(direction) && policy.subject.is_everything() && !rules.is_empty();
    let shut = |rule| names_nobody(context, PolicyRule { policy, direction, rule });
    if !whole || !rules.iter().all(shut) || is_shut_anyway(context, policy, direction) {
        return None;
    }
    let subjects = context.subjects(policy);
    let pods = words::count(subjects.len(), "pod", "pods");
    let side = match direction {
        Direction::Ingress => "let in nobody",
        Direction::Egress => "let them out to nobody",
    };
    let message = format!(
        "an empty `podSelector` isolates all {pods} of {namespace}, and the rules {side} that is there"
    );
    let finding = Finding::about(&RULE, policy, message).at(context.subject_place(policy), "every pod");
    let peer = rules.first().and_then(|rule| rule.peers.first()).and_then(|peer| peer.place.clone());
    (subjects.len() > 1).then(|| finding.at(peer, "nobody").help("name the pods that the rules are about"))
}

/// Whether a rule has peers and none of them matches any pod; one that only looks in the wrong place is another mistake.
fn names_nobody<'a>(context: &Context<'a>, rule: PolicyRule<'a>) -> bool {
    let namespace = &rule.policy.meta.id.namespace;
    let nobody = |peer: &Peer| match &peer.kind {
        PeerKind::Pods { namespaces: NamespaceScope::Own, pods } => {
            matches_nothing(context, namespace, pods) && others(context, rule, peer).is_none()
        }
        PeerKind::Pods { .. } | PeerKind::Block(_) => false,
    };
    !rule.rule.peers.is_empty() && rule.rule.peers.iter().all(nobody)
}

/// Whether another policy isolates the whole namespace, too, so that this one takes nothing away.
fn is_shut_anyway(context: &Context<'_>, policy: &NetworkPolicy, direction: Direction) -> bool {
    context.policies().any(|other| {
        other.meta.id != policy.meta.id
            && other.meta.id.namespace == policy.meta.id.namespace
            && other.subject.is_everything()
            && other.directions.contains(direction)
    })
}
