//! Renderers: what was found or answered, for people and for machines.
//!
//! Nothing is judged here. [`terminal`] writes styled text: print it through `anstream`, which takes the
//! colours out where nobody can see them (`NO_COLOR`, pipes). Colour is never the only sign of anything.
//! [`json`] writes versioned values for programs. [`diagnostic`] draws what the reader of manifests found.
//! [`findings`] has all forms of what `lint` found. [`junit`] and [`tap`] write [`results`] of checks for build servers.
//! `words` holds the phrases that several of them use; start reading in [`terminal::explain`].

pub mod change;
mod decisive;
pub mod diagnostic;
pub mod diff;
pub mod ends;
pub mod expectations;
pub mod findings;
mod foreign;
pub mod graph;
pub mod grid;
pub mod json;
pub mod junit;
pub mod learn;
mod manifest;
pub mod matrix;
pub mod mend;
mod miss;
mod new_pods;
mod ports;
pub mod results;
mod snippet;
mod style;
pub mod tap;
pub mod terminal;
pub mod verdicts;
mod words;

pub use manifest::policy_text;
