//! # An object that is stated twice
//!
//! Two objects of the inputs are of one kind and have the same namespace and name. The later one counts, as with `kubectl
//! apply`. When both say the same, this is a note.
//!
//! ## Why is this bad?
//!
//! The earlier one is lost: its rules are in no answer, and in no cluster.
//!
//! ## Example
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {}
//!   policyTypes: [Ingress]
//! ---
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: web}}
//!   ingress: [{}]
//! ```
//!
//! ```text
//! warning: NetworkPolicy shop/web is stated twice, differently; this later statement counts
//!   8:1 stated again
//!   1:1 first stated here
//! ```
//!
//! Give each its own name:
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {}
//!   policyTypes: [Ingress]
//! ---
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web-open, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: web}}
//!   ingress: [{}]
//! ```

use podfence_source::{Code, Severity};

use super::reader;
use crate::rule::Rule;

pub(super) static RULE: Rule =
    reader(Code::DuplicateObject, Severity::Warning, include_str!("duplicate_object.rs"));
