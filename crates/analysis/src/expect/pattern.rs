//! Names with wildcards: `*` stands for any part of a name.

/// Whether a name fits a pattern in which every `*` stands for any text, also for none.
pub(super) fn fits(pattern: &str, name: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut left) = name.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        let Some(at) = left.find(part) else { return false };
        left = &left[at + part.len()..];
    }
    left.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_any_text() {
        let good = [
            ("*", ""),
            ("*", "web"),
            ("we*", "web"),
            ("*b", "web"),
            ("w*b*", "web"),
            ("a**b", "ab"),
            ("web", "web"),
        ];
        let bad = [("", "web"), ("we", "web"), ("*a", "web"), ("web*web", "web"), ("a*b*c", "acb")];
        for (pattern, name) in good {
            assert!(fits(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in bad {
            assert!(!fits(pattern, name), "{pattern} {name}");
        }
    }
}
