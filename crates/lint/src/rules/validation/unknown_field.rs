//! # A field that does not exist
//!
//! A policy has a field that NetworkPolicy does not have at that place: a slip of the pen, or a field one level too deep or
//! too high.
//!
//! ## Why is this bad?
//!
//! `kubectl apply --validate=false` and many tools drop unknown fields without a word. A policy that loses its
//! `podSelector` means every pod; a rule that loses its `from` admits everybody.
//!
//! ## Example
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelecter:
//!     matchLabels: {app: web}
//! ```
//!
//! ```text
//! error: unknown field `podSelecter`; did you mean `podSelector`?
//!   5:3
//! ```
//!
//! Where one name is near enough, it is put right:
//!
//! ```yaml fixed
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector:
//!     matchLabels: {app: web}
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
//!         - podSelector: {}
//!           ports: [{port: 8080}]
//! ```
//!
//! ```text
//! error: unknown field `ports`
//!   9:11
//!   help: `ports` belongs in an `ingress` or `egress` item, beside `from` or `to`: check the indentation
//! ```
//!
//! One level up, `ports` restricts the rule:
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
//!       ports: [{port: 8080}]
//! ```
//!
//! ## When it is silent
//!
//! Of objects other than policies only the fields that matter to the network are looked at.

use podfence_source::{Code, Severity};

use super::reader;
use crate::rule::Rule;

pub(super) static RULE: Rule = reader(Code::UnknownField, Severity::Error, include_str!("unknown_field.rs"));
