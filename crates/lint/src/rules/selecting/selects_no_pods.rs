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
//!   5:3 matches nothing
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
//! ## When it is silent
//!
//! - The namespace has no pod in the input: its workloads may be elsewhere.
//! - The namespace has an object of an unknown kind, which an operator may make pods of.
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

use podfence_model::{NetworkPolicy, Operator, Pod, nearest};
use podfence_source::{Edit, Severity};

use crate::context::Context;
use crate::family::Family;
use crate::finding::Finding;
use crate::rule::{Check, Rule};
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
        let namespace = &policy.meta.id.namespace;
        context.knows_pods_of(namespace) && context.selected(policy).is_empty()
    });
    idle.map(|policy| finding(context, policy)).collect()
}

fn finding(context: &Context<'_>, policy: &NetworkPolicy) -> Finding {
    let namespace = &policy.meta.id.namespace;
    let pods = context.pods_in(namespace);
    let message = format!("this selects no pod: none of {namespace} has {}", policy.subject);
    let finding = Finding::about(&RULE, policy, message).at(context.subject_place(policy), "matches nothing");
    match correction(policy, pods) {
        Some((key, value)) => {
            let meant: Vec<&Pod> =
                pods.iter().filter(|pod| pod.meta.labels.get(key) == Some(&value)).copied().collect();
            finding
                .help(format!("did you mean `{key}: {value}`? It selects {}", words::pods(meant)))
                .suggest(edit(context, policy, key, &value))
        }
        None => finding.help("compare it with the labels in the pods' template, not those of the workload"),
    }
}

/// The one label whose correction makes the selector match pods, and its nearest value among them.
fn correction<'p>(policy: &'p NetworkPolicy, pods: &[&Pod]) -> Option<(&'p str, String)> {
    let near = |key: &str, value: &str| {
        let others = pods
            .iter()
            .filter(|pod| policy.subject.requirements().all(|r| r.key == key || r.matches(&pod.meta.labels)));
        nearest(value, others.filter_map(|pod| pod.meta.labels.get(key)).map(String::as_str))
            .map(str::to_owned)
    };
    policy.subject.requirements().find_map(|requirement| match &requirement.operator {
        Operator::In(values) if values.len() == 1 => {
            Some((requirement.key.as_str(), near(&requirement.key, values.first()?)?))
        }
        _ => None,
    })
}

fn edit(context: &Context<'_>, policy: &NetworkPolicy, key: &str, value: &str) -> Option<Vec<Edit>> {
    let label = context.spec(policy)?.get(&["podSelector", "matchLabels", key])?;
    Some(vec![label.replace_scalar(value)?])
}
