//! # Rules for a direction that `policyTypes` leaves out
//!
//! A policy has `egress` rules, but its `policyTypes` do not list `Egress` (or the same with ingress). The rules are read and
//! ignored.
//!
//! ## Why is this bad?
//!
//! The policy does not isolate its pods in that direction: what the rules were to restrict is open.
//!
//! ## Example
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {}
//!   policyTypes:
//!     - Ingress
//!   egress:
//!     - to:
//!         - podSelector: {}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop, labels: {app: web}}
//! spec: {containers: [{name: web, image: web}]}
//! ```
//!
//! ```text
//! error: these egress rules are ignored: `policyTypes` does not list `Egress`
//!   8:3 ignored
//!   6:3 only these count
//!   help: add `Egress` to `policyTypes`: the pods are then isolated for egress, too
//! ```
//!
//! List both directions. This isolates the pods for egress, too, so that the rules must name all that they need, the DNS
//! included; therefore the change is proposed, and not made without being asked.
//!
//! ```yaml fixed
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {}
//!   policyTypes:
//!     - Ingress
//!     - Egress
//!   egress:
//!     - to:
//!         - podSelector: {}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop, labels: {app: web}}
//! spec: {containers: [{name: web, image: web}]}
//! ```
//!
//! ```text
//! closed    every pod → everybody all ports
//! ```
//!
//! ## When it is silent
//!
//! An empty list says nothing that could be ignored.
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {}
//!   policyTypes: [Ingress]
//!   egress: []
//! ```

use podfence_model::{Direction, NetworkPolicy};
use podfence_source::{Edit, Severity};

use crate::context::Context;
use crate::family::Family;
use crate::finding::Finding;
use crate::rule::{Check, Rule};

pub(super) static RULE: Rule = Rule {
    code: "dead-rules",
    family: Family::Directions,
    severity: Severity::Error,
    file: include_str!("dead_rules.rs"),
    check: Check::World(check),
};

fn check(context: &Context<'_>) -> Vec<Finding> {
    let dead = |policy: &NetworkPolicy, direction| {
        !policy.directions.contains(direction) && !policy.rules(direction).is_empty()
    };
    let both = |policy| Direction::BOTH.map(|direction| (policy, direction));
    let found = context.policies().flat_map(both).filter(|(policy, direction)| dead(policy, *direction));
    found.map(|(policy, direction)| finding(context, policy, direction)).collect()
}

fn finding(context: &Context<'_>, policy: &NetworkPolicy, direction: Direction) -> Finding {
    let missing = match direction {
        Direction::Ingress => "Ingress",
        Direction::Egress => "Egress",
    };
    let message = format!("these {direction} rules are ignored: `policyTypes` does not list `{missing}`");
    let spec = context.spec(policy);
    let rules = spec.and_then(|spec| Some(spec.field(&direction.to_string())?.key_place()));
    let types = spec.and_then(|spec| Some(spec.field("policyTypes")?.place()));
    Finding::about(&RULE, policy, message)
        .at(rules, "ignored")
        .at(types, "only these count")
        .help(format!("add `{missing}` to `policyTypes`: the pods are then isolated for {direction}, too"))
        .suggest(edit(context, policy, missing))
}

fn edit(context: &Context<'_>, policy: &NetworkPolicy, missing: &str) -> Option<Vec<Edit>> {
    let types = context.spec(policy)?.get(&["policyTypes"])?;
    if !types.is_flow() {
        return Some(vec![types.add_item(missing)?]);
    }
    let mut names: Vec<&str> = types.items().filter_map(|item| item.text()).collect();
    names.push(missing);
    Some(vec![types.replace(format!("[{}]", names.join(", ")))?])
}
