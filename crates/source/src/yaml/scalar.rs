//! What a plain scalar is: text, number, boolean or nothing.
//!
//! YAML 1.1 as sigs.k8s.io/yaml (its go-yaml v2, `resolve.go`) reads it, because that is what `kubectl`
//! does: `yes`, `on` and `y` are booleans, `010` is eight, `1_000` is a thousand. A date stays text.

/// The meaning of a plain scalar.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Resolved {
    Null,
    Boolean(bool),
    Integer(i64),
    /// A float, or an integer that does not fit in 64 bits.
    Float(f64),
    Text,
}

const TRUE: [&str; 11] = ["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"];
const FALSE: [&str; 11] = ["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"];
const NULL: [&str; 4] = ["~", "null", "Null", "NULL"];

/// Resolves a plain scalar by its first character, as `resolveTable` of go-yaml does.
pub(crate) fn resolve(text: &str) -> Resolved {
    match text.bytes().next() {
        None => Resolved::Null,
        Some(b'0'..=b'9' | b'+' | b'-' | b'.') => number(text),
        Some(b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~') => word(text),
        Some(_) => Resolved::Text,
    }
}

fn word(text: &str) -> Resolved {
    if text.len() > 5 {
        return Resolved::Text;
    }
    if TRUE.contains(&text) {
        return Resolved::Boolean(true);
    }
    if FALSE.contains(&text) {
        return Resolved::Boolean(false);
    }
    if NULL.contains(&text) { Resolved::Null } else { Resolved::Text }
}

fn number(text: &str) -> Resolved {
    match text {
        ".nan" | ".NaN" | ".NAN" => return Resolved::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Resolved::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Resolved::Float(f64::NEG_INFINITY),
        _ => {}
    }
    let digits = text.replace('_', "");
    integer(&digits)
        .or_else(|| is_float(&digits).then(|| digits.parse().ok()).flatten().map(Resolved::Float))
        .unwrap_or(Resolved::Text)
}

/// `strconv.ParseInt(text, 0, 64)`: a sign, then decimal, `0x`, `0o`, `0b` or a leading zero for octal.
fn integer(text: &str) -> Option<Resolved> {
    let (negative, rest) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (radix, digits) = radix(rest);
    if digits.is_empty() || !digits.bytes().all(|b| char::from(b).is_digit(radix)) {
        return None;
    }
    let magnitude = i128::from_str_radix(digits, radix).unwrap_or(i128::MAX);
    let value = if negative { -magnitude } else { magnitude };
    #[allow(clippy::cast_precision_loss, reason = "what does not fit in 64 bits is only told to be a number")]
    Some(i64::try_from(value).map_or(Resolved::Float(value as f64), Resolved::Integer))
}

fn radix(text: &str) -> (u32, &str) {
    let lower = |at: usize| text.as_bytes().get(at).map(u8::to_ascii_lowercase);
    match (lower(0), lower(1)) {
        (Some(b'0'), Some(b'x')) => (16, &text[2..]),
        (Some(b'0'), Some(b'o')) => (8, &text[2..]),
        (Some(b'0'), Some(b'b')) => (2, &text[2..]),
        (Some(b'0'), Some(_)) => (8, &text[1..]),
        _ => (10, text),
    }
}

/// `^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`
fn is_float(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    let good_mantissa =
        all_digits(whole) && all_digits(fraction) && !(whole.is_empty() && fraction.is_empty());
    let good_exponent = exponent.is_none_or(|e| {
        let e = e.strip_prefix(['-', '+']).unwrap_or(e);
        !e.is_empty() && all_digits(e)
    });
    good_mantissa && good_exponent
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_resolve_as_in_go_yaml() {
        let table = [
            ("", Resolved::Null),
            ("~", Resolved::Null),
            ("null", Resolved::Null),
            ("nULL", Resolved::Text),
            ("y", Resolved::Boolean(true)),
            ("Yes", Resolved::Boolean(true)),
            ("yEs", Resolved::Text),
            ("on", Resolved::Boolean(true)),
            ("NO", Resolved::Boolean(false)),
            ("off", Resolved::Boolean(false)),
            ("0", Resolved::Integer(0)),
            ("80", Resolved::Integer(80)),
            ("+80", Resolved::Integer(80)),
            ("-1", Resolved::Integer(-1)),
            ("010", Resolved::Integer(8)),
            ("08", Resolved::Float(8.0)),
            ("0o10", Resolved::Integer(8)),
            ("0x1F", Resolved::Integer(31)),
            ("0b101", Resolved::Integer(5)),
            ("-0b11", Resolved::Integer(-3)),
            ("0x", Resolved::Text),
            ("1_000", Resolved::Integer(1000)),
            ("1.0", Resolved::Float(1.0)),
            ("1.", Resolved::Float(1.0)),
            (".5", Resolved::Float(0.5)),
            (".", Resolved::Text),
            ("1e3", Resolved::Float(1000.0)),
            ("1e", Resolved::Text),
            ("1.2.3", Resolved::Text),
            ("-", Resolved::Text),
            ("2001-01-01", Resolved::Text),
            ("10.0.0.0/8", Resolved::Text),
            ("18446744073709551616", Resolved::Float(18_446_744_073_709_551_616.0)),
            ("web", Resolved::Text),
        ];
        for (text, expected) in table {
            assert_eq!(resolve(text), expected, "{text:?}");
        }
        assert!(matches!(resolve(".NaN"), Resolved::Float(f) if f.is_nan()));
    }
}
