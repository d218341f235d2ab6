//! # A policy that adds nothing
//!
//! Another policy of the namespace selects at least the same pods, isolates them in the same directions, and admits all that this
//! one does.
//!
//! ## Why is this bad?
//!
//! It can be taken out, or changed, without any effect. Who relies on it, to deny or to allow, is mistaken.
//!
//! ## Example
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: default-deny, namespace: shop}
//! spec:
//!   podSelector: {}
//!   policyTypes: [Ingress, Egress]
//! ---
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: deny-db, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: db}}
//!   policyTypes: [Ingress]
//! ```
//!
//! ```text
//! note: this policy adds nothing: default-deny selects its pods, too, and admits all that it does
//!   12:3 selected anyway
//!   5:3 by default-deny
//!   help: take it out, unless it is there to outlive the other one
//! ```
//!
//! ## When it is silent
//!
//! It adds something: a rule, a direction or a pod.
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: default-deny, namespace: shop}
//! spec:
//!   podSelector: {}
//!   policyTypes: [Ingress]
//! ---
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: deny-db, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: db}}
//!   policyTypes: [Ingress, Egress]
//! ```

use podfence_model::{Direction, NetworkPolicy};
use podfence_source::Severity;

use crate::context::Context;
use crate::family::Family;
use crate::finding::Finding;
use crate::rule::{Check, Rule};
use crate::within::policy_within;

pub(super) static RULE: Rule = Rule {
    code: "redundant-policy",
    family: Family::Union,
    severity: Severity::Note,
    file: include_str!("redundant_policy.rs"),
    check: Check::World(check),
};

fn check(context: &Context<'_>) -> Vec<Finding> {
    let found = context.policies().filter_map(|policy| Some((policy, holder(context, policy)?)));
    let told = |policy: &NetworkPolicy| {
        Direction::BOTH.into_iter().any(|direction| super::allow_all_voids::voids(context, policy, direction))
    };
    found
        .filter(|(policy, _)| !told(policy))
        .map(|(policy, holder)| finding(context, policy, holder))
        .collect()
}

/// Another policy that makes this one needless. Of two that say the same, it is the one whose name comes first.
pub(super) fn holder<'a>(context: &Context<'a>, policy: &NetworkPolicy) -> Option<&'a NetworkPolicy> {
    context.policies_in(&policy.meta.id.namespace).find(|other| {
        other.meta.id != policy.meta.id
            && policy_within(policy, other)
            && (other.meta.id < policy.meta.id || !policy_within(other, policy))
    })
}

fn finding(context: &Context<'_>, policy: &NetworkPolicy, holder: &NetworkPolicy) -> Finding {
    let name = &holder.meta.id.name;
    let message =
        format!("this policy adds nothing: {name} selects its pods, too, and admits all that it does");
    Finding::about(&RULE, policy, message)
        .at(context.subject_place(policy), "selected anyway")
        .at(context.subject_place(holder), format!("by {name}"))
        .help("take it out, unless it is there to outlive the other one")
}
