//! # A suppression that suppresses nothing
//!
//! A comment `# podfence: ignore CODE` stands where that rule finds nothing, or names no rule.
//!
//! ## Why is this bad?
//!
//! The comment outlived what it was for. It would hide the next finding of the rule that appears there.
//!
//! ## Example
//!
//! ```yaml fires
//! # podfence: ignore selects-no-pods -- the operator makes them
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec: {podSelector: {}, policyTypes: [Ingress]}
//! ```
//!
//! ```text
//! warning: nothing here is found by selects-no-pods
//!   1:1 take it out
//! ```
//!
//! ```yaml silent
//! # podfence: ignore empty-from -- everybody is meant
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {}
//!   policyTypes: [Ingress]
//!   ingress:
//!     - from: []
//! ```
//!
//! ## When it is silent
//!
//! With `--select` or `--ignore`: a rule that did not run cannot be said to find nothing.

use podfence_source::Severity;

use crate::family::Family;
use crate::rule::{Check, Rule};

pub(crate) static RULE: Rule = Rule {
    code: "unused-suppression",
    family: Family::Validation,
    severity: Severity::Warning,
    file: include_str!("unused_suppression.rs"),
    check: Check::Run,
};
