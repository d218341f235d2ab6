//! # A policy of another engine, which is not read
//!
//! The input has a policy of Calico, Cilium or Antrea, or one of the admin tiers (`policy.networking.k8s.io`). Verdicts
//! here leave it out.
//!
//! ## Why is this bad?
//!
//! Such policies decide about the same traffic, before or after NetworkPolicy: what is told here of who reaches whom is not
//! the whole truth.
//!
//! ## Example
//!
//! ```yaml fires
//! apiVersion: cilium.io/v2
//! kind: CiliumNetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec: {endpointSelector: {}}
//! ```
//!
//! ```text
//! warning: Cilium policies are not read: verdicts leave this CiliumNetworkPolicy out
//!   1:13
//! ```
//!
//! ## When it is silent
//!
//! Other objects of those engines decide about no traffic.
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec: {podSelector: {}}
//! ---
//! apiVersion: cilium.io/v2
//! kind: CiliumNode
//! metadata: {name: node-1}
//! ```

use podfence_source::{Code, Severity};

use super::reader;
use crate::rule::Rule;

pub(super) static RULE: Rule =
    reader(Code::UnreadPolicy, Severity::Warning, include_str!("unread_policy.rs"));
