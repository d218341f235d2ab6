//! What the texts of settings mean. Errors are sentences for whoever wrote the text.

use std::ffi::OsString;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use podfence_dataplane_nft::{Admissions, Settings};
use podfence_model::{Cidr, nearest};

use super::Sources;

/// One of some words.
pub(crate) fn one_of<T: Copy>(text: &str, words: &[(&str, T)]) -> Result<T, String> {
    if let Some((_, value)) = words.iter().find(|(word, _)| *word == text) {
        return Ok(*value);
    }
    let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
    let hint = nearest(text, known.iter().copied())
        .map_or(String::new(), |near| format!("; did you mean `{near}`?"));
    Err(format!("`{text}` is none of {}{hint}", known.join(", ")))
}

/// A whole number and a unit: `250ms`, `30s`, `5m`, `1h`. Nothing is no time.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let milliseconds: u64 = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err(format!("`{text}` is no time: write a number and ms, s, m or h, such as 5m")),
    };
    let total = number.parse::<u64>().ok().and_then(|number| number.checked_mul(milliseconds));
    match total {
        Some(total @ 1..=LONGEST) => Ok(Duration::from_millis(total)),
        _ => Err(format!("`{text}` is not between 1ms and 8760h")),
    }
}

/// A year: what is longer was not meant.
const LONGEST: u64 = 8_760 * 3_600_000;

/// A mask such as `0xff000000`, or its decimal number, that generations fit into.
pub(super) fn mask(text: &str) -> Result<u32, String> {
    let number =
        text.strip_prefix("0x").map_or_else(|| text.parse().ok(), |hex| u32::from_str_radix(hex, 16).ok());
    let mask =
        number.ok_or_else(|| format!("`{text}` is no mask: write a number of 32 bits such as 0xff000000"))?;
    if Settings::is_mask(mask) {
        return Ok(mask);
    }
    Err(format!(
        "`{text}` has not at least two bits, next to each other and without a gap: write 0xff000000 or 0x3"
    ))
}

/// A range of addresses, without bits behind its prefix: what was meant by those nobody knows.
pub(super) fn range(text: &str) -> Result<Cidr, String> {
    let range: Cidr = parsed(text)?;
    let address = text.split('/').next().and_then(|address| address.parse().ok());
    if address == Some(range.first()) {
        return Ok(range);
    }
    Err(format!("`{text}` has bits behind its prefix: write {range}"))
}

/// A name that is not empty.
pub(super) fn name(text: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        return Err("the name is empty: write the node's name, as `kubectl get nodes` shows it".into());
    }
    Ok(text.to_owned())
}

/// Before nearly everybody, after nearly everybody, or a number between.
pub(super) fn priority(text: &str) -> Result<i32, String> {
    match text {
        "first" => return Ok(*PRIORITIES.start()),
        "last" => return Ok(*PRIORITIES.end()),
        _ => {}
    }
    let number = text.parse().ok().filter(|number| PRIORITIES.contains(number));
    number.ok_or_else(|| {
        let (least, most) = (PRIORITIES.start(), PRIORITIES.end());
        format!("`{text}` is no priority: write first, last, or a number from {least} to {most}")
    })
}

/// Behind the defragmentation of the kernel (-400) and before its helpers for connections (300).
const PRIORITIES: std::ops::RangeInclusive<i32> = -390..=290;

/// Which admitted connections are told of: none, all, or of so many one, drawn at random.
pub(super) fn admissions(text: &str) -> Result<Option<Admissions>, String> {
    const LOG_GROUP: u16 = 5354;
    let one_in = match text {
        "off" => return Ok(None),
        "all" => Some(NonZeroU32::MIN),
        text => text.strip_prefix("1/").and_then(|number| number.parse().ok()),
    };
    let told = one_in.map(|one_in| Some(Admissions { log_group: LOG_GROUP, one_in }));
    told.ok_or_else(|| format!("`{text}` is none of off, all, and 1/100 for one in a hundred"))
}

/// A size in megabytes, as bytes.
pub(super) fn megabytes(text: &str) -> Result<u64, String> {
    let number = text.parse::<u64>().ok().filter(|number| (1..=1 << 20).contains(number));
    number
        .map(|number| number << 20)
        .ok_or_else(|| format!("`{text}` is no size: write megabytes, 1 to 1048576"))
}

/// `api` alone, or `dir:PATH` several times.
pub(super) fn sources(texts: &[String]) -> Result<Sources, String> {
    if texts.iter().all(|text| text == "api") {
        return Ok(if texts.is_empty() { Sources::Untold } else { Sources::Api });
    }
    texts.iter().map(|text| manifests(text)).collect::<Result<_, _>>().map(Sources::Files)
}

/// The path of `dir:PATH`.
fn manifests(text: &str) -> Result<OsString, String> {
    match text.strip_prefix("dir:") {
        Some("") => Err("`dir:` names no path".into()),
        Some(path) => Ok(path.into()),
        None if text == "api" => {
            Err("`api` is the only source, or none: manifests beside it would be others' objects".into())
        }
        None => Err(format!("`{text}` is no source: write api or dir:PATH")),
    }
}

/// A path, which means the same wherever the process goes.
pub(super) fn absolute(text: &str) -> Result<PathBuf, String> {
    std::path::absolute(text).map_err(|error| format!("`{text}` is no path: {error}"))
}

/// Anything that reads itself from text.
pub(super) fn parsed<T: FromStr<Err: ToString>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error: T::Err| format!("`{text}`: {}", error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_mean_what_they_say_or_are_refused() {
        assert_eq!(duration("5m"), Ok(Duration::from_mins(5)));
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        for bad in ["", "5", "m", "0s", "-5s", "5d", "5 m", "99999999999999999999s", "9000h"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
        assert_eq!((mask("0xff000000"), mask("255")), (Ok(0xff00_0000), Ok(255)));
        for bad in ["0", "0x1", "0x80000000", "0x5"] {
            assert!(mask(bad).is_err_and(|error| error.contains("two bits")), "{bad}");
        }
        assert!(range("10.244.1.0/24").is_ok() && range("fd00:0::/64").is_ok());
        assert_eq!(
            range("10.244.1.5/24").unwrap_err(),
            "`10.244.1.5/24` has bits behind its prefix: write 10.244.1.0/24"
        );
        assert!(mask("0x1ff000000").is_err() && mask("ff").is_err());
        assert_eq!((priority("first"), priority("-10"), priority("last")), (Ok(-390), Ok(-10), Ok(290)));
        assert!(priority("-400").is_err() && priority("firts").is_err());
        assert_eq!(
            one_of("dro", &[("drop", 1), ("keep", 2)]).unwrap_err(),
            "`dro` is none of drop, keep; did you mean `drop`?"
        );
        assert_eq!((megabytes("1"), megabytes("0").is_err()), (Ok(1 << 20), true));
    }
}
