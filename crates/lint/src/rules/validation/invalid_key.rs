//! # A key is no text
//!
//! The key of a mapping is a list, a mapping, or nothing at all.
//!
//! ## Why is this bad?
//!
//! JSON, which is what the API server gets, has no such keys. Often an unquoted `{` or `[` stands where a value was meant
//! to begin.
//!
//! ## Example
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector:
//!     matchLabels:
//!       ? [app]
//!       : web
//! ```
//!
//! ```text
//! error: a key must be a text
//!   7:9
//! ```
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector:
//!     matchLabels:
//!       app: web
//! ```

use podfence_source::{Code, Severity};

use super::reader;
use crate::rule::Rule;

pub(super) static RULE: Rule = reader(Code::InvalidKey, Severity::Error, include_str!("invalid_key.rs"));
