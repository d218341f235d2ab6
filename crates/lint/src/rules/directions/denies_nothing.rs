//! # A policy that is named for denying, and denies nothing
//!
//! A policy's name says `deny`, and it admits everybody in each direction that it is about; or another policy does so for all of
//! its pods.
//!
//! ## Why is this bad?
//!
//! Policies only ever add permissions; none can take away what another one grants, whatever its name. One rule without peers
//! and ports is enough to open a pod, and the list of policies still shows a denial.
//!
//! ## Example
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: default-deny, namespace: shop}
//! spec:
//!   podSelector: {}
//!   policyTypes: [Ingress]
//!   ingress:
//!     - {}
//! ```
//!
//! ```text
//! warning: this policy is named for denying, and admits everybody
//!   8:7 admits everybody for ingress
//!   help: no policy can take away what another admits: take the rule out, or narrow it
//! ```
//!
//! To deny, write no rule:
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: default-deny, namespace: shop}
//! spec:
//!   podSelector: {}
//!   policyTypes: [Ingress]
//!   ingress: []
//! ```
//!
//! Another policy opens what this one was to close:
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: default-deny, namespace: shop}
//! spec:
//!   podSelector: {}
//!   policyTypes: [Ingress]
//! ---
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: tmp-debug, namespace: shop}
//! spec:
//!   podSelector: {}
//!   policyTypes: [Ingress]
//!   ingress:
//!     - {}
//! ```
//!
//! ```text
//! warning: this policy denies nothing: shop/tmp-debug admits everybody to all of its pods
//!   5:3 all of these are open
//!   15:7 admits everybody for ingress
//!   help: no policy can take away what another admits: take the rule out, or narrow it
//! ```
//!
//! ## When it is silent
//!
//! When one direction, or one pod, remains denied.
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
//!   policyTypes: [Ingress]
//!   ingress:
//!     - {}
//! ```

use podfence_model::{Direction, NetworkPolicy, Rule as PolicyText};
use podfence_source::Severity;

use crate::context::Context;
use crate::family::Family;
use crate::finding::Finding;
use crate::rule::{Check, Rule};

pub(super) static RULE: Rule = Rule {
    code: "denies-nothing",
    family: Family::Directions,
    severity: Severity::Warning,
    file: include_str!("denies_nothing.rs"),
    check: Check::World(check),
};

fn check(context: &Context<'_>) -> Vec<Finding> {
    let named = context.policies().filter(|policy| says_deny(&policy.meta.id.name));
    named.filter_map(|policy| finding(context, policy)).collect()
}

fn says_deny(name: &str) -> bool {
    name.split(['-', '.']).any(|word| matches!(word, "deny" | "denied" | "block"))
}

fn finding(context: &Context<'_>, policy: &NetworkPolicy) -> Option<Finding> {
    let mut directions =
        Direction::BOTH.into_iter().filter(|direction| policy.directions.contains(*direction));
    let first = directions.next()?;
    let (opener, rule) = opener(context, policy, first)?;
    let others_too = directions.all(|direction| self::opener(context, policy, direction).is_some());
    if !others_too {
        return None;
    }
    let own = opener.meta.id == policy.meta.id;
    let message = if own {
        "this policy is named for denying, and admits everybody".to_owned()
    } else {
        format!("this policy denies nothing: {} admits everybody to all of its pods", opener.meta.id)
    };
    let finding = Finding::about(&RULE, policy, message);
    let finding =
        if own { finding } else { finding.at(context.subject_place(policy), "all of these are open") };
    let help = "no policy can take away what another admits: take the rule out, or narrow it";
    Some(finding.at(rule.place.clone(), format!("admits everybody for {first}")).help(help))
}

/// A policy with a rule that admits everything to all pods of another, or that one itself.
fn opener<'a>(
    context: &Context<'a>,
    policy: &NetworkPolicy,
    direction: Direction,
) -> Option<(&'a NetworkPolicy, &'a PolicyText)> {
    context.policies().filter(|other| other.meta.id.namespace == policy.meta.id.namespace).find_map(|other| {
        let open = |rule: &&PolicyText| rule.peers.is_empty() && rule.ports.is_empty();
        let rule = other.rules(direction).iter().find(open)?;
        (other.directions.contains(direction) && covers(context, other, policy)).then_some((other, rule))
    })
}

/// Whether a policy selects all that another selects, today or whatever pods there will be.
fn covers(context: &Context<'_>, policy: &NetworkPolicy, other: &NetworkPolicy) -> bool {
    let selected = context.selected(other);
    let all_today = !selected.is_empty()
        && context.knows_pods_of(&other.meta.id.namespace)
        && selected.iter().all(|pod| policy.subject.matches(&pod.meta.labels));
    policy.subject.is_everything() || policy.subject == other.subject || all_today
}
