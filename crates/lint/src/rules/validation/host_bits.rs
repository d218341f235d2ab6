//! # An address block with bits behind its prefix
//!
//! A `cidr` has bits set behind its prefix length: `192.0.2.77/24` is written like an address and means the block
//! `192.0.2.0/24`.
//!
//! ## Why is this bad?
//!
//! It is not clear whether the one address or the whole block was meant. The API server warns of it, and one network plugin
//! is known to drop the whole policy.
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
//!         - ipBlock: {cidr: 192.0.2.77/24}
//! ```
//!
//! ```text
//! note: `192.0.2.77/24` has bits set behind its prefix and means 192.0.2.0/24
//!   8:27
//! ```
//!
//! Written as it is read, which changes nothing; if the one address was meant, write `192.0.2.77/32`:
//!
//! ```yaml fixed
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {}
//!   ingress:
//!     - from:
//!         - ipBlock: {cidr: 192.0.2.0/24}
//! ```
//!
//! ```text
//! EQUAL  nothing changes: every connection is judged as before
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
//!     - from:
//!         - ipBlock: {cidr: 192.0.2.77/32}
//! ```

use podfence_source::{Code, Severity};

use super::reader;
use crate::rule::Rule;

pub(super) static RULE: Rule = reader(Code::HostBits, Severity::Note, include_str!("host_bits.rs"));
