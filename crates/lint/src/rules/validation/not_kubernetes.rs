//! # A document is no Kubernetes object
//!
//! A document has neither `apiVersion` and `kind` nor what else makes an object. It is skipped: a chart's description or
//! values, a kustomization, a compose file.
//!
//! ## Why is this bad?
//!
//! Nothing is wrong with it. But who wonders why a policy is missing from the answers may find it here: it is in a document
//! that was skipped.
//!
//! ## Example
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec: {podSelector: {}}
//! ---
//! replicas: 2
//! image: web
//! ```
//!
//! ```text
//! note: skipped: this is no Kubernetes object (no `apiVersion` and `kind`)
//!   6:1
//! ```
//!
//! Name the manifests only, or render the chart or the kustomization first.
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

pub(super) static RULE: Rule = reader(Code::NotKubernetes, Severity::Note, include_str!("not_kubernetes.rs"));
