//! # An IPv6 block in an unusual form
//!
//! An IPv6 block is not written as RFC 5952 recommends: in lowercase, without leading zeros, the longest row of zeros as
//! `::`.
//!
//! ## Why is this bad?
//!
//! It means the same. The API server warns of it: tools that compare texts take the two forms for different blocks, and
//! controllers are known to rewrite them for ever.
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
//!         - ipBlock: {cidr: "2001:0DB8:0:0::/64"}
//! ```
//!
//! ```text
//! note: `2001:0DB8:0:0::/64` is usually written 2001:db8::/64
//!   8:27
//! ```
//!
//! In the usual form:
//!
//! ```yaml fixed
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {}
//!   ingress:
//!     - from:
//!         - ipBlock: {cidr: "2001:db8::/64"}
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
//!         - ipBlock: {cidr: "2001:db8::/64"}
//! ```

use podfence_source::{Code, Severity};

use super::reader;
use crate::rule::Rule;

pub(super) static RULE: Rule =
    reader(Code::NonCanonicalCidr, Severity::Note, include_str!("non_canonical_cidr.rs"));
