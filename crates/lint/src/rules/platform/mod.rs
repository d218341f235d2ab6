//! What the cluster around the policies does to them.

use crate::rule::Rule;

pub(super) static RULES: &[&Rule] = &[];
