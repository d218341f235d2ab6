//! # A value is of the wrong type
//!
//! A list stands where a mapping is wanted, a text where a number is wanted, and so on.
//!
//! ## Why is this bad?
//!
//! The API server refuses the object. Most often a `-` is missing or one too many: `from` is a list of peers, `podSelector`
//! one mapping.
//!
//! ## Example
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {}
//!   ingress:
//!     - from:
//!         podSelector: {}
//! ```
//!
//! ```text
//! error: `from` must be a list, but this is a mapping
//!   8:9 a list was expected
//! ```
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {}
//!   ingress:
//!     - from:
//!         - podSelector: {}
//! ```
//!
//! A port is a field of its item:
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {}
//!   ingress:
//!     - ports:
//!         - 80
//! ```
//!
//! ```text
//! error: each item of `ports` must be a mapping, but this is a number
//!   8:11
//!   help: write `port: 80`
//! ```
//!
//! ```yaml fixed
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {}
//!   ingress:
//!     - ports:
//!         - {port: 80}
//! ```
//!
//! ```text
//! ```

use podfence_source::{Code, Severity};

use super::reader;
use crate::rule::Rule;

pub(super) static RULE: Rule = reader(Code::WrongType, Severity::Error, include_str!("wrong_type.rs"));
