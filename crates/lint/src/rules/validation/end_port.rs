//! # `endPort` does not end a range
//!
//! `endPort` stands without `port`, beside the name of a port, or is less than `port`.
//!
//! ## Why is this bad?
//!
//! The API server refuses the policy. A range begins with a number and does not end before it.
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
//!     - ports:
//!         - {port: 9000, endPort: 8000}
//! ```
//!
//! ```text
//! error: endPort 8000 is smaller than port 9000
//!   8:33
//! ```
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {}
//!   ingress:
//!     - ports:
//!         - {port: http, endPort: 8000}
//! ```
//!
//! ```text
//! error: `endPort` needs a number as `port`, not the name `http`
//!   8:33
//! ```
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {}
//!   ingress:
//!     - ports:
//!         - {endPort: 8000}
//! ```
//!
//! ```text
//! error: `endPort` needs a `port` to start from
//!   8:21
//! ```
//!
//! ## When it is silent
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {}
//!   ingress:
//!     - ports:
//!         - {port: 8000, endPort: 9000}
//! ```

use podfence_source::{Code, Severity};

use super::reader;
use crate::rule::Rule;

pub(super) static RULE: Rule = reader(Code::EndPort, Severity::Error, include_str!("end_port.rs"));
