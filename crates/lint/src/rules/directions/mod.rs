//! Ingress, egress and `policyTypes`.

mod dead_rules;
mod denies_nothing;
mod egress_without_rule;
mod implicit_policy_types;
mod one_sided_allow;
mod reply_rule;

use crate::rule::Rule;

pub(super) static RULES: &[&Rule] = &[
    &dead_rules::RULE,
    &implicit_policy_types::RULE,
    &egress_without_rule::RULE,
    &one_sided_allow::RULE,
    &reply_rule::RULE,
    &denies_nothing::RULE,
];
