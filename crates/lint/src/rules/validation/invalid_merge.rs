//! # `<<` merges something that is no mapping
//!
//! The key `<<` takes over the fields of other mappings. Its value must be a mapping or a list of mappings, written there
//! or behind an alias.
//!
//! ## Why is this bad?
//!
//! There is nothing to take over; the author believes there is.
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
//!       <<: web
//! ```
//!
//! ```text
//! error: `<<` merges a mapping, or a list of mappings
//!   7:11
//! ```
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop, labels: &labels {app: web}}
//! spec:
//!   podSelector:
//!     matchLabels:
//!       <<: *labels
//! ```

use podfence_source::{Code, Severity};

use super::reader;
use crate::rule::Rule;

pub(super) static RULE: Rule = reader(Code::InvalidMerge, Severity::Error, include_str!("invalid_merge.rs"));
