//! # A policy selects no pod
//!
//! A policy's `podSelector` matches no pod of its namespace, so the policy does nothing.
//!
//! ## Why is this bad?
//!
//! The policy looks as if it protected something. The pods that it was written for are as open, or as closed, as they would
//! be without it. The usual cause is a label with a slip, or a label of the Deployment instead of its pods.
//!
//! ## Example
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: carts, namespace: shop}
//! spec:
//!   podSelector:
//!     matchLabels:
//!       app: cart
//!   policyTypes: [Ingress]
//! ---
//! apiVersion: apps/v1
//! kind: Deployment
//! metadata: {name: carts, namespace: shop}
//! spec:
//!   selector: {matchLabels: {app: carts}}
//!   template:
//!     metadata: {labels: {app: carts}}
//!     spec: {containers: [{name: carts, image: carts}]}
//! ```
//!
//! ```text
//! error: this selects no pod: none of shop has app=cart
//!   7:7 no pod has this label
//!   help: did you mean `app: carts`? It selects 1 pod (deploy/carts)
//! ```
//!
//! Select the labels of the pods:
//!
//! ```yaml fixed
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: carts, namespace: shop}
//! spec:
//!   podSelector:
//!     matchLabels:
//!       app: carts
//!   policyTypes: [Ingress]
//! ---
//! apiVersion: apps/v1
//! kind: Deployment
//! metadata: {name: carts, namespace: shop}
//! spec:
//!   selector: {matchLabels: {app: carts}}
//!   template:
//!     metadata: {labels: {app: carts}}
//!     spec: {containers: [{name: carts, image: carts}]}
//! ```
//!
//! ```text
//! closed    everybody → every pod all ports
//! ```
//!
//! It is a warning where no pod has a label like it: such pods may come, as with a label that is given to a pod for a while.
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: debug, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {debug: "yes"}}
//!   ingress:
//!     - {}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: carts, namespace: shop, labels: {app: carts}}
//! spec: {containers: [{name: carts, image: carts}]}
//! ```
//!
//! ```text
//! warning: this selects no pod: none of shop has debug=yes
//!   5:3 matches nothing
//!   help: compare it with the labels in the pods' template, not those of the workload
//! ```
//!
//! ## When it is silent
//!
//! - The namespace has no pod in the input: its workloads may be elsewhere.
//! - The namespace has an object of an unknown kind, which an operator may make pods of.
//! - A workload has the labels, but no pods now: it is scaled to nothing, or has finished.
//! - The selector asks for a label that controllers add, such as `job-name`.
//! - Pods of one other namespace match: `wrong-namespace` says so.
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: carts, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: cart}}
//! ---
//! apiVersion: apps/v1
//! kind: Deployment
//! metadata: {name: orders, namespace: shop}
//! spec:
//!   selector: {matchLabels: {app: orders}}
//!   template:
//!     metadata: {labels: {app: orders}}
//!     spec: {containers: [{name: orders, image: orders}]}
//! ---
//! apiVersion: shop.example.com/v1
//! kind: Cart
//! metadata: {name: cart, namespace: shop}
//! ```

use podfence_model::{Labels, NetworkPolicy, Pod};
use podfence_source::Severity;

use super::wrong_namespace;
use crate::context::Context;
use crate::family::Family;
use crate::finding::Finding;
use crate::rule::{Check, Rule};
use crate::selectors::{Correction, correction, label_place, matches_nothing};
use crate::words;

pub(super) static RULE: Rule = Rule {
    code: "selects-no-pods",
    family: Family::Selecting,
    severity: Severity::Error,
    file: include_str!("selects_no_pods.rs"),
    check: Check::World(check),
};

fn check(context: &Context<'_>) -> Vec<Finding> {
    let idle = context.policies().filter(|policy| {
        matches_nothing(context, &policy.meta.id.namespace, &policy.subject)
            && wrong_namespace::meant(context, policy).is_none()
    });
    idle.map(|policy| finding(context, policy)).collect()
}

fn finding(context: &Context<'_>, policy: &NetworkPolicy) -> Finding {
    let namespace = &policy.meta.id.namespace;
    let pods = context.pods_in(namespace);
    let labels: Vec<&Labels> = pods.iter().map(|pod| &pod.meta.labels).collect();
    let message = format!("this selects no pod: none of {namespace} has {}", policy.subject);
    let finding = Finding::about(&RULE, policy, message);
    match correction(&policy.subject, &labels) {
        Some(correction) => corrected(context, policy, &correction, finding),
        None => finding
            .severity(Severity::Warning)
            .at(context.subject_place(policy), "matches nothing")
            .help("compare it with the labels in the pods' template, not those of the workload"),
    }
}

fn corrected(
    context: &Context<'_>,
    policy: &NetworkPolicy,
    correction: &Correction<'_>,
    finding: Finding,
) -> Finding {
    let selector = context.spec(policy).and_then(|spec| spec.get(&["podSelector"]));
    let meant: Vec<&Pod> = context
        .pods_in(&policy.meta.id.namespace)
        .iter()
        .filter(|pod| pod.meta.labels.get(&correction.key) == Some(&correction.value))
        .copied()
        .collect();
    finding
        .at(label_place(selector, correction.asked), "no pod has this label")
        .help(format!("did you mean `{}`? It selects {}", correction.words(), words::pods(meant)))
        .suggest(correction.edits(selector))
}
