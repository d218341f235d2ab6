//! Inputs that are too large, too deep or not text: refused quickly, with a place where there is one.

#![allow(clippy::unwrap_used)] // a test that cannot make its inputs must stop

use std::time::{Duration, Instant};

use podfence_source::{Diagnostic, Input, MAX_INPUT, Options, Refused, read};

/// Generous: the slowest takes a few seconds unoptimised on a busy machine.
const SOON: Duration = Duration::from_secs(20);

fn refuse(name: &str, bytes: Vec<u8>) -> String {
    let start = Instant::now();
    let input = Input::Bytes { name: name.to_owned(), bytes };
    let result = read(&[input], &Options::default());
    assert!(start.elapsed() < SOON, "{name} took {:?}", start.elapsed());
    match result {
        Ok(loaded) => format!("accepted: {:?}", loaded.notes),
        Err(Refused { diagnostics, .. }) => {
            diagnostics.iter().find(|d| d.is_error()).map(Diagnostic::to_string).unwrap_or_default()
        }
    }
}

#[test]
fn depth_is_bounded_however_it_is_written() {
    let deep = "nested more than 100 levels deep";
    let table = [
        ("brackets", "[".repeat(10 << 20), format!("brackets:1:101: error[too-big]: {deep}")),
        ("braces", "{\"a\":".repeat(2 << 20), format!("braces:1:501: error[too-big]: {deep}")),
        ("dashes", "- ".repeat(5 << 20), format!("dashes:1:201: error[too-big]: {deep}")),
        (
            "mixed",
            "- [".repeat(3 << 20),
            "mixed:1:4: error[yaml-syntax]: \"-\" is only valid inside a block".into(),
        ),
        ("keys", "? ".repeat(3 << 20), "keys:1:3: error[invalid-key]: a key must be a text".into()),
    ];
    for (name, text, expected) in table {
        assert_eq!(refuse(name, text.into_bytes()), expected);
    }
}

#[test]
fn aliases_cannot_build_what_brackets_may_not() {
    let first = "a0: &a0 [x]".to_owned();
    let others = (1..120).map(|i| format!("a{i}: &a{i} [*a{}]", i - 1));
    let text = std::iter::once(first).chain(others).collect::<Vec<_>>().join("\n");
    let expected = "chain:100:12: error[too-big]: nested more than 100 levels deep";
    assert_eq!(refuse("chain", text.into_bytes()), expected);
}

#[test]
fn bytes_that_are_no_text_are_named() {
    let table: [(&str, Vec<u8>, &str); 5] = [
        (
            "binary",
            b"\x7fELF\x02\x01\x01\x00\x00".to_vec(),
            "1:8: error[unreadable]: this is not text: it has a NUL byte",
        ),
        ("latin1", b"a: b\nc: caf\xe9\n".to_vec(), "2:7: error[unreadable]: this is not UTF-8 text"),
        ("cut", b"a: \xf0\x9f\xa6".to_vec(), "1:4: error[unreadable]: this is not UTF-8 text"),
        ("utf16", b"\xff\xfea\x00".to_vec(), "1:1: error[unreadable]: this is UTF-16 text"),
        ("control", b"a: \x07b\n".to_vec(), "1:4: error[yaml-syntax]: a control character, `\\u{7}`"),
    ];
    for (name, bytes, expected) in table {
        assert_eq!(refuse(name, bytes), format!("{name}:{expected}"));
    }
}

#[test]
fn an_input_beyond_the_limit_is_refused_unread() {
    let bytes = vec![b'#'; usize::try_from(MAX_INPUT).unwrap() + 1];
    assert_eq!(refuse("large", bytes), "error[unreadable]: large is larger than 256 MiB");
}

#[test]
fn long_but_harmless_texts_take_linear_time() {
    let n = 1 << 20;
    let nothing = "error[no-objects]: the input holds no Kubernetes object";
    let table = [
        ("newlines", "\n".repeat(n)),
        ("comments", "# c\n".repeat(n)),
        ("documents", "---\n".repeat(n / 4)),
        ("one-line", format!("a: {}", "x ".repeat(n))),
        ("one-text", format!("a: |\n{}", "  x\n".repeat(n))),
        ("items", "- x\n".repeat(n)),
        ("flow", format!("[{}]", "x, ".repeat(n))),
        ("keys", (0..n / 8).map(|i| format!("k{i}: v")).collect::<Vec<_>>().join("\n")),
        ("quotes", format!("a: \"{}\"", "\\u0061".repeat(n))),
    ];
    for (name, text) in table {
        assert_eq!(refuse(name, text.into_bytes()), nothing, "{name}");
    }
}

#[test]
fn findings_are_told_up_to_a_point_and_the_rest_is_counted() {
    let bytes = "{apiVersion: v1, kind: Pod}\n---\n".repeat(3000).into_bytes();
    let input = Input::Bytes { name: "pods".to_owned(), bytes };
    let Err(Refused { diagnostics, .. }) = read(&[input], &Options::default()) else {
        panic!("accepted");
    };
    assert_eq!(diagnostics.len(), 1001);
    assert_eq!(diagnostics[1000].to_string(), "note[more-findings]: pods: 5000 more findings");
}

#[test]
fn long_and_broken_texts_take_linear_time() {
    let n = 1 << 20;
    let table = [
        ("same-keys", "k: v\n".repeat(n / 8)),
        ("anchors", "&a ".repeat(n)),
        ("tags", "!!str ".repeat(n)),
        ("open-quote", format!("a: \"{}", "x\n ".repeat(n))),
        ("open-flow", format!("a: [{}", "x, ".repeat(n))),
        ("colons", ": ".repeat(n)),
        ("stars", "*a ".repeat(n)),
        ("no-colon", "abc\n".repeat(n / 2) + "a: b: c"),
        ("objects", "{apiVersion: v1, kind: Pod}\n---\n".repeat(n / 32)),
    ];
    for (name, text) in table {
        let message = refuse(name, text.into_bytes());
        assert!(message.contains("error["), "{name}: {message}");
    }
}
