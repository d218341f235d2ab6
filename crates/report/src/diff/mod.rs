//! What differs between two worlds, for people and for pull requests: `text` and `markdown`, in the words of `phrases` and
//! `reasons`.
//!
//! What is told first is decided by `podfence_analysis::diff`; nothing is sorted or judged here.

mod markdown;
pub(crate) mod phrases;
pub(crate) mod reasons;
mod text;

pub use markdown::markdown;
pub use text::text;
