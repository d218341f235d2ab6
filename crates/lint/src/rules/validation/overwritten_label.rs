//! # A namespace labelled with another name than its own
//!
//! A Namespace states the label `kubernetes.io/metadata.name` with something else than its name.
//!
//! ## Why is this bad?
//!
//! The API server sets this label itself and overwrites what the manifest says. A `namespaceSelector` for the stated value
//! will not find the namespace.
//!
//! ## Example
//!
//! ```yaml fires
//! apiVersion: v1
//! kind: Namespace
//! metadata:
//!   name: shop
//!   labels:
//!     kubernetes.io/metadata.name: shop-prod
//! ```
//!
//! ```text
//! warning: label `kubernetes.io/metadata.name` is set to the namespace's own name, `shop`, not `shop-prod`
//!   6:34
//! ```
//!
//! As the API server sets it:
//!
//! ```yaml fixed
//! apiVersion: v1
//! kind: Namespace
//! metadata:
//!   name: shop
//!   labels:
//!     kubernetes.io/metadata.name: shop
//! ```
//!
//! ```text
//! EQUAL  nothing changes: every connection is judged as before
//! ```
//!
//! ## When it is silent
//!
//! Other labels may say what they like.
//!
//! ```yaml silent
//! apiVersion: v1
//! kind: Namespace
//! metadata:
//!   name: shop
//!   labels:
//!     name: shop-prod
//! ```

use podfence_source::{Code, Severity};

use super::reader;
use crate::rule::Rule;

pub(super) static RULE: Rule =
    reader(Code::OverwrittenLabel, Severity::Warning, include_str!("overwritten_label.rs"));
