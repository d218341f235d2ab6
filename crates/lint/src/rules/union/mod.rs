//! What several policies say together.

mod allow_all_voids;
mod duplicate_item;
mod redundant_policy;
mod redundant_rule;

use crate::rule::Rule;

pub(super) static RULES: &[&Rule] =
    &[&allow_all_voids::RULE, &redundant_policy::RULE, &redundant_rule::RULE, &duplicate_item::RULE];
