//! # An API version that does not exist, or no longer
//!
//! An object of a kind that matters here is of a version that clusters do not serve (any more), and that cannot be read as
//! the one they do. NetworkPolicy of `extensions/v1beta1` is such a one: it is gone since Kubernetes 1.16, and its defaults
//! were others.
//!
//! ## Why is this bad?
//!
//! The API server refuses it, so the policy protects nothing.
//!
//! ## Example
//!
//! ```yaml fires
//! apiVersion: extensions/v1beta1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {}
//!   policyTypes: [Ingress]
//! ```
//!
//! ```text
//! error: NetworkPolicy of `extensions/v1beta1` is no longer served by clusters
//!   1:13
//!   help: write `apiVersion: networking.k8s.io/v1`
//! ```
//!
//! Of the version that clusters serve:
//!
//! ```yaml fixed
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {}
//!   policyTypes: [Ingress]
//! ```
//!
//! ## When it is silent
//!
//! A NetworkPolicy of another vendor, in its own group, is none of Kubernetes' own.
//!
//! ```yaml silent
//! apiVersion: crd.projectcalico.org/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec: {selector: all()}
//! ```

use podfence_source::{Code, Severity};

use super::reader;
use crate::rule::Rule;

pub(super) static RULE: Rule = reader(Code::ApiVersion, Severity::Error, include_str!("api_version.rs"));
