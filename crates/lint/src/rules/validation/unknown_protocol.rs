//! # A protocol that cannot be named
//!
//! A `protocol` is something else than `TCP`, `UDP` or `SCTP`, in capitals.
//!
//! ## Why is this bad?
//!
//! The API server refuses the object. ICMP has no ports and cannot be named in a policy; a rule without `ports` admits it
//! with all else.
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
//!         - {protocol: udp, port: 53}
//! ```
//!
//! ```text
//! error: unknown protocol `udp`
//!   8:22
//!   help: write it in capitals: `UDP`
//! ```
//!
//! In capitals:
//!
//! ```yaml fixed
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {}
//!   ingress:
//!     - ports:
//!         - {protocol: UDP, port: 53}
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
//!         - {protocol: ICMP}
//! ```
//!
//! ```text
//! error: unknown protocol `ICMP`
//!   8:22
//!   help: policies cannot name ICMP; a rule without `ports` admits it
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
//!         - {protocol: SCTP, port: 7777}
//! ```

use podfence_source::{Code, Severity};

use super::reader;
use crate::rule::Rule;

pub(super) static RULE: Rule =
    reader(Code::UnknownProtocol, Severity::Error, include_str!("unknown_protocol.rs"));
