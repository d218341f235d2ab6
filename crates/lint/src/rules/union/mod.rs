//! What several policies say together.

use crate::rule::Rule;

pub(super) static RULES: &[&Rule] = &[];
