//! # A peer that names nobody
//!
//! An item of `from` or `to` has neither `podSelector` nor `namespaceSelector` nor `ipBlock`.
//!
//! ## Why is this bad?
//!
//! The API server refuses the policy. `- {}` looks like "everybody", which is said by leaving out the whole list.
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
//!         - {}
//! ```
//!
//! ```text
//! error: this peer names nobody
//!   8:11
//!   help: state `podSelector`, `namespaceSelector` or `ipBlock`; for everybody, leave out the whole list
//! ```
//!
//! For every pod of the policy's own namespace:
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

use podfence_source::{Code, Severity};

use super::reader;
use crate::rule::Rule;

pub(super) static RULE: Rule = reader(Code::EmptyPeer, Severity::Error, include_str!("empty_peer.rs"));
