//! # An empty list of peers means everybody
//!
//! A rule has `from: []` or `to: []`, or the key without a value. The list is empty, and an empty list of peers restricts
//! nothing: the rule admits everybody, in and out of the cluster.
//!
//! ## Why is this bad?
//!
//! It reads like "from nobody". Nobody is said without a rule: `ingress: []`. Who wants to admit everybody had better leave
//! the list out, so that a reader need not know this.
//!
//! ## Example
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: db, namespace: shop}
//! spec:
//!   podSelector: {}
//!   policyTypes: [Ingress]
//!   ingress:
//!     - from: []
//! ```
//!
//! ```text
//! warning: an empty `from` restricts nothing: this rule admits traffic from everybody
//!   8:7 from everybody
//!   help: for nobody, write `ingress: []`; for everybody, leave `from` out
//! ```
//!
//! To admit nobody:
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: db, namespace: shop}
//! spec:
//!   podSelector: {}
//!   policyTypes: [Ingress]
//!   ingress: []
//! ```

use podfence_model::Direction;
use podfence_source::Severity;

use crate::context::{Context, PolicyRule};
use crate::family::Family;
use crate::finding::Finding;
use crate::rule::{Check, Rule};

pub(super) static RULE: Rule = Rule {
    code: "empty-from",
    family: Family::Selecting,
    severity: Severity::Warning,
    file: include_str!("empty_from.rs"),
    check: Check::World(check),
};

fn check(context: &Context<'_>) -> Vec<Finding> {
    context.rules().filter_map(|rule| finding(context, rule)).collect()
}

fn finding(context: &Context<'_>, PolicyRule { policy, direction, rule }: PolicyRule<'_>) -> Option<Finding> {
    let (key, whom) = match direction {
        Direction::Ingress => ("from", "from everybody"),
        Direction::Egress => ("to", "to everybody"),
    };
    let list = context.view(rule.place.as_ref())?.field(key)?;
    if !list.value.is_null() && !list.value.is_empty_collection() {
        return None;
    }
    let message = format!("an empty `{key}` restricts nothing: this rule admits traffic {whom}");
    let help = format!("for nobody, write `{direction}: []`; for everybody, leave `{key}` out");
    Some(Finding::about(&RULE, policy, message).at(list.place(), whom).help(help))
}
