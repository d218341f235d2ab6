//! # A fact about the cluster that is not understood
//!
//! A `ClusterFacts` document names a kind of DNS that is not known here.
//!
//! ## Why is this bad?
//!
//! Rules that need the fact would be silent, or wrong.
//!
//! ## Example
//!
//! ```yaml fires
//! apiVersion: podfence.dev/v1alpha1
//! kind: ClusterFacts
//! dns: core-dns
//! ```
//!
//! ```text
//! error: unknown kind of DNS `core-dns`; did you mean `coredns`?
//!   3:6
//!   help: known are `coredns`, `openshift` and `gke-cloud-dns`
//! ```
//!
//! ```yaml silent
//! apiVersion: podfence.dev/v1alpha1
//! kind: ClusterFacts
//! dns: coredns
//! ```

use podfence_source::{Code, Severity};

use super::reader;
use crate::rule::Rule;

pub(super) static RULE: Rule = reader(Code::InvalidFacts, Severity::Error, include_str!("invalid_facts.rs"));
