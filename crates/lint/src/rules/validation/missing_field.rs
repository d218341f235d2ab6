//! # A field that is required is missing
//!
//! An object lacks a field without which it says nothing, such as `metadata.name`, the `cidr` of an `ipBlock`, or the
//! `operator` of a requirement.
//!
//! ## Why is this bad?
//!
//! The API server refuses the object, and what it was meant to say is not known.
//!
//! ## Example
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector:
//!     matchExpressions:
//!       - {key: tier, values: [web]}
//! ```
//!
//! ```text
//! error: `operator` is required
//!   7:9
//! ```
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector:
//!     matchExpressions:
//!       - {key: tier, operator: In, values: [web]}
//! ```

use podfence_source::{Code, Severity};

use super::reader;
use crate::rule::Rule;

pub(super) static RULE: Rule = reader(Code::MissingField, Severity::Error, include_str!("missing_field.rs"));
