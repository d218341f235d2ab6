//! # A peer whose pods live in another namespace
//!
//! A `from` or `to` item has a `podSelector` and no `namespaceSelector`, so it looks in the policy's own namespace. No pod
//! there matches, but pods of another namespace do.
//!
//! ## Why is this bad?
//!
//! The item admits nobody. A `podSelector` alone never reaches beyond the policy's namespace, however unique the label is.
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
//!         - podSelector:
//!             matchLabels:
//!               app: prometheus
//!       ports:
//!         - port: 9100
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop, labels: {app: web}}
//! spec: {containers: [{name: web, image: web, ports: [{containerPort: 9100}]}]}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: prometheus, namespace: monitoring, labels: {app: prometheus}}
//! spec: {containers: [{name: prometheus, image: prometheus}]}
//! ```
//!
//! ```text
//! warning: this peer selects no pod: a `podSelector` alone looks in shop only, and the pods live in monitoring
//!   8:11 matches 1 pod (prometheus)
//!   help: name their namespace by a `namespaceSelector` in the same item, without a `-` of its own
//! ```
//!
//! Name the namespace in the same item, without a dash of its own:
//!
//! ```yaml fixed
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: web}}
//!   ingress:
//!     - from:
//!         - podSelector:
//!             matchLabels:
//!               app: prometheus
//!           namespaceSelector:
//!             matchLabels:
//!               kubernetes.io/metadata.name: monitoring
//!       ports:
//!         - port: 9100
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop, labels: {app: web}}
//! spec: {containers: [{name: web, image: web, ports: [{containerPort: 9100}]}]}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: prometheus, namespace: monitoring, labels: {app: prometheus}}
//! spec: {containers: [{name: prometheus, image: prometheus}]}
//! ```
//!
//! ```text
//! opened    monitoring/prometheus → shop/web TCP 9100
//! ```
//!
//! ## When it is silent
//!
//! - The input does not state who lives in the policy's namespace.
//! - The pods are those of the cluster DNS, of which the rules about DNS speak.
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: web}}
//!   ingress:
//!     - from:
//!         - podSelector: {matchLabels: {app: prometheus}}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: prometheus, namespace: monitoring, labels: {app: prometheus}}
//! spec: {containers: [{name: prometheus, image: prometheus}]}
//! ```

use podfence_analysis::assumed::is_cluster_dns;
use podfence_model::{METADATA_NAME, NamespaceScope, Peer, PeerKind, Pod};
use podfence_source::{Edit, Severity};

use crate::context::{Context, PolicyRule};
use crate::family::Family;
use crate::finding::Finding;
use crate::rule::{Check, Rule};
use crate::selectors::matches_nothing;
use crate::{siblings, words};

pub(super) static RULE: Rule = Rule {
    code: "peer-in-other-namespace",
    family: Family::Selecting,
    severity: Severity::Warning,
    file: include_str!("peer_in_other_namespace.rs"),
    check: Check::World(check),
};

fn check(context: &Context<'_>) -> Vec<Finding> {
    let found = context.peers().filter_map(|(rule, peer)| Some((rule, peer, others(context, rule, peer)?)));
    found.filter_map(|(rule, peer, pods)| finding(context, rule, peer, pods)).collect()
}

/// The pods of other namespaces that a peer would match, when it looks into the policy's own and finds nobody.
pub(super) fn others<'a>(context: &Context<'a>, rule: PolicyRule<'a>, peer: &Peer) -> Option<Vec<&'a Pod>> {
    let PeerKind::Pods { namespaces: NamespaceScope::Own, pods: selector } = &peer.kind else { return None };
    if selector.is_everything() || !matches_nothing(context, &rule.policy.meta.id.namespace, selector) {
        return None;
    }
    let pods: Vec<&Pod> = context.pods().filter(|pod| selector.matches(&pod.meta.labels)).collect();
    (!pods.is_empty()).then_some(pods)
}

fn finding<'a>(context: &Context<'a>, rule: PolicyRule<'a>, peer: &Peer, pods: Vec<&Pod>) -> Option<Finding> {
    if pods.iter().all(|pod| is_cluster_dns(pod)) || siblings::has(context, rule, peer) {
        return None;
    }
    let home = &rule.policy.meta.id.namespace;
    let mut namespaces: Vec<String> = pods.iter().map(|pod| pod.meta.id.namespace.clone()).collect();
    namespaces.dedup();
    let only = namespaces.first().filter(|_| namespaces.len() == 1);
    let message = format!(
        "this peer selects no pod: a `podSelector` alone looks in {home} only, and the pods live in {}",
        words::list(&namespaces)
    );
    let selector = context.peer_field(peer, "podSelector").map(|field| field.place());
    let finding = Finding::about(&RULE, rule.policy, message)
        .at(selector, format!("matches {}", words::pods(pods)))
        .help("name their namespace by a `namespaceSelector` in the same item, without a `-` of its own");
    Some(finding.suggest(only.and_then(|namespace| edits(context, peer, namespace))))
}

fn edits(context: &Context<'_>, peer: &Peer, namespace: &str) -> Option<Vec<Edit>> {
    let block = format!("namespaceSelector:\n  matchLabels:\n    {METADATA_NAME}: {namespace}");
    Some(vec![context.view(peer.place.as_ref())?.add_field(&block)?])
}
