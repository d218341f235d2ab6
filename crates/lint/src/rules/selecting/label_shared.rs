//! # A label that other applications have, too
//!
//! A policy is named after one workload of its namespace, and its `podSelector` selects others with it.
//!
//! ## Why is this bad?
//!
//! All of them are isolated, and the rules were written for one: what the others need is refused, and what only the one was to
//! get reaches them all.
//!
//! ## Example
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector:
//!     matchLabels:
//!       part-of: shop
//!   policyTypes: [Ingress]
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop, labels: {app: web, part-of: shop}}
//! spec: {containers: [{name: web, image: web}]}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: db, namespace: shop, labels: {app: db, part-of: shop}}
//! spec: {containers: [{name: db, image: db}]}
//! ```
//!
//! ```text
//! note: this selects more than web: 1 pod (db) has part-of=shop
//!   5:3 shared with others
//!   help: select a label that only web has
//! ```
//!
//! Select what only these pods have:
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: web}}
//!   policyTypes: [Ingress]
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop, labels: {app: web, part-of: shop}}
//! spec: {containers: [{name: web, image: web}]}
//! ```
//!
//! ## When it is silent
//!
//! - The policy's name is not that of a workload, or its selector is empty: it is plainly for many.
//! - The label has the workload's name in it, as `app: web` has: others that have it were given it for that.
//! - The others have names that begin alike, such as `web-canary` beside `web`.
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {tier: front}}
//!   policyTypes: [Ingress]
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop, labels: {tier: front}}
//! spec: {containers: [{name: web, image: web}]}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web-canary, namespace: shop, labels: {tier: front}}
//! spec: {containers: [{name: web, image: web}]}
//! ```

use podfence_model::{LabelSelector, NetworkPolicy, Pod};
use podfence_source::Severity;

use crate::context::Context;
use crate::family::Family;
use crate::finding::Finding;
use crate::rule::{Check, Rule};
use crate::words;

pub(super) static RULE: Rule = Rule {
    code: "label-shared",
    family: Family::Selecting,
    severity: Severity::Note,
    file: include_str!("label_shared.rs"),
    check: Check::World(check),
};

fn check(context: &Context<'_>) -> Vec<Finding> {
    context.policies().filter_map(|policy| finding(context, policy)).collect()
}

fn finding(context: &Context<'_>, policy: &NetworkPolicy) -> Option<Finding> {
    let name = policy.meta.id.name.as_str();
    let selected = context.selected(policy);
    let others: Vec<&Pod> = selected.iter().filter(|pod| !owner(pod).starts_with(name)).copied().collect();
    let named = selected.iter().any(|pod| owner(pod) == name);
    if !named || others.is_empty() || policy.subject.is_everything() || mentions(&policy.subject, name) {
        return None;
    }
    let have = if others.len() == 1 { "has" } else { "have" };
    let message = format!("this selects more than {name}: {} {have} {}", words::pods(others), policy.subject);
    let place = context.subject_place(policy);
    let finding = Finding::about(&RULE, policy, message).at(place, "shared with others");
    Some(finding.help(format!("select a label that only {name} has")))
}

/// Whether a selector asks for a label with this word in it: whoever has it was given it for that.
fn mentions(selector: &LabelSelector, word: &str) -> bool {
    selector.requirements().any(|requirement| requirement.to_string().contains(word))
}

/// The name of a pod's workload, or its own.
fn owner(pod: &Pod) -> &str {
    pod.workload.as_ref().map_or(&pod.meta.id.name, |workload| &workload.name)
}
