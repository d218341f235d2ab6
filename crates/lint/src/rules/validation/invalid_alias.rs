//! # An alias that cannot be followed
//!
//! An alias (`*name`) stands inside the value that it stands for, or the aliases of a document unfold to more than 250,000
//! values.
//!
//! ## Why is this bad?
//!
//! The first has no end; the second is how a few lines are made to fill any memory.
//!
//! ## Example
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: &metadata
//!   name: web
//!   labels: *metadata
//! ```
//!
//! ```text
//! error: this alias stands for a value that contains it
//!   5:11
//! ```
//!
//! ## When it is silent
//!
//! An alias of a value that is complete is fine.
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: &web {matchLabels: {app: web}}
//!   ingress:
//!     - from:
//!         - podSelector: *web
//! ```

use podfence_source::{Code, Severity};

use super::reader;
use crate::rule::Rule;

pub(super) static RULE: Rule = reader(Code::InvalidAlias, Severity::Error, include_str!("invalid_alias.rs"));
