//! Name resolution of pods that are isolated for egress.

use crate::rule::Rule;

pub(super) static RULES: &[&Rule] = &[];
