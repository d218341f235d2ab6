//! # A namespace that is open by default
//!
//! No policy with `podSelector: {}` isolates the pods of a namespace in a direction.
//!
//! ## Why is this bad?
//!
//! Pods that no policy selects are open. A pod that somebody adds tomorrow, or a label that changes, is open without a word.
//! With a policy that isolates everybody, what was forgotten is closed, and somebody notices.
//!
//! ## Example
//!
//! ```yaml fires
//! apiVersion: v1
//! kind: Namespace
//! metadata: {name: shop}
//! ---
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: web}}
//!   policyTypes: [Ingress]
//!   ingress:
//!     - ports: [{port: 80}]
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop, labels: {app: web}}
//! spec: {containers: [{name: web, image: web}]}
//! ```
//!
//! ```text
//! note: nothing isolates all pods of shop for ingress and egress: new ones are open
//!   1:1
//!   help: add a policy with `podSelector: {}` for ingress and egress, and rules for what is needed, such as the DNS
//! ```
//!
//! A policy for everybody beside it:
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: default-deny, namespace: shop}
//! spec:
//!   podSelector: {}
//!   policyTypes: [Ingress, Egress]
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop, labels: {app: web}}
//! spec: {containers: [{name: web, image: web}]}
//! ```
//!
//! ## When it is silent
//!
//! - Some pods of the namespace are isolated in the direction, and others are not: `unprotected-pod` names those.
//! - The namespace has no pods in the input, is one of Kubernetes' own, or the input has no policies at all.
//!
//! ```yaml silent
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop, labels: {app: web}}
//! spec: {containers: [{name: web, image: web}]}
//! ```

use podfence_model::{Direction, Kind, ObjectRef, Place};
use podfence_source::Severity;

use crate::context::{Context, place_of};
use crate::cover::{Cover, covers};
use crate::family::Family;
use crate::finding::Finding;
use crate::rule::{Check, Rule};
use crate::words;

pub(super) static RULE: Rule = Rule {
    code: "no-default-deny",
    family: Family::Platform,
    severity: Severity::Note,
    file: include_str!("no_default_deny.rs"),
    check: Check::World(check),
};

fn check(context: &Context<'_>) -> Vec<Finding> {
    if context.world.policies.is_empty() {
        return Vec::new();
    }
    covers(context).iter().filter_map(|cover| finding(context, cover)).collect()
}

fn finding(context: &Context<'_>, cover: &Cover<'_>) -> Option<Finding> {
    let in_order = Direction::BOTH.into_iter().rev();
    let open: Vec<String> =
        in_order.filter(|direction| cover.is_open(*direction)).map(|d| d.to_string()).collect();
    if open.is_empty() {
        return None;
    }
    let (name, directions) = (cover.namespace, words::list(&open));
    let message = format!("nothing isolates all pods of {name} for {directions}: new ones are open");
    let object = ObjectRef { kind: Kind::Namespace, namespace: String::new(), name: name.to_owned() };
    let finding = Finding::new(&RULE, object, message).at(place(context, cover), "");
    Some(finding.help(format!(
        "add a policy with `podSelector: {{}}` for {directions}, and rules for what is needed, such as the DNS"
    )))
}

/// The namespace, or else what lives in it.
fn place(context: &Context<'_>, cover: &Cover<'_>) -> Option<Place> {
    let namespace = context.world.namespaces.get(cover.namespace).and_then(|found| place_of(&found.origin));
    let policy = context.policies().find(|policy| policy.meta.id.namespace == cover.namespace);
    let policy = policy.and_then(|policy| place_of(&policy.meta.origin));
    let pod = || cover.pods.first().and_then(|pod| place_of(&pod.meta.origin));
    namespace.or(policy).or_else(pod).cloned()
}
