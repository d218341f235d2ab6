//! # A workload that does not select its own pods
//!
//! The `selector` of a Deployment, StatefulSet, DaemonSet or ReplicaSet does not match the labels of its own template.
//!
//! ## Why is this bad?
//!
//! The API server refuses it, so these pods will never run. Until that is mended, it is not known which labels they will
//! have, and so which policies select them.
//!
//! ## Example
//!
//! ```yaml fires
//! apiVersion: apps/v1
//! kind: Deployment
//! metadata: {name: web, namespace: shop}
//! spec:
//!   selector: {matchLabels: {app: web}}
//!   template:
//!     metadata: {labels: {app: webb}}
//!     spec: {containers: [{name: web, image: web}]}
//! ```
//!
//! ```text
//! error: Deployment shop/web selects app=web, which its own template does not have
//!   5:13
//!   help: the API server refuses it: mend the template's labels, or the selector
//! ```
//!
//! ```yaml silent
//! apiVersion: apps/v1
//! kind: Deployment
//! metadata: {name: web, namespace: shop}
//! spec:
//!   selector: {matchLabels: {app: web}}
//!   template:
//!     metadata: {labels: {app: web}}
//!     spec: {containers: [{name: web, image: web}]}
//! ```
//!
//! ## When it is silent
//!
//! The template may have more labels than the selector asks for.
//!
//! ```yaml silent
//! apiVersion: apps/v1
//! kind: Deployment
//! metadata: {name: web, namespace: shop}
//! spec:
//!   selector: {matchLabels: {app: web}}
//!   template:
//!     metadata: {labels: {app: web, tier: front}}
//!     spec: {containers: [{name: web, image: web}]}
//! ```

use podfence_source::{Code, Severity};

use super::reader;
use crate::rule::Rule;

pub(super) static RULE: Rule =
    reader(Code::SelectorMismatch, Severity::Error, include_str!("selector_mismatch.rs"));
