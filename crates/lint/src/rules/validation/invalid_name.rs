//! # A name that breaks the syntax of names
//!
//! An object or its namespace has a name that Kubernetes does not allow: names have lowercase letters, digits, `-` and, for
//! most kinds, `.`; namespaces and Services have at most 63 characters and no `.`.
//!
//! ## Why is this bad?
//!
//! The API server refuses the object.
//!
//! ## Example
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: deny_all, namespace: shop}
//! spec: {podSelector: {}}
//! ```
//!
//! ```text
//! error: NetworkPolicy name `deny_all` may only have lowercase letters, digits, `-` and `.`
//!   3:18
//! ```
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: deny-all, namespace: shop}
//! spec: {podSelector: {}}
//! ```

use podfence_source::{Code, Severity};

use super::reader;
use crate::rule::Rule;

pub(super) static RULE: Rule = reader(Code::InvalidName, Severity::Error, include_str!("invalid_name.rs"));
