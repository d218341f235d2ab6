//! # Text that is no IP address
//!
//! A Service, a node, a pod's status or a fact about the cluster has something that is no IP address where one must be; or
//! one with a leading zero, or an IPv4 address written as IPv6 (`::ffff:192.0.2.7`), which readers take differently.
//!
//! ## Why is this bad?
//!
//! It is not known which address is meant. A leading zero is decimal to some readers and octal to others.
//!
//! ## Example
//!
//! ```yaml fires
//! apiVersion: v1
//! kind: Service
//! metadata: {name: web, namespace: shop}
//! spec:
//!   clusterIP: 10.96.0.010
//!   ports: [{port: 80}]
//! ```
//!
//! ```text
//! error: bad address `10.96.0.010`: a leading zero in it is decimal to some readers and octal to others
//!   5:14
//! ```
//!
//! ```yaml silent
//! apiVersion: v1
//! kind: Service
//! metadata: {name: web, namespace: shop}
//! spec:
//!   clusterIP: 10.96.0.10
//!   ports: [{port: 80}]
//! ```
//!
//! ## When it is silent
//!
//! `None` says that a Service is headless.
//!
//! ```yaml silent
//! apiVersion: v1
//! kind: Service
//! metadata: {name: web, namespace: shop}
//! spec:
//!   clusterIP: None
//!   ports: [{port: 80}]
//! ```

use podfence_source::{Code, Severity};

use super::reader;
use crate::rule::Rule;

pub(super) static RULE: Rule =
    reader(Code::InvalidAddress, Severity::Error, include_str!("invalid_address.rs"));
