//! # A peer that is every namespace
//!
//! A `from` or `to` item has an empty `namespaceSelector` and no labels of pods: it names every pod of every namespace.
//!
//! ## Why is this bad?
//!
//! `namespaceSelector: {}` is not the same as none, which would mean the policy's own namespace. Whoever may start a pod in any
//! namespace is admitted, those of other teams and of namespaces to come included.
//!
//! ## Example
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: web}}
//!   ingress:
//!     - from:
//!         - namespaceSelector: {}
//!       ports:
//!         - port: 9100
//! ```
//!
//! ```text
//! note: this names every pod of every namespace, those to come included
//!   8:11
//!   help: name the namespaces by a label, or such pods by a `podSelector` in the same item
//! ```
//!
//! Name the namespaces, or the pods:
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: web}}
//!   ingress:
//!     - from:
//!         - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: monitoring}}
//!         - namespaceSelector: {}
//!           podSelector: {matchLabels: {app: prometheus}}
//!       ports:
//!         - port: 9100
//! ```

use podfence_model::{NamespaceScope, Origin, Peer, PeerKind};
use podfence_source::Severity;

use crate::context::{Context, PolicyRule};
use crate::family::Family;
use crate::finding::Finding;
use crate::rule::{Check, Rule};
use crate::{siblings, words};

pub(super) static RULE: Rule = Rule {
    code: "every-namespace",
    family: Family::Selecting,
    severity: Severity::Note,
    file: include_str!("every_namespace.rs"),
    check: Check::World(check),
};

fn check(context: &Context<'_>) -> Vec<Finding> {
    context.peers().filter_map(|(rule, peer)| finding(context, rule, peer)).collect()
}

fn finding<'a>(context: &Context<'a>, rule: PolicyRule<'a>, peer: &Peer) -> Option<Finding> {
    let PeerKind::Pods { namespaces: NamespaceScope::Matching(namespaces), pods } = &peer.kind else {
        return None;
    };
    let everybody = namespaces.is_everything() && pods.is_everything();
    if !everybody || siblings::has(context, rule, peer) {
        return None;
    }
    let stated = context.pods().filter(|pod| !matches!(pod.meta.origin, Origin::Assumed(_))).count();
    let label =
        if stated == 0 { String::new() } else { words::count(stated, "pod", "pods") + " of this input" };
    let message = "this names every pod of every namespace, those to come included";
    let selector = context.peer_field(peer, "namespaceSelector").map(|field| field.place());
    let finding = Finding::about(&RULE, rule.policy, message).at(selector, label);
    Some(finding.help("name the namespaces by a label, or such pods by a `podSelector` in the same item"))
}
