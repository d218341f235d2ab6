//! # An annotation that once isolated a namespace
//!
//! A Namespace has the annotation `net.beta.kubernetes.io/network-policy`, with which clusters before 1.7 isolated all its
//! pods.
//!
//! ## Why is this bad?
//!
//! It does nothing today. Who relies on it has an open namespace.
//!
//! ## Example
//!
//! ```yaml fires
//! apiVersion: v1
//! kind: Namespace
//! metadata:
//!   name: shop
//!   annotations:
//!     net.beta.kubernetes.io/network-policy: '{"ingress": {"isolation": "DefaultDeny"}}'
//! ```
//!
//! ```text
//! note: annotation `net.beta.kubernetes.io/network-policy` does nothing since Kubernetes 1.7: isolate the namespace with a NetworkPolicy
//!   6:44
//! ```
//!
//! The same as a policy:
//!
//! ```yaml silent
//! apiVersion: v1
//! kind: Namespace
//! metadata: {name: shop}
//! ---
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: default-deny, namespace: shop}
//! spec:
//!   podSelector: {}
//!   policyTypes: [Ingress]
//! ```

use podfence_source::{Code, Severity};

use super::reader;
use crate::rule::Rule;

pub(super) static RULE: Rule =
    reader(Code::DeadAnnotation, Severity::Note, include_str!("dead_annotation.rs"));
