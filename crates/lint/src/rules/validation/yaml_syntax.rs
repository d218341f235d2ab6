//! # The text is no YAML
//!
//! The text breaks the rules of YAML (or JSON, which is read as YAML): a bracket or a quote is never closed, a line is
//! indented wrongly, an alias has no anchor.
//!
//! ## Why is this bad?
//!
//! Nobody knows what it means. No document of the input behind the mistake is read.
//!
//! ## Example
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop
//! ```
//!
//! ```text
//! error: this `{` is never closed
//!   3:11
//! ```
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata:
//!   name: web: public
//! ```
//!
//! ```text
//! error: no `:` is allowed here
//!   4:12
//!   help: check the indentation, and quote a text that contains `: `
//! ```
//!
//! ## When it is silent
//!
//! A text that YAML would take for something else is fine in quotes.
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop, annotations: {note: "web: public"}}
//! spec: {podSelector: {}}
//! ```

use podfence_source::{Code, Severity};

use super::reader;
use crate::rule::Rule;

pub(super) static RULE: Rule = reader(Code::YamlSyntax, Severity::Error, include_str!("yaml_syntax.rs"));
