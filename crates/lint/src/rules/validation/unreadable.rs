//! # An input cannot be read
//!
//! A file is missing, is no text, or holds YAML that is broken.
//!
//! ## Why is this bad?
//!
//! Nothing is decided on half of what somebody wrote, so nothing else is said before this is mended.
//!
//! ## Example
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop
//! ```
//!
//! ```text
//! error: this `{` is never closed
//!   3:11
//! ```
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec: {podSelector: {}}
//! ```

use podfence_source::Severity;

use crate::family::Family;
use crate::rule::{Check, Rule};

pub(crate) static RULE: Rule = Rule {
    code: "unreadable",
    family: Family::Validation,
    severity: Severity::Error,
    file: include_str!("unreadable.rs"),
    check: Check::Reader,
};
