//! # A label key that YAML reads as something else
//!
//! The key of a label is written without quotes as something that YAML 1.1 takes for a boolean or a number. `y`, `on` and
//! `no` are booleans; `0x10` is the number 16.
//!
//! ## Why is this bad?
//!
//! The label gets another name than it seems to have: `y: web` is the label `true`.
//!
//! ## Example
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector:
//!     matchLabels:
//!       y: web
//! ```
//!
//! ```text
//! warning: this label key without quotes is read as `true`
//!   7:7
//!   help: quote it
//! ```
//!
//! Quote it:
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector:
//!     matchLabels:
//!       "y": web
//! ```

use podfence_source::{Code, Severity};

use super::reader;
use crate::rule::Rule;

pub(super) static RULE: Rule = reader(Code::UnquotedKey, Severity::Warning, include_str!("unquoted_key.rs"));
