//! All rules, one file each, in a folder for each family.
//!
//! To add one: copy a neighbour, write its page first (the opening comment: what, why, an example that fires, one that does
//! not), add it to the list in its family's `mod.rs`, and run `PODFENCE_BLESS=1 cargo test -p podfence-lint`, which writes what
//! the rule says under its examples, and the page into `docs/lint/`. Then read both slowly.

mod blocks;
mod directions;
mod dns;
mod platform;
mod ports;
mod selecting;
mod union;
mod validation;

use crate::rule::Rule;

pub(crate) use validation::{UNREADABLE, UNUSED_SUPPRESSION};

/// All rules, family by family.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    let families = [
        selecting::RULES,
        directions::RULES,
        ports::RULES,
        dns::RULES,
        blocks::RULES,
        platform::RULES,
        union::RULES,
        validation::RULES,
    ];
    families.into_iter().flatten().copied()
}

/// A rule by its code.
pub fn find(code: &str) -> Option<&'static Rule> {
    all().find(|rule| rule.code == code)
}
