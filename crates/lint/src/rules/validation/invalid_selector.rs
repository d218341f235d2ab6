//! # A selector that makes no sense
//!
//! A requirement in `matchExpressions` has an operator that does not exist, lacks the values that its operator compares
//! with, or has values that its operator does not take.
//!
//! ## Why is this bad?
//!
//! The API server refuses the object. `In` with an empty list would match nothing, `Exists` with values compares nothing.
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
//!       - {key: tier, operator: Exists, values: [web]}
//! ```
//!
//! ```text
//! error: operator `Exists` takes no `values`
//!   7:47
//!   help: use `In` or `NotIn` to compare values
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

pub(super) static RULE: Rule =
    reader(Code::InvalidSelector, Severity::Error, include_str!("invalid_selector.rs"));
