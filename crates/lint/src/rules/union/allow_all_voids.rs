//! # An allow-all that voids other policies
//!
//! A policy has a rule without peers and ports, which admits everybody, and other policies of the namespace restrict the same
//! pods in the same direction.
//!
//! ## Why is this bad?
//!
//! Policies add up: what one admits, no other can refuse. The others look as if they restricted who may connect, and restrict
//! nobody.
//!
//! ## Example
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: default-allow, namespace: shop}
//! spec:
//!   podSelector: {}
//!   ingress:
//!     - {}
//! ---
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: db, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: db}}
//!   ingress:
//!     - from:
//!         - podSelector: {matchLabels: {app: api}}
//! ```
//!
//! ```text
//! warning: this admits all traffic from everybody, so that db restricts no ingress
//!   7:7 from everybody
//!   13:3 db selects no other pods
//!   help: policies add up: take this rule out, or select only the pods that are meant to be open
//! ```
//!
//! Take the rule out, or select only the pods that are meant to be open:
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web-open, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: web}}
//!   ingress:
//!     - {}
//! ---
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: db, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: db}}
//!   ingress:
//!     - from:
//!         - podSelector: {matchLabels: {app: api}}
//! ```
//!
//! ## When it is silent
//!
//! The other policy selects more pods than the one that admits everybody: a default for the namespace, and an exception from it.
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
//! metadata: {name: web-open, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: web}}
//!   ingress:
//!     - {}
//! ```

use podfence_model::{Direction, NetworkPolicy, Rule as PolicyRule};
use podfence_source::Severity;

use crate::context::{Context, PolicyRule as Stated};
use crate::family::Family;
use crate::finding::Finding;
use crate::rule::{Check, Rule};
use crate::within::{admits_all, isolates_all_of};
use crate::words;

pub(super) static RULE: Rule = Rule {
    code: "allow-all-voids",
    family: Family::Union,
    severity: Severity::Warning,
    file: include_str!("allow_all_voids.rs"),
    check: Check::World(check),
};

fn check(context: &Context<'_>) -> Vec<Finding> {
    context.rules().filter(|rule| admits_all(rule.rule)).filter_map(|rule| finding(context, rule)).collect()
}

/// Whether an allow-all of another policy makes one restrict nobody in a direction.
pub(super) fn voids(context: &Context<'_>, policy: &NetworkPolicy, direction: Direction) -> bool {
    policy.directions.contains(direction) && voider(context, policy, direction).is_some()
}

fn voider<'a>(context: &Context<'a>, policy: &NetworkPolicy, direction: Direction) -> Option<&'a PolicyRule> {
    if policy.rules(direction).iter().any(admits_all) {
        return None;
    }
    let others =
        context.policies_in(&policy.meta.id.namespace).filter(|other| other.meta.id != policy.meta.id);
    let mut rules = others.filter(|other| isolates_all_of(other, policy, direction));
    rules.find_map(|other| other.rules(direction).iter().find(|rule| admits_all(rule)))
}

fn finding(context: &Context<'_>, Stated { policy, direction, rule }: Stated<'_>) -> Option<Finding> {
    let here =
        context.policies_in(&policy.meta.id.namespace).filter(|other| other.directions.contains(direction));
    let voided =
        here.filter(|other| voider(context, other, direction).is_some_and(|other| std::ptr::eq(other, rule)));
    let voided: Vec<&NetworkPolicy> = voided.collect();
    let first = voided.first()?;
    let names: Vec<String> = voided.iter().map(|other| other.meta.id.name.clone()).collect();
    let verb = if names.len() == 1 { "restricts" } else { "restrict" };
    let whom = match direction {
        Direction::Ingress => "from everybody",
        Direction::Egress => "to everybody",
    };
    let message =
        format!("this admits all traffic {whom}, so that {} {verb} no {direction}", words::list(&names));
    let finding = Finding::about(&RULE, policy, message)
        .at(rule.place.clone(), whom)
        .at(context.subject_place(first), format!("{} selects no other pods", first.meta.id.name));
    Some(
        finding
            .help("policies add up: take this rule out, or select only the pods that are meant to be open"),
    )
}
