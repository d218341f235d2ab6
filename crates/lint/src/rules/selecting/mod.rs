//! Whom a policy or a peer selects.

mod empty_from;
mod namespace_missing;
mod selects_no_pods;
mod wrong_namespace;

use crate::rule::Rule;

pub(super) static RULES: &[&Rule] =
    &[&selects_no_pods::RULE, &wrong_namespace::RULE, &namespace_missing::RULE, &empty_from::RULE];
