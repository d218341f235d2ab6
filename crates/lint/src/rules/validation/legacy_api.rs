//! # An API version that is no longer served
//!
//! An object other than a policy is of a version that clusters no longer serve. Workloads of such versions are read all the
//! same; an Ingress is not (a warning), since its fields have changed.
//!
//! ## Why is this bad?
//!
//! The manifest cannot be applied to any cluster of today, so the pods it describes may not exist.
//!
//! ## Example
//!
//! ```yaml fires
//! apiVersion: extensions/v1beta1
//! kind: Deployment
//! metadata: {name: web, namespace: shop}
//! spec:
//!   selector: {matchLabels: {app: web}}
//!   template:
//!     metadata: {labels: {app: web}}
//!     spec: {containers: [{name: web, image: web}]}
//! ```
//!
//! ```text
//! note: Deployment of `extensions/v1beta1` is no longer served by clusters
//!   1:13
//!   help: write `apps/v1`
//! ```
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1beta1
//! kind: Ingress
//! metadata: {name: web, namespace: shop}
//! spec: {backend: {serviceName: web, servicePort: 80}}
//! ```
//!
//! ```text
//! warning: Ingress of `networking.k8s.io/v1beta1` is not read
//!   1:13
//!   help: convert it to `networking.k8s.io/v1`
//! ```
//!
//! ## When it is silent
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

use podfence_source::{Code, Severity};

use super::reader;
use crate::rule::Rule;

pub(super) static RULE: Rule = reader(Code::LegacyApi, Severity::Note, include_str!("legacy_api.rs"));
