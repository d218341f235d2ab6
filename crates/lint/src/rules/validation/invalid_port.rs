//! # A port that does not exist
//!
//! A port's number is not between 1 and 65535, or its name breaks the syntax of port names: at most 15 lowercase letters,
//! digits and single `-`, at least one letter.
//!
//! ## Why is this bad?
//!
//! The API server refuses the object. There is no port 0 to stand for "all": leave out `port`.
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
//!         - port: 0
//! ```
//!
//! ```text
//! error: port 0 is not between 1 and 65535
//!   8:17
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
//!         - port: http_metrics
//! ```
//!
//! ```text
//! error: port name `http_metrics` may only have lowercase letters, digits and `-`
//!   8:17
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
//!         - port: http-metrics
//! ```

use podfence_source::{Code, Severity};

use super::reader;
use crate::rule::Rule;

pub(super) static RULE: Rule = reader(Code::InvalidPort, Severity::Error, include_str!("invalid_port.rs"));
