//! Names in lists and counts as people write them: the same in every message.

/// How many names a list shows before it says how many more there are.
pub const SHOWN: usize = 4;

/// `a`, `a and b`, `a, b and c`, `a, b, c, d and 9 more`.
pub fn list(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [only] => only.clone(),
        [init @ .., last] if names.len() <= SHOWN => format!("{} and {last}", init.join(", ")),
        many => format!("{} and {} more", many[..SHOWN].join(", "), many.len() - SHOWN),
    }
}

/// `1 policy`, `3 policies`.
pub fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}
