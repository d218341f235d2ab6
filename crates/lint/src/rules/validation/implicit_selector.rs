//! # A policy that does not say whom it selects
//!
//! A policy has no `podSelector`, or no `spec` at all. The API server reads `podSelector: {}`: every pod of the namespace.
//!
//! ## Why is this bad?
//!
//! It may well be meant, but it looks the same as a forgotten or wrongly indented selector. Written out, a reader need not
//! wonder.
//!
//! ## Example
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   policyTypes: [Ingress]
//! ```
//!
//! ```text
//! note: `podSelector` is missing: the policy selects every pod of its namespace
//!   5:3
//! ```
//!
//! Every pod, on purpose:
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {}
//!   policyTypes: [Ingress]
//! ```

use podfence_source::{Code, Severity};

use super::reader;
use crate::rule::Rule;

pub(super) static RULE: Rule =
    reader(Code::ImplicitSelector, Severity::Note, include_str!("implicit_selector.rs"));
