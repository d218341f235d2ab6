//! YAML and JSON text to trees that know where every key and value is written.
//!
//! This is the only room that sees the YAML parser (`granit-parser`, an event parser). JSON goes the same
//! way: it is YAML, tabs and surrogate escapes included. Nothing here knows Kubernetes, except that plain
//! scalars are resolved as Kubernetes' own reader resolves them ([`resolve`]).
//!
//! Start with [`Documents`], which yields one [`Document`] after the other, and [`Node`]. `quick` reads plain documents without
//! the parser.
//!
//! Comments are not kept: a place is a byte range of the text, so whoever needs the comments near one
//! reads the text, or sets `emit_comments` in [`Documents`] and keeps the events.

mod anchors;
mod build;
mod documents;
mod entries;
mod problem;
mod quick;
mod scalar;
mod syntax;
mod tree;

pub(crate) use documents::{Document, Documents};
pub(crate) use problem::{Problem, TEMPLATE_HELP};
pub(crate) use scalar::{Resolved, resolve};
pub(crate) use tree::{Entry, Key, Node, Scalar, Span, Value};
