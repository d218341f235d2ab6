//! # A label without a value
//!
//! A label has its key and no value, as is usual in a form that was not filled in.
//!
//! ## Why is this bad?
//!
//! The API server reads the empty text. A selector with such a label matches only pods whose label is empty as well, not
//! all that have the label.
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
//!       app:
//! ```
//!
//! ```text
//! warning: label `app` has no value; the API server reads the empty text
//!   7:7
//! ```
//!
//! All pods that have the label, whatever its value:
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector:
//!     matchExpressions:
//!       - {key: app, operator: Exists}
//! ```
//!
//! ## When it is silent
//!
//! When the empty text is written out.
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector:
//!     matchLabels:
//!       app: ""
//! ```

use podfence_source::{Code, Severity};

use super::reader;
use crate::rule::Rule;

pub(super) static RULE: Rule = reader(Code::EmptyLabel, Severity::Warning, include_str!("empty_label.rs"));
