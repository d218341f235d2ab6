//! Files of settings, and what is said about those that are none.

#![allow(clippy::unwrap_used, reason = "a step that fails fails its test")]

use podfence_source::{Input, settings};

const NAMES: [&str; 4] = ["listen", "log.level", "log.format", "sources"];

fn read(text: &str) -> Result<Vec<(&'static str, String, u32)>, String> {
    let input = Input::Bytes { name: "c.yaml".into(), bytes: text.into() };
    let read = settings(&input, &NAMES).map_err(|refused| refused.to_string())?;
    Ok(read.stated.into_iter().map(|s| (s.name, s.values.join(" "), s.place.line)).collect())
}

#[test]
fn values_are_what_is_written() {
    let text = "listen: off\nlog: {level: debug, format: 010}\nsources:\n- a\n- 0xff\n";
    let expected = [
        ("listen", "off".to_owned(), 1),
        ("sources", "a 0xff".to_owned(), 4),
        ("log.level", "debug".to_owned(), 2),
        ("log.format", "010".to_owned(), 2),
    ];
    assert_eq!(read(text).unwrap(), expected);
    assert_eq!(read("# nothing\n").unwrap(), []);
    assert_eq!(read("listen: null\n").unwrap(), []);
    assert_eq!(read("sources: one\n").unwrap(), [("sources", "one".to_owned(), 1)]);
}

#[test]
fn what_is_no_setting_is_told_with_its_place() {
    let table = [
        ("lsten: x\n", "c.yaml:1:1: error[unknown-field]: unknown field `lsten`; did you mean `listen`?"),
        (
            "log:\n  levle: x\n",
            "c.yaml:2:3: error[unknown-field]: unknown field `levle`; did you mean `level`?",
        ),
        ("log: debug\n", "c.yaml:1:6: error[wrong-type]: `log` must be a mapping, but this is a text"),
        (
            "listen: {a: 1}\n",
            "c.yaml:1:9: error[wrong-type]: `listen` must be a text or a number, but this is a mapping",
        ),
        (
            "listen: 1\nlisten: 2\n",
            "c.yaml:2:1: error[duplicate-key]: key `listen` is stated twice, here and on line 1",
        ),
        ("- listen\n", "c.yaml:1:1: error[wrong-type]: `document` must be a mapping, but this is a list"),
    ];
    for (text, expected) in table {
        assert_eq!(read(text).unwrap_err(), expected, "{text}");
    }
}
