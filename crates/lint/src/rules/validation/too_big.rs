//! # A document is too deep or too large
//!
//! Lists and mappings nest more than 100 levels deep, or one document has more than 10 million values.
//!
//! ## Why is this bad?
//!
//! No manifest is like that; what is may be meant to exhaust the memory of its readers.
//!
//! ## Example
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   [[[[[[[[[[[[[[[[[[[[[[[[[[
//!   [[[[[[[[[[[[[[[[[[[[[[[[[[
//!   [[[[[[[[[[[[[[[[[[[[[[[[[[
//!   [[[[[[[[[[[[[[[[[[[[[[[[[[
//!   ]]]]]]]]]]]]]]]]]]]]]]]]]]
//!   ]]]]]]]]]]]]]]]]]]]]]]]]]]
//!   ]]]]]]]]]]]]]]]]]]]]]]]]]]
//!   ]]]]]]]]]]]]]]]]]]]]]]]]]]
//! ```
//!
//! ```text
//! error: nested more than 100 levels deep
//!   8:25
//! ```
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec: {podSelector: {}}
//! ```

use podfence_source::{Code, Severity};

use super::reader;
use crate::rule::Rule;

pub(super) static RULE: Rule = reader(Code::TooBig, Severity::Error, include_str!("too_big.rs"));
