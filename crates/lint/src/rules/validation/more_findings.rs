//! # An input has more findings than are shown
//!
//! Reading found more than 1,000 things in one input. The rest is counted.
//!
//! ## Why is this bad?
//!
//! Such an input is no manifest, or one mistake is repeated through all of it. Aliases count as often as they are used.
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
//!     - from:
//!         - podSelector: &many
//!             matchExpressions:
//!               - &one {key: build, operator: In, values: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]}
//!               - *one
//!               - *one
//!               - *one
//!               - *one
//!               - *one
//!               - *one
//!               - *one
//!               - *one
//!               - *one
//!         - podSelector: *many
//!         - podSelector: *many
//!         - podSelector: *many
//!         - podSelector: *many
//!         - podSelector: *many
//!         - podSelector: *many
//!         - podSelector: *many
//!         - podSelector: *many
//!         - podSelector: *many
//! ```
//!
//! ```text
//! note: example.yaml: 200 more findings
//! ```
//!
//! Mend those that are shown, and look again.
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {}
//!   ingress:
//!     - from:
//!         - podSelector:
//!             matchExpressions:
//!               - {key: build, operator: In, values: [1]}
//! ```

use podfence_source::{Code, Severity};

use super::reader;
use crate::rule::Rule;

pub(super) static RULE: Rule = reader(Code::MoreFindings, Severity::Note, include_str!("more_findings.rs"));
