//! # A policy for ping whose rules have ports
//!
//! A policy is named for ping or ICMP, and all its rules have `ports`.
//!
//! ## Why is this bad?
//!
//! ICMP has no ports: a rule with `ports` never admits it, whichever protocol and numbers they name. NetworkPolicy cannot name
//! ICMP at all; a rule without `ports` admits it along with everything else.
//!
//! ## Example
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: allow-ping, namespace: shop}
//! spec:
//!   podSelector: {}
//!   policyTypes: [Ingress]
//!   ingress:
//!     - from: [{podSelector: {}}]
//!       ports:
//!         - {protocol: UDP, port: 7}
//! ```
//!
//! ```text
//! warning: a rule with `ports` never admits ICMP, so no ping passes
//!   10:11 no ICMP
//!   help: ICMP cannot be named; only a rule without `ports` admits it, with all else
//! ```
//!
//! Everything between the pods of the namespace, ping included:
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: allow-ping, namespace: shop}
//! spec:
//!   podSelector: {}
//!   policyTypes: [Ingress]
//!   ingress:
//!     - from: [{podSelector: {}}]
//! ```

use podfence_model::{Direction, NetworkPolicy};
use podfence_source::Severity;

use crate::context::Context;
use crate::family::Family;
use crate::finding::Finding;
use crate::rule::{Check, Rule};

pub(super) static RULE: Rule = Rule {
    code: "ping-by-ports",
    family: Family::Ports,
    severity: Severity::Warning,
    file: include_str!("ping_by_ports.rs"),
    check: Check::World(check),
};

fn check(context: &Context<'_>) -> Vec<Finding> {
    context.policies().filter(|policy| is_for_ping(policy)).filter_map(finding).collect()
}

fn is_for_ping(policy: &NetworkPolicy) -> bool {
    policy.meta.id.name.split(['-', '.']).any(|word| matches!(word, "ping" | "icmp" | "icmpv6"))
}

fn finding(policy: &NetworkPolicy) -> Option<Finding> {
    let live = Direction::BOTH.into_iter().filter(|direction| policy.directions.contains(*direction));
    let mut rules = live.flat_map(|direction| policy.rules(direction)).peekable();
    let first = *rules.peek()?;
    if rules.any(|rule| rule.ports.is_empty()) {
        return None;
    }
    let place = first.ports.first().and_then(|item| item.place.clone());
    let finding = Finding::about(&RULE, policy, "a rule with `ports` never admits ICMP, so no ping passes");
    let help = "ICMP cannot be named; only a rule without `ports` admits it, with all else";
    Some(finding.at(place, "no ICMP").help(help))
}
