//! # A key is stated twice
//!
//! One mapping has the same key twice: two `ingress`, two `matchLabels`, the same label with two values.
//!
//! ## Why is this bad?
//!
//! Most readers of YAML take the last one and forget the first without a word; the API server with strict checks refuses
//! it. Half of the policy may be missing.
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
//!     - from: [{podSelector: {}}]
//!   ingress:
//!     - ports: [{port: 8080}]
//! ```
//!
//! ```text
//! error: key `ingress` is stated twice, here and on line 6
//!   8:3
//!   6:3 first stated here
//!   help: keep one of them: readers disagree on which one counts
//! ```
//!
//! Make them items of one list:
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {}
//!   ingress:
//!     - from: [{podSelector: {}}]
//!     - ports: [{port: 8080}]
//! ```

use podfence_source::{Code, Severity};

use super::reader;
use crate::rule::Rule;

pub(super) static RULE: Rule = reader(Code::DuplicateKey, Severity::Error, include_str!("duplicate_key.rs"));
