//! # A label that breaks the syntax of labels
//!
//! The key or the value of a label has characters that labels may not have, is too long, or begins or ends with something
//! else than a letter or a digit. A key may have one prefix, a DNS name, before a `/`.
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
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector:
//!     matchLabels:
//!       app: "web, api"
//! ```
//!
//! ```text
//! error: label value `web, api` may only have letters, digits, `-`, `_` and `.`
//!   7:12
//! ```
//!
//! To select several values, list them:
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector:
//!     matchExpressions:
//!       - {key: app, operator: In, values: [web, api]}
//! ```

use podfence_source::{Code, Severity};

use super::reader;
use crate::rule::Rule;

pub(super) static RULE: Rule = reader(Code::InvalidLabel, Severity::Error, include_str!("invalid_label.rs"));
