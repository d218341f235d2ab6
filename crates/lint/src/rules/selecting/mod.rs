//! Whom a policy or a peer selects.

mod empty_from;
mod selects_no_pods;

use crate::rule::Rule;

pub(super) static RULES: &[&Rule] = &[&selects_no_pods::RULE, &empty_from::RULE];
