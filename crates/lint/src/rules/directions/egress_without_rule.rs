//! # Egress is isolated, and nobody wrote an egress rule
//!
//! A policy has ingress rules, lists `Egress` in its `policyTypes`, and does not mention `egress` at all. Its pods may send
//! nothing, unless another policy admits something for them.
//!
//! ## Why is this bad?
//!
//! `policyTypes: [Ingress, Egress]` is copied from examples. A policy that was to say who may call these pods takes all their
//! own connections from them, the DNS included.
//!
//! ## Example
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: web}}
//!   policyTypes: [Ingress, Egress]
//!   ingress:
//!     - ports:
//!         - port: 8080
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop, labels: {app: web}}
//! spec: {containers: [{name: web, image: web, ports: [{containerPort: 8080}]}]}
//! ```
//!
//! ```text
//! warning: this isolates for egress without an egress rule: its pods may send nothing, not even to the DNS
//!   6:26 isolates for egress
//!   help: if only ingress is meant, take `Egress` out; to deny egress on purpose, write `egress: []`
//! ```
//!
//! If only ingress was meant, take `Egress` out:
//!
//! ```yaml fixed
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: web}}
//!   policyTypes: [Ingress]
//!   ingress:
//!     - ports:
//!         - port: 8080
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop, labels: {app: web}}
//! spec: {containers: [{name: web, image: web, ports: [{containerPort: 8080}]}]}
//! ```
//!
//! ```text
//! opened    every pod → everybody all ports
//! ```
//!
//! ## When it is silent
//!
//! - `egress: []` is written out, or the policy has no ingress rule either: it is meant to deny.
//! - Another policy isolates all of the same pods for egress, too: isolation is meant.
//! - Another policy admits egress to some of the same pods, or may, where the pods are not known.
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: web}}
//!   policyTypes: [Ingress, Egress]
//!   egress: []
//!   ingress:
//!     - ports:
//!         - port: 8080
//! ```

use podfence_model::{Direction, NetworkPolicy};
use podfence_source::{Edit, Severity};

use crate::context::Context;
use crate::family::Family;
use crate::finding::Finding;
use crate::rule::{Check, Rule};

pub(super) static RULE: Rule = Rule {
    code: "egress-without-rule",
    family: Family::Directions,
    severity: Severity::Warning,
    file: include_str!("egress_without_rule.rs"),
    check: Check::World(check),
};

fn check(context: &Context<'_>) -> Vec<Finding> {
    let forgot = |policy: &&NetworkPolicy| {
        let mentions = context.spec(policy).is_none_or(|spec| spec.field("egress").is_some());
        policy.directions.egress && !mentions && policy.directions.ingress && !policy.ingress.is_empty()
    };
    let silent = context.policies().filter(forgot).filter(|policy| !others_speak(context, policy));
    silent.map(|policy| finding(context, policy)).collect()
}

/// Whether other policies isolate all of the same pods for egress, or admit some to one of them.
fn others_speak(context: &Context<'_>, policy: &NetworkPolicy) -> bool {
    let admits = |other: &NetworkPolicy| other.directions.egress && !other.egress.is_empty();
    let subjects = context.subjects(policy);
    if subjects.is_empty() {
        let home = &policy.meta.id.namespace;
        let mut others = context.policies().filter(|other| other.meta.id.namespace == *home);
        return others.any(|other| admits(other) || (other.meta.id != policy.meta.id && isolates_all(other)));
    }
    let isolating = |pod| context.engine.isolating(pod, Direction::Egress);
    let others_isolate = subjects.iter().all(|(pod, _)| isolating(*pod).len() > 1);
    let mut all = subjects.iter().flat_map(|(pod, _)| isolating(*pod));
    others_isolate || all.any(|id| admits(context.engine.policy(id)))
}

fn isolates_all(policy: &NetworkPolicy) -> bool {
    policy.directions.egress && policy.subject.is_everything()
}

fn finding(context: &Context<'_>, policy: &NetworkPolicy) -> Finding {
    let types = context.spec(policy).and_then(|spec| spec.get(&["policyTypes"]));
    let egress = types.and_then(|types| types.items().find(|item| item.text() == Some("Egress")));
    let message =
        "this isolates for egress without an egress rule: its pods may send nothing, not even to the DNS";
    Finding::about(&RULE, policy, message)
        .at(egress.map(|item| item.place()), "isolates for egress")
        .help("if only ingress is meant, take `Egress` out; to deny egress on purpose, write `egress: []`")
        .suggest(types.and_then(|types| Some(vec![only_ingress(&types)?])))
}

fn only_ingress(types: &podfence_source::View<'_, '_>) -> Option<Edit> {
    types.replace(if types.is_flow() { "[Ingress]" } else { "- Ingress" })
}
