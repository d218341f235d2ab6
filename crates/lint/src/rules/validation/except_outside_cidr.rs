//! # An exception that is not inside its block
//!
//! An `except` of an `ipBlock` is not strictly inside its `cidr`: it lies elsewhere, is as large, or is of the other
//! address family.
//!
//! ## Why is this bad?
//!
//! The API server refuses the policy. An exception narrows only the block that it stands beside; to exclude the addresses
//! elsewhere, each block needs its own.
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
//!         - ipBlock: {cidr: 10.0.0.0/8, except: [192.168.0.0/16]}
//! ```
//!
//! ```text
//! error: except 192.168.0.0/16 must be a strict subset of cidr 10.0.0.0/8
//!   8:48 not inside
//!   8:27 the whole block
//! ```
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {}
//!   ingress:
//!     - from:
//!         - ipBlock: {cidr: "::/0", except: [10.0.0.0/8]}
//! ```
//!
//! ```text
//! error: except 10.0.0.0/8 must be a strict subset of cidr ::/0
//!   8:44 not inside
//!   8:27 the whole block
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
//!         - ipBlock: {cidr: 10.0.0.0/8, except: [10.96.0.0/12]}
//! ```

use podfence_source::{Code, Severity};

use super::reader;
use crate::rule::Rule;

pub(super) static RULE: Rule =
    reader(Code::ExceptOutside, Severity::Error, include_str!("except_outside_cidr.rs"));
