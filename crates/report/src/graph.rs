//! Graphs of who reaches whom, for other programs' pictures and for our own.
//!
//! `drawing` turns the graph of `podfence-analysis` into boxes, nodes and lines with their words, whole or with every
//! namespace folded into one node. [`dot`] and [`mermaid`] write that down and leave the layout to others; [`svg`] and
//! [`html`] bring their own (`layout`). The JSON is in [`crate::json`].

mod arrange;
mod dot;
mod drawing;
mod html;
mod layout;
mod mermaid;
mod page;
mod route;
mod svg;
mod words;

pub use dot::dot;
pub use drawing::Fold;
pub use html::html;
pub use mermaid::mermaid;
pub use svg::svg;
pub(crate) use words::{card_name, hidden, link_text};
