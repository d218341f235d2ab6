//! # A namespace and its pods in two items
//!
//! A `from` or `to` list has an item with only a `namespaceSelector` and next to it one with only a `podSelector`. Items are
//! joined by OR: the first names every pod of those namespaces, the second pods of the policy's own namespace.
//!
//! ## Why is this bad?
//!
//! Both selectors in one item would name such pods of those namespaces only. One dash makes the difference, and the policy
//! admits far more than it seems to.
//!
//! ## Example
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: db, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: db}}
//!   ingress:
//!     - from:
//!         - namespaceSelector:
//!             matchLabels:
//!               team: operations
//!         - podSelector:
//!             matchLabels:
//!               app: backup
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: db, namespace: shop, labels: {app: db}}
//! spec: {containers: [{name: db, image: db}]}
//! ---
//! apiVersion: v1
//! kind: Namespace
//! metadata: {name: tools, labels: {team: operations}}
//! ---
//! apiVersion: apps/v1
//! kind: Deployment
//! metadata: {name: backup, namespace: tools}
//! spec:
//!   selector: {matchLabels: {app: backup}}
//!   template:
//!     metadata: {labels: {app: backup}}
//!     spec: {containers: [{name: backup, image: backup}]}
//! ---
//! apiVersion: apps/v1
//! kind: Deployment
//! metadata: {name: chat, namespace: tools}
//! spec:
//!   replicas: 3
//!   selector: {matchLabels: {app: chat}}
//!   template:
//!     metadata: {labels: {app: chat}}
//!     spec: {containers: [{name: chat, image: chat}]}
//! ```
//!
//! ```text
//! warning: two items are joined by OR: as written they name 4 pods, as one item 1 pod
//!   11:11 in shop only
//!   8:11 every pod there
//!   help: take out the `-` before `podSelector` if such pods of those namespaces are meant
//! ```
//!
//! ```yaml fixed
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: db, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: db}}
//!   ingress:
//!     - from:
//!         - namespaceSelector:
//!             matchLabels:
//!               team: operations
//!           podSelector:
//!             matchLabels:
//!               app: backup
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: db, namespace: shop, labels: {app: db}}
//! spec: {containers: [{name: db, image: db}]}
//! ---
//! apiVersion: v1
//! kind: Namespace
//! metadata: {name: tools, labels: {team: operations}}
//! ---
//! apiVersion: apps/v1
//! kind: Deployment
//! metadata: {name: backup, namespace: tools}
//! spec:
//!   selector: {matchLabels: {app: backup}}
//!   template:
//!     metadata: {labels: {app: backup}}
//!     spec: {containers: [{name: backup, image: backup}]}
//! ---
//! apiVersion: apps/v1
//! kind: Deployment
//! metadata: {name: chat, namespace: tools}
//! spec:
//!   replicas: 3
//!   selector: {matchLabels: {app: chat}}
//!   template:
//!     metadata: {labels: {app: chat}}
//!     spec: {containers: [{name: chat, image: chat}]}
//! ```
//!
//! ```text
//! closed    tools/deploy/chat → shop/db all ports
//! ```
//!
//! The item with the pods adds nothing where the namespaces are all of them:
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: db, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: db}}
//!   ingress:
//!     - from:
//!         - namespaceSelector: {}
//!         - podSelector: {matchLabels: {app: backup}}
//! ```
//!
//! ```text
//! warning: two items are joined by OR: the namespaces hold all of shop, so the pods add nothing
//!   9:11 in shop only
//!   8:11 every pod there
//!   help: take out the `-` before `podSelector` if such pods of those namespaces are meant
//! ```
//!
//! ## When it is silent
//!
//! - The pods or the labels of the namespaces are not in the input, so that nobody knows whether such pods are there.
//! - No pod of those namespaces has the labels: one item would name nobody.
//!
//! Where pods of the own namespace have the labels, too, both ways make sense, and it is a note.
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: db, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: db}}
//!   ingress:
//!     - from:
//!         - namespaceSelector: {matchLabels: {team: operations}}
//!         - podSelector: {matchLabels: {app: web}}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop, labels: {app: web}}
//! spec: {containers: [{name: web, image: web}]}
//! ---
//! apiVersion: v1
//! kind: Namespace
//! metadata: {name: tools, labels: {team: operations}}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: backup, namespace: tools, labels: {app: backup}}
//! spec: {containers: [{name: backup, image: backup}]}
//! ```

use podfence_model::{NetworkPolicy, Peer};
use podfence_source::{Edit, Severity};

use crate::context::{Context, PolicyRule};
use crate::family::Family;
use crate::finding::Finding;
use crate::rule::{Check, Rule};
use crate::siblings::{self, Siblings};
use crate::words::count;

pub(super) static RULE: Rule = Rule {
    code: "and-or",
    family: Family::Selecting,
    severity: Severity::Warning,
    file: include_str!("and_or.rs"),
    check: Check::World(check),
};

fn check(context: &Context<'_>) -> Vec<Finding> {
    let all = context
        .rules()
        .flat_map(|rule| siblings::of(context, rule).into_iter().map(move |found| (rule, found)));
    all.map(|(rule, found)| finding(context, rule, &found)).collect()
}

fn finding(context: &Context<'_>, rule: PolicyRule<'_>, found: &Siblings<'_>) -> Finding {
    let policy = rule.policy;
    let message = message(policy, found);
    let key = |peer: &Peer, key| context.peer_field(peer, key).map(|field| field.place());
    let help = if std::ptr::eq(found.second, found.pods) {
        "take out the `-` before `podSelector` if such pods of those namespaces are meant"
    } else {
        "take out the `-` before `namespaceSelector` if such pods of those namespaces are meant"
    };
    Finding::about(&RULE, policy, message)
        .at(key(found.pods, "podSelector"), format!("in {} only", policy.meta.id.namespace))
        .at(key(found.namespaces, "namespaceSelector"), "every pod there")
        .severity(if found.senseless { Severity::Warning } else { Severity::Note })
        .help(help)
        .suggest(edits(context, rule, found))
}

fn message(policy: &NetworkPolicy, found: &Siblings<'_>) -> String {
    let pods = |number| count(number, "pod", "pods");
    if found.both.is_empty() {
        let home = &policy.meta.id.namespace;
        return format!(
            "two items are joined by OR: the namespaces hold all of {home}, so the pods add nothing"
        );
    }
    let (either, both) = (pods(found.either.len()), pods(found.both.len()));
    format!("two items are joined by OR: as written they name {either}, as one item {both}")
}

fn edits(context: &Context<'_>, stated: PolicyRule<'_>, found: &Siblings<'_>) -> Option<Vec<Edit>> {
    let index = stated.rule.peers.iter().position(|peer| std::ptr::eq(peer, found.second))?;
    Some(vec![context.peer_list(stated)?.undash(index)?])
}
