//! # A peer with a block and a selector
//!
//! One item of `from` or `to` has an `ipBlock` beside a `podSelector` or a `namespaceSelector`.
//!
//! ## Why is this bad?
//!
//! The API server refuses the policy: a block cannot be combined with labels. As two items they admit either.
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
//!         - podSelector: {}
//!           ipBlock: {cidr: 192.0.2.0/24}
//! ```
//!
//! ```text
//! error: `ipBlock` cannot be combined with a selector in one peer
//!   9:20
//!   8:24 the selector
//!   help: make them two list items
//! ```
//!
//! Either of them:
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
//!         - ipBlock: {cidr: 192.0.2.0/24}
//! ```

use podfence_source::{Code, Severity};

use super::reader;
use crate::rule::Rule;

pub(super) static RULE: Rule =
    reader(Code::BlockWithSelector, Severity::Error, include_str!("block_with_selector.rs"));
