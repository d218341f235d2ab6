//! # A tab indents a line
//!
//! A line begins with a tab. YAML allows only spaces there.
//!
//! ## Why is this bad?
//!
//! The input is refused, here and by `kubectl`. Editors show tabs and spaces alike.
//!
//! ## Example
//!
//! (`→` stands for a tab.)
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata:
//! →name: web
//! ```
//!
//! ```text
//! error: a tab indents this line, YAML allows only spaces
//!   4:1
//!   help: use spaces
//! ```
//!
//! Indent with spaces:
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata:
//!   name: web
//! spec: {podSelector: {}}
//! ```

use podfence_source::{Code, Severity};

use super::reader;
use crate::rule::Rule;

pub(super) static RULE: Rule =
    reader(Code::TabIndentation, Severity::Error, include_str!("tab_indentation.rs"));
