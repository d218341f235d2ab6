//! The traps people fall into with NetworkPolicy: one rule each, found on the user's own objects.
//!
//! A rule is one file under `rules/`: its opening comment is its page in the documentation, the examples in that page are its
//! tests, and the code below finds it. Rules ask the engine and the text ([`Context`]); they evaluate nothing by themselves,
//! and say nothing where a fact is missing. What reading found (`podfence-source`) are findings of rules without a check.
//! Start with [`lint`], then any file of `rules/selecting`.

mod blocks;
mod context;
mod cover;
mod dns;
mod family;
mod finding;
mod fix;
mod isolated;
mod metadata;
mod page;
mod rule;
mod rule_ports;
pub mod rules;
mod run;
mod select;
mod selectors;
mod siblings;
mod suppress;
mod within;
mod words;

pub use context::Context;
pub use family::Family;
pub use finding::{Finding, Fix};
pub use fix::{Fixed, fix};
pub use page::{Example, Page};
pub use rule::Rule;
pub use run::{Report, lint, refused};
pub use select::{Selection, SelectionError};
