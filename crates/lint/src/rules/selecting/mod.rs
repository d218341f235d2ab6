//! Whom a policy or a peer selects.

mod and_or;
mod controller_label;
mod empty_from;
mod every_namespace;
mod job_label;
mod label_shared;
mod namespace_label_unknown;
mod namespace_missing;
mod peer_in_other_namespace;
mod peer_selects_nothing;
mod selects_no_pods;
mod selects_whole_namespace;
mod split_rule;
mod vacuous_expression;
mod wrong_namespace;

use crate::rule::Rule;

pub(super) static RULES: &[&Rule] = &[
    &selects_no_pods::RULE,
    &wrong_namespace::RULE,
    &namespace_missing::RULE,
    &peer_selects_nothing::RULE,
    &peer_in_other_namespace::RULE,
    &namespace_label_unknown::RULE,
    &and_or::RULE,
    &every_namespace::RULE,
    &controller_label::RULE,
    &job_label::RULE,
    &label_shared::RULE,
    &selects_whole_namespace::RULE,
    &split_rule::RULE,
    &vacuous_expression::RULE,
    &empty_from::RULE,
];
