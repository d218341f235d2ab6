//! What the API server refuses, or reads otherwise than it looks. Reading finds it; the rules here are its documentation.

mod host_bits;
mod unreadable;
mod unused_suppression;

use crate::rule::Rule;

pub(crate) use unreadable::RULE as UNREADABLE;
pub(crate) use unused_suppression::RULE as UNUSED_SUPPRESSION;

pub(super) static RULES: &[&Rule] = &[&host_bits::RULE, &unreadable::RULE, &unused_suppression::RULE];
