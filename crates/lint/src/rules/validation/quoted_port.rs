//! # A port's number in quotes
//!
//! The number of a port is written in quotes: `port: "8080"`.
//!
//! ## Why is this bad?
//!
//! A text is the *name* of a port, and a name needs a letter: the API server refuses the policy. Templates often quote
//! numbers without being asked.
//!
//! ## Example
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {}
//!   ingress:
//!     - ports:
//!         - port: "8080"
//! ```
//!
//! ```text
//! error: port "8080" in quotes is a name, and a name must have at least one letter
//!   8:17
//!   help: for the number, leave out the quotes: 8080
//! ```
//!
//! Without quotes it is a number:
//!
//! ```yaml fixed
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {}
//!   ingress:
//!     - ports:
//!         - port: 8080
//! ```
//!
//! ## When it is silent
//!
//! A name may begin with a digit.
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {}
//!   ingress:
//!     - ports:
//!         - port: 8080-tcp
//! ```

use podfence_source::{Code, Severity};

use super::reader;
use crate::rule::Rule;

pub(super) static RULE: Rule = reader(Code::QuotedPort, Severity::Error, include_str!("quoted_port.rs"));
