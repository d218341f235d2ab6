//! Ingress, egress and `policyTypes`.

mod dead_rules;

use crate::rule::Rule;

pub(super) static RULES: &[&Rule] = &[&dead_rules::RULE];
