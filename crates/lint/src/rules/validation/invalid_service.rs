//! # A Service with a word that does not exist
//!
//! The `type`, a traffic policy or the `sessionAffinity` of a Service is none of the words that the API has for it.
//!
//! ## Why is this bad?
//!
//! The API server refuses the Service. How packets reach its pods is not known.
//!
//! ## Example
//!
//! ```yaml fires
//! apiVersion: v1
//! kind: Service
//! metadata: {name: web, namespace: shop}
//! spec:
//!   type: Loadbalancer
//!   ports: [{port: 80}]
//! ```
//!
//! ```text
//! error: unknown `type` `Loadbalancer`
//!   5:9
//! ```
//!
//! ```yaml silent
//! apiVersion: v1
//! kind: Service
//! metadata: {name: web, namespace: shop}
//! spec:
//!   type: LoadBalancer
//!   ports: [{port: 80}]
//! ```

use podfence_source::{Code, Severity};

use super::reader;
use crate::rule::Rule;

pub(super) static RULE: Rule =
    reader(Code::InvalidService, Severity::Error, include_str!("invalid_service.rs"));
