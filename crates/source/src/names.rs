//! The syntax of names, labels and port names.
//!
//! Source of the rules: `k8s.io/apimachinery/pkg/util/validation` (RFC 1123, RFC 6335). Each check returns
//! what is wrong in words that follow the offending text: "`X` " + "is longer than 63 characters".

/// A label of a DNS name: what a Namespace or a Service may be called.
pub(crate) fn dns_label(name: &str) -> Result<(), &'static str> {
    if name.len() > 63 {
        return Err("is longer than 63 characters");
    }
    if name.contains('.') {
        return Err("must not have a `.`");
    }
    dns_part(name)
}

/// A DNS name: what most objects may be called.
pub(crate) fn dns_subdomain(name: &str) -> Result<(), &'static str> {
    if name.len() > 253 {
        return Err("is longer than 253 characters");
    }
    name.split('.').try_for_each(dns_part)
}

fn dns_part(part: &str) -> Result<(), &'static str> {
    let alphanumeric = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    if part.bytes().any(|b| b.is_ascii_uppercase()) {
        return Err("has an uppercase letter");
    }
    if !part.bytes().all(|b| alphanumeric(b) || b == b'-') {
        return Err("may only have lowercase letters, digits, `-` and `.`");
    }
    if !ends_are(part, alphanumeric) {
        return Err("must start and end with a letter or a digit, around each `.` too");
    }
    Ok(())
}

fn ends_are(text: &str, good: impl Fn(u8) -> bool) -> bool {
    let bytes = text.as_bytes();
    bytes.first().is_some_and(|b| good(*b)) && bytes.last().is_some_and(|b| good(*b))
}

/// A label key: `name` or `prefix.example.com/name`.
pub(crate) fn label_key(key: &str) -> Result<(), &'static str> {
    let name = match key.split_once('/') {
        Some((prefix, name)) => {
            dns_subdomain(prefix).map_err(|_| "has a prefix before `/` that is no DNS name")?;
            name
        }
        None => key,
    };
    if name.is_empty() {
        return Err("has no name");
    }
    label_text(name)
}

/// A label value; it may be empty.
pub(crate) fn label_value(value: &str) -> Result<(), &'static str> {
    if value.is_empty() { Ok(()) } else { label_text(value) }
}

fn label_text(text: &str) -> Result<(), &'static str> {
    if text.len() > 63 {
        return Err("is longer than 63 characters");
    }
    if !text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)) {
        return Err("may only have letters, digits, `-`, `_` and `.`");
    }
    if !ends_are(text, |b| b.is_ascii_alphanumeric()) {
        return Err("must start and end with a letter or a digit");
    }
    Ok(())
}

/// A port name (`IsValidPortName`, the service names of RFC 6335).
pub(crate) fn port_name(name: &str) -> Result<(), &'static str> {
    if name.len() > 15 {
        return Err("is longer than 15 characters");
    }
    if !name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
        return Err("may only have lowercase letters, digits and `-`");
    }
    if !name.bytes().any(|b| b.is_ascii_lowercase()) {
        return Err("must have at least one letter");
    }
    if name.contains("--") {
        return Err("must not have two `-` in a row");
    }
    if name.starts_with('-') || name.ends_with('-') {
        return Err("must not start or end with `-`");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    type Check = fn(&str) -> Result<(), &'static str>;

    #[test]
    fn names_are_judged_as_by_the_api_server() {
        let long = "a".repeat(64);
        let good: [(Check, &[&str]); 5] = [
            (dns_label, &["a", "a-b", "9a"]),
            (dns_subdomain, &["a.b", "1.2"]),
            (label_key, &["app", "app.kubernetes.io/name", "A_b.c"]),
            (label_value, &["", "v1.2", "A"]),
            (port_name, &["http", "h2", "8a", "a-b"]),
        ];
        for (check, name) in good.iter().flat_map(|(check, names)| names.iter().map(move |n| (check, n))) {
            assert_eq!(check(name), Ok(()), "{name}");
        }
        let bad: [(Check, &[&str]); 5] = [
            (dns_label, &["", "-a", "a-", "A", "a.b", "a_b", &long]),
            (dns_subdomain, &["", "a..b", "a.", ".a", "a/b", "é"]),
            (label_key, &["", "/a", "a/", "A.b/c", "a b", "-a", "a/b/c", &long]),
            (label_value, &["-a", "a b", "a/b", &long]),
            (port_name, &["", "80", "http_", "HTTP", "a--b", "-a", "sixteen-letters-"]),
        ];
        for (check, name) in bad.iter().flat_map(|(check, names)| names.iter().map(move |n| (check, n))) {
            assert!(check(name).is_err(), "{name}");
        }
    }
}
