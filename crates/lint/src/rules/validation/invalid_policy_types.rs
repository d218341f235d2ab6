//! # `policyTypes` with something else than `Ingress` and `Egress`
//!
//! An item of `policyTypes` is neither `Ingress` nor `Egress`, spelt exactly so, or there are more than two.
//!
//! ## Why is this bad?
//!
//! The API server refuses the policy.
//!
//! ## Example
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {}
//!   policyTypes: [ingress]
//! ```
//!
//! ```text
//! error: unknown policy type `ingress`; did you mean `Ingress`?
//!   6:17
//!   help: policy types are `Ingress` and `Egress`
//! ```
//!
//! ```yaml fixed
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {}
//!   policyTypes: [Ingress]
//! ```
//!
//! Without `policyTypes` a policy is one of ingress, and of egress if it has an egress rule:
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {}
//! ```

use podfence_source::{Code, Severity};

use super::reader;
use crate::rule::Rule;

pub(super) static RULE: Rule =
    reader(Code::InvalidPolicyTypes, Severity::Error, include_str!("invalid_policy_types.rs"));
