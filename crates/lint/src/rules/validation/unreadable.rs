//! # An input cannot be read
//!
//! A file is missing, larger than 256 MiB, or no text in UTF-8: UTF-16, another encoding, or something with NUL bytes in
//! it.
//!
//! ## Why is this bad?
//!
//! Nothing is decided on half of what somebody wrote, so nothing else is said before this is mended.
//!
//! ## Example
//!
//! (`␀` stands for a NUL byte.)
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec: {podSelector: {}} # ␀
//! ```
//!
//! ```text
//! error: this is not text: it has a NUL byte
//!   4:27
//!   help: save it as UTF-8
//! ```
//!
//! Save it as UTF-8.
//!
//! ## When it is silent
//!
//! Any character of UTF-8 will do.
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec: {podSelector: {}} # für den Laden
//! ```

use podfence_source::{Code, Severity};

use super::reader;
use crate::rule::Rule;

pub(crate) static RULE: Rule = reader(Code::Unreadable, Severity::Error, include_str!("unreadable.rs"));
