//! JSON values as trees of the readers. In place of a place in a text every value has its number, from which its path is found.

use std::borrow::Cow;

use serde_json::Value as Json;

use crate::yaml::{Entry, Key, Node, Scalar, Span, Value};

/// The tree of a value.
pub(super) fn node(value: &Json) -> Node<'_> {
    numbered(value, &mut 0)
}

fn numbered<'v>(value: &'v Json, next: &mut u32) -> Node<'v> {
    let span = Span { start: *next, end: *next, line: 0, column: 0 };
    *next = next.saturating_add(1);
    let value = match value {
        Json::Array(items) => Value::Sequence(items.iter().map(|item| numbered(item, next)).collect()),
        Json::Object(fields) => {
            Value::Mapping(fields.iter().map(|(key, value)| entry(key, numbered(value, next))).collect())
        }
        Json::String(text) => scalar(Cow::Borrowed(text), false),
        Json::Null => scalar(Cow::Borrowed("null"), true),
        other => scalar(Cow::Owned(other.to_string()), true),
    };
    Node { value, span }
}

fn entry<'v>(key: &'v str, value: Node<'v>) -> Entry<'v> {
    Entry { key: Key { text: Cow::Borrowed(key), span: value.span, converted: false }, value }
}

fn scalar(text: Cow<'_, str>, plain: bool) -> Value<'_> {
    Value::Scalar(Scalar { text, plain })
}

/// The path of the value with a number, such as `spec.ingress[0].from`; nothing for the whole.
pub(super) fn path(value: &Json, number: u32) -> Option<String> {
    find(value, number, &mut 0).filter(|path| !path.is_empty())
}

fn find(value: &Json, number: u32, next: &mut u32) -> Option<String> {
    let own = *next;
    *next = next.saturating_add(1);
    if own == number {
        return Some(String::new());
    }
    match value {
        Json::Array(items) => items.iter().enumerate().find_map(|(index, item)| {
            let below = find(item, number, next)?;
            Some(format!("[{index}]{}{below}", dot(&below)))
        }),
        Json::Object(fields) => fields.iter().find_map(|(key, value)| {
            let below = find(value, number, next)?;
            Some(format!("{key}{}{below}", dot(&below)))
        }),
        _ => None,
    }
}

/// What joins a key or an index with what is below it.
fn dot(below: &str) -> &'static str {
    if below.is_empty() || below.starts_with('[') { "" } else { "." }
}
