//! # A text that YAML reads as a number or a boolean
//!
//! A label, a name or another text is written without quotes as something that YAML takes for a number, a boolean or
//! nothing: `tier: 1`, `public: yes`, `release: 1.10`.
//!
//! ## Why is this bad?
//!
//! The API server wants a text and refuses the object: `cannot unmarshal number into Go struct field … of type string`. A
//! label of a policy that is read as `true` is not the label `yes` that the pods have.
//!
//! ## Example
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector:
//!     matchLabels:
//!       public: yes
//! ```
//!
//! ```text
//! error: `public` must be a text, but `yes` without quotes is a boolean
//!   7:15
//!   help: quote it: "yes"
//! ```
//!
//! In quotes it is a text:
//!
//! ```yaml fixed
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector:
//!     matchLabels:
//!       public: "yes"
//! ```
//!
//! ## When it is silent
//!
//! Most texts need no quotes, and a number with two dots is one.
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector:
//!     matchLabels:
//!       release: 1.10.0
//! ```

use podfence_source::{Code, Severity};

use super::reader;
use crate::rule::Rule;

pub(super) static RULE: Rule =
    reader(Code::UnquotedValue, Severity::Error, include_str!("unquoted_value.rs"));
