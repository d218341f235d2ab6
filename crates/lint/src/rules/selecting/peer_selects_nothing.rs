//! # A peer that selects nobody
//!
//! A `from` or `to` item matches no pod of the namespaces that it looks into.
//!
//! ## Why is this bad?
//!
//! The item admits nobody. Whom it was written for is refused by the same policy: a slip in the label of a client cuts that
//! client off.
//!
//! ## Example
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: carts-db, namespace: shop}
//! spec:
//!   podSelector:
//!     matchLabels:
//!       app: carts-db
//!   ingress:
//!     - from:
//!         - podSelector:
//!             matchLabels:
//!               app: cart
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: carts, namespace: shop, labels: {app: carts}}
//! spec: {containers: [{name: carts, image: carts}]}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: carts-db, namespace: shop, labels: {app: carts-db}}
//! spec: {containers: [{name: carts-db, image: carts-db}]}
//! ```
//!
//! ```text
//! warning: this peer selects no pod: none of shop has app=cart
//!   12:15 no pod has this label
//!   help: did you mean `app: carts`? It selects 1 pod (carts)
//! ```
//!
//! ```yaml fixed
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: carts-db, namespace: shop}
//! spec:
//!   podSelector:
//!     matchLabels:
//!       app: carts-db
//!   ingress:
//!     - from:
//!         - podSelector:
//!             matchLabels:
//!               app: carts
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: carts, namespace: shop, labels: {app: carts}}
//! spec: {containers: [{name: carts, image: carts}]}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: carts-db, namespace: shop, labels: {app: carts-db}}
//! spec: {containers: [{name: carts-db, image: carts-db}]}
//! ```
//!
//! ```text
//! opened    all of shop → all of shop all ports
//! ```
//!
//! It is a note where no pod has a label like it, or only one that may well be another word (`web1` and `web`, `api` and `app`):
//! the clients may be in another input.
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: carts-db, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: carts-db}}
//!   ingress:
//!     - from:
//!         - podSelector: {matchLabels: {app: backup}}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: carts-db, namespace: shop, labels: {app: carts-db}}
//! spec: {containers: [{name: carts-db, image: carts-db}]}
//! ```
//!
//! ```text
//! note: this peer selects no pod: none of shop has app=backup
//!   8:24 no such pod in the input
//! ```
//!
//! Two letters that have changed places, another case and a sign more or less are slips in short words, too:
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: db, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: db}}
//!   ingress:
//!     - from:
//!         - podSelector: {matchLabels: {app: wbe}}
//!         - podSelector: {matchLabels: {app: web1}}
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
//! warning: this peer selects no pod: none of shop has app=wbe
//!   8:39 no pod has this label
//!   help: did you mean `app: web`? It selects 1 pod (web)
//! note: this peer selects no pod: none of shop has app=web1
//!   9:39 no pod has this label
//!   help: did you mean `app: web`? It selects 1 pod (web)
//! ```
//!
//! A slip is told wherever the peer looks:
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: carts-db, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: carts-db}}
//!   ingress:
//!     - from:
//!         - namespaceSelector: {}
//!           podSelector: {matchLabels: {app: cart}}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: carts, namespace: shop, labels: {app: carts}}
//! spec: {containers: [{name: carts, image: carts}]}
//! ```
//!
//! ```text
//! warning: this peer selects no pod: none of shop has app=cart
//!   9:39 no pod has this label
//!   help: did you mean `app: carts`? It selects 1 pod (carts)
//! ```
//!
//! ## When it is silent
//!
//! - The namespace has no pod in the input, or an object of an unknown kind that an operator may make pods of.
//! - The peer may match a namespace that the input does not state, and no label is like it; see `complete` in the facts about
//!   the cluster.
//! - `and-or`, `peer-in-other-namespace` or `namespace-label-unknown` says it more exactly; of the namespaces of the cluster DNS
//!   speak the rules about DNS.
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: carts-db, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: carts-db}}
//!   ingress:
//!     - from:
//!         - namespaceSelector: {}
//!           podSelector: {matchLabels: {app: backup}}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: carts-db, namespace: shop, labels: {app: carts-db}}
//! spec: {containers: [{name: carts-db, image: carts-db}]}
//! ```

use podfence_analysis::assumed::is_dns_namespace;
use podfence_model::{
    LabelSelector, Labels, METADATA_NAME, Namespace, NamespaceScope, Operator, Peer, PeerKind,
};
use podfence_source::Severity;

use super::peer_in_other_namespace;
use crate::context::{Context, PolicyRule};
use crate::family::Family;
use crate::finding::Finding;
use crate::rule::{Check, Rule};
use crate::selectors::{Correction, correction, label_place, matches_nothing};
use crate::{siblings, words};

pub(super) static RULE: Rule = Rule {
    code: "peer-selects-nothing",
    family: Family::Selecting,
    severity: Severity::Warning,
    file: include_str!("peer_selects_nothing.rs"),
    check: Check::World(check),
};

fn check(context: &Context<'_>) -> Vec<Finding> {
    context.peers().filter_map(|(rule, peer)| finding(context, rule, peer)).collect()
}

fn finding<'a>(context: &Context<'a>, rule: PolicyRule<'a>, peer: &Peer) -> Option<Finding> {
    let PeerKind::Pods { namespaces, pods } = &peer.kind else { return None };
    if pods.is_everything() {
        return None;
    }
    let mut looked_into = context.peer_namespaces(&rule.policy.meta.id.namespace, namespaces);
    looked_into.retain(|namespace| !is_beside(context, namespace, pods));
    let nothing = |namespace: &&Namespace| matches_nothing(context, &namespace.name, pods);
    if looked_into.is_empty() || !looked_into.iter().all(nothing) || told_elsewhere(context, rule, peer) {
        return None;
    }
    let labels = looked_into.iter().flat_map(|namespace| context.pods_in(&namespace.name));
    let labels: Vec<&Labels> = labels.map(|pod| &pod.meta.labels).collect();
    let correction = correction(pods, &labels);
    let slipped = correction.as_ref().is_some_and(|correction| correction.plain);
    let sure = is_all(context, namespaces);
    let severity = if slipped || context.facts().complete { Severity::Warning } else { Severity::Note };
    let finding = Finding::about(&RULE, rule.policy, message(&looked_into, pods)).severity(severity);
    (sure || slipped).then(|| corrected(context, peer, &looked_into, correction.as_ref(), finding))
}

/// Whether a namespace need not be asked: that of the cluster DNS, of which other rules speak, unless the peer means its pods.
fn is_beside(context: &Context<'_>, namespace: &Namespace, pods: &LabelSelector) -> bool {
    is_dns_namespace(&namespace.name) && context.matching(&namespace.name, pods).is_empty()
}

fn told_elsewhere<'a>(context: &Context<'a>, rule: PolicyRule<'a>, peer: &Peer) -> bool {
    peer_in_other_namespace::others(context, rule, peer).is_some() || siblings::has(context, rule, peer)
}

/// Whether no namespace that the input does not state can match.
fn is_all(context: &Context<'_>, scope: &NamespaceScope) -> bool {
    match scope {
        NamespaceScope::Own => true,
        NamespaceScope::Matching(selector) => {
            let by_name = selector.requirements().any(|requirement| {
                requirement.key == METADATA_NAME && matches!(requirement.operator, Operator::In(_))
            });
            by_name || context.knows_all_namespaces()
        }
    }
}

fn message(looked_into: &[&Namespace], pods: &LabelSelector) -> String {
    let names: Vec<String> = looked_into.iter().map(|namespace| namespace.name.clone()).collect();
    format!("this peer selects no pod: none of {} has {pods}", words::list(&names))
}

fn corrected(
    context: &Context<'_>,
    peer: &Peer,
    looked_into: &[&Namespace],
    correction: Option<&Correction<'_>>,
    finding: Finding,
) -> Finding {
    let selector = context.peer_field(peer, "podSelector").map(|field| field.value);
    let Some(correction) = correction else {
        return finding.at(selector.map(|selector| selector.place()), "no such pod in the input");
    };
    let has = |pod: &&podfence_model::Pod| pod.meta.labels.get(&correction.key) == Some(&correction.value);
    let pods = looked_into.iter().flat_map(|namespace| context.pods_in(&namespace.name)).copied();
    finding
        .at(label_place(selector, correction.asked), "no pod has this label")
        .help(format!("did you mean `{}`? It selects {}", correction.words(), words::pods(pods.filter(has))))
        .suggest(correction.edits(selector))
}
