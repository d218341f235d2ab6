//! # A label that a controller gives
//!
//! A selector asks for `pod-template-hash`, `controller-revision-hash`, `controller-uid` or the like: labels that controllers
//! give to the pods they make.
//!
//! ## Why is this bad?
//!
//! They name one generation of pods. At the next rollout the pods have another value, and the policy selects nobody, or a peer
//! is refused, without any change of the policy.
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
//!       app: web
//!       pod-template-hash: 5d9c7b6f4
//!   policyTypes: [Ingress]
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web-5d9c7b6f4-x7k2p, namespace: shop, labels: {app: web, pod-template-hash: 5d9c7b6f4}}
//! spec: {containers: [{name: web-5d9c7b6f4-x7k2p, image: web-5d9c7b6f4-x7k2p}]}
//! ```
//!
//! ```text
//! warning: `pod-template-hash` changes with every rollout: this selector names one generation of pods
//!   8:7 given by a controller
//!   help: select by the labels of the pod template
//! ```
//!
//! ```yaml fixed
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector:
//!     matchLabels:
//!       app: web
//!   policyTypes: [Ingress]
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web-5d9c7b6f4-x7k2p, namespace: shop, labels: {app: web, pod-template-hash: 5d9c7b6f4}}
//! spec: {containers: [{name: web-5d9c7b6f4-x7k2p, image: web-5d9c7b6f4-x7k2p}]}
//! ```
//!
//! ```text
//! EQUAL  nothing changes: every connection is judged as before
//! ```
//!
//! ## When it is silent
//!
//! The label does not change with a rollout: `statefulset.kubernetes.io/pod-name` names one replica for good. Of `job-name` speaks
//! `job-label`.
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: db-primary, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: db, statefulset.kubernetes.io/pod-name: db-0}}
//!   policyTypes: [Ingress]
//! ```

use podfence_model::{LabelSelector, NetworkPolicy, Operator};
use podfence_source::{Edit, Severity, View};

use crate::context::Context;
use crate::family::Family;
use crate::finding::Finding;
use crate::rule::{Check, Rule};
use crate::selectors::{each, label_place};

pub(super) static RULE: Rule = Rule {
    code: "controller-label",
    family: Family::Selecting,
    severity: Severity::Warning,
    file: include_str!("controller_label.rs"),
    check: Check::World(check),
};

/// Labels whose values change with every generation of pods.
const PASSING: [&str; 5] = [
    "pod-template-hash",
    "controller-revision-hash",
    "pod-template-generation",
    "controller-uid",
    "batch.kubernetes.io/controller-uid",
];

fn check(context: &Context<'_>) -> Vec<Finding> {
    each(context).filter_map(|(policy, selector, text)| finding(policy, selector, text)).collect()
}

fn finding(policy: &NetworkPolicy, selector: &LabelSelector, text: Option<View<'_, '_>>) -> Option<Finding> {
    let passing = selector.requirements().find(|requirement| {
        PASSING.contains(&requirement.key.as_str()) && matches!(requirement.operator, Operator::In(_))
    })?;
    let key = &passing.key;
    let message = format!("`{key}` changes with every rollout: this selector names one generation of pods");
    let finding = Finding::about(&RULE, policy, message).at(label_place(text, key), "given by a controller");
    Some(finding.help("select by the labels of the pod template").suggest(edits(text, key)))
}

fn edits(selector: Option<View<'_, '_>>, key: &str) -> Option<Vec<Edit>> {
    Some(vec![selector?.get(&["matchLabels"])?.field(key)?.remove()?])
}
