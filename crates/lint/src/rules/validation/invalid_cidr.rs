//! # Text that is no address block
//!
//! The `cidr` of an `ipBlock`, one of its `except`, or another block of addresses is no address with a prefix length; or it
//! has a leading zero, or is an IPv4 block written as IPv6, which readers take differently.
//!
//! ## Why is this bad?
//!
//! The API server refuses most of these, and the rest mean one thing to it and another to network plugins. A single address
//! needs its prefix, too: `/32`, or `/128` for IPv6.
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
//!         - ipBlock: {cidr: 192.0.2.7}
//! ```
//!
//! ```text
//! error: `192.0.2.7` is not an address block: it has no prefix length, such as 192.0.2.7/32
//!   8:27
//! ```
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {}
//!   ingress:
//!     - from:
//!         - ipBlock: {cidr: 192.0.2.7/32}
//! ```

use podfence_source::{Code, Severity};

use super::reader;
use crate::rule::Rule;

pub(super) static RULE: Rule = reader(Code::InvalidCidr, Severity::Error, include_str!("invalid_cidr.rs"));
