//! # An input holds no Kubernetes object
//!
//! A file is empty or has only comments, or a directory holds no `.yaml`, `.yml` or `.json` file: a note. All inputs
//! together hold no object: an error.
//!
//! ## Why is this bad?
//!
//! Most often the wrong directory was named, or the tool before the pipe has failed and printed nothing. "No findings"
//! would be no answer to that.
//!
//! ## Example
//!
//! ```yaml fires
//! # The policies follow later.
//! ```
//!
//! ```text
//! error: the input holds no Kubernetes object
//! note: nothing here
//!   1:1
//! ```
//!
//! Name the right input.
//!
//! ## When it is silent
//!
//! An object that matters to nobody here is an object.
//!
//! ```yaml silent
//! apiVersion: v1
//! kind: ConfigMap
//! metadata: {name: web, namespace: shop}
//! ```

use podfence_source::{Code, Severity};

use super::reader;
use crate::rule::Rule;

pub(super) static RULE: Rule = reader(Code::NoObjects, Severity::Error, include_str!("no_objects.rs"));
