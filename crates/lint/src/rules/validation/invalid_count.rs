//! # A number of pods that makes no sense
//!
//! `replicas`, `parallelism` or `completions` is negative, or larger than any cluster (150,000 pods).
//!
//! ## Why is this bad?
//!
//! The API server refuses negative numbers; so many pods would be a slip of the pen.
//!
//! ## Example
//!
//! ```yaml fires
//! apiVersion: apps/v1
//! kind: Deployment
//! metadata: {name: web, namespace: shop}
//! spec:
//!   replicas: -1
//!   selector: {matchLabels: {app: web}}
//!   template:
//!     metadata: {labels: {app: web}}
//!     spec: {containers: [{name: web, image: web}]}
//! ```
//!
//! ```text
//! error: `replicas` is -1, not a number from 0 to 150000
//!   5:13
//! ```
//!
//! ## When it is silent
//!
//! No pod at all is allowed: the workload is switched off.
//!
//! ```yaml silent
//! apiVersion: apps/v1
//! kind: Deployment
//! metadata: {name: web, namespace: shop}
//! spec:
//!   replicas: 0
//!   selector: {matchLabels: {app: web}}
//!   template:
//!     metadata: {labels: {app: web}}
//!     spec: {containers: [{name: web, image: web}]}
//! ```

use podfence_source::{Code, Severity};

use super::reader;
use crate::rule::Rule;

pub(super) static RULE: Rule = reader(Code::InvalidCount, Severity::Error, include_str!("invalid_count.rs"));
