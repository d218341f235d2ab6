//! # A template that nobody has rendered
//!
//! The input has `{{ … }}` of a template language in it, where a value was expected.
//!
//! ## Why is this bad?
//!
//! It is the source of manifests and no manifest: what the policy will say depends on values that are not here.
//!
//! ## Example
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata:
//!   name: {{ .Release.Name }}-web
//! ```
//!
//! ```text
//! error: this is a template, not a manifest
//!   4:10
//!   help: render it first: `helm template CHART | podfence VERB -f -`
//! ```
//!
//! Render it first: `helm template CHART | podfence lint -f -`.
//!
//! It is a note where a directory holds a whole chart: its templates are passed over, and the rest is read.
//!
//! ## When it is silent
//!
//! Braces in a quoted text or a comment that does not matter say nothing.
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop} # {{ .Release.Name }}
//! spec: {podSelector: {}}
//! ```

use podfence_source::{Code, Severity};

use super::reader;
use crate::rule::Rule;

pub(super) static RULE: Rule =
    reader(Code::UnrenderedTemplate, Severity::Error, include_str!("unrendered_template.rs"));
