//! # A kind that does not exist
//!
//! An object of one of Kubernetes' own API groups has a kind that does not exist and is nearly the name of one that matters
//! here.
//!
//! ## Why is this bad?
//!
//! `kubectl` refuses it. Skipping it would leave a policy out of every answer without a word.
//!
//! ## Example
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicies
//! metadata: {name: web, namespace: shop}
//! spec: {podSelector: {}}
//! ```
//!
//! ```text
//! error: unknown kind `NetworkPolicies` in `networking.k8s.io/v1`; did you mean `NetworkPolicy`?
//!   2:7
//! ```
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec: {podSelector: {}}
//! ```

use podfence_source::{Code, Severity};

use super::reader;
use crate::rule::Rule;

pub(super) static RULE: Rule = reader(Code::UnknownKind, Severity::Error, include_str!("unknown_kind.rs"));
