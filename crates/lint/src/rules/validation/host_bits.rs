//! # An address block with bits behind its prefix
//!
//! A `cidr` has bits set behind its prefix length: `10.0.0.5/24` is written like an address and means the block `10.0.0.0/24`.
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
//! metadata: {name: office, namespace: shop}
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
//! Written as it is read:
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: office, namespace: shop}
//! spec:
//!   podSelector: {}
//!   ingress:
//!     - from:
//!         - ipBlock: {cidr: 192.0.2.0/24}
//! ```

use podfence_source::Severity;

use crate::family::Family;
use crate::rule::{Check, Rule};

pub(super) static RULE: Rule = Rule {
    code: "host-bits",
    family: Family::Validation,
    severity: Severity::Note,
    file: include_str!("host_bits.rs"),
    check: Check::Reader,
};
