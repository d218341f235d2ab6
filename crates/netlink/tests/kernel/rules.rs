//! Soon.
pub const TESTS: crate::Tests = &[];
