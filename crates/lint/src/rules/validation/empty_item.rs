//! # A list item without anything in it
//!
//! A rule, a peer or a port is a lone `-`, or `null`.
//!
//! ## Why is this bad?
//!
//! As a rule, it reads like nothing, and is `{}` to the API server: a rule without restriction, which admits everybody.
//! That is hardly what a forgotten line was to say, so it is refused here.
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
//!   ingress:
//!     -
//! ```
//!
//! ```text
//! error: each item of `ingress` must say something; this one is empty
//!   8:6
//!   help: the API server reads it as `{}`: write that if meant
//! ```
//!
//! Take the line out, or write what it means:
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {}
//!   policyTypes: [Ingress]
//!   ingress:
//!     - {}
//! ```

use podfence_source::{Code, Severity};

use super::reader;
use crate::rule::Rule;

pub(super) static RULE: Rule = reader(Code::EmptyItem, Severity::Error, include_str!("empty_item.rs"));
