//! Labels and label selectors (`metav1.LabelSelector`).

use std::collections::BTreeSet;

use podfence_model::{LabelSelector, Labels, Operator, Requirement, nearest};

use crate::code::Code;
use crate::decode::{Item, did_you_mean};
use crate::names;
use crate::yaml::{Key, Span};

/// The labels of an object or of a selector's `matchLabels`.
pub(crate) fn labels(item: Item<'_>) -> Labels {
    let Some(fields) = item.mapping() else { return Labels::new() };
    fields.entries().filter_map(|(key, value)| label(item, key, value)).collect()
}

fn label(map: Item<'_>, key: &Key<'_>, value: Item<'_>) -> Option<(String, String)> {
    if key.converted {
        let message = format!("this label key without quotes is read as `{}`", key.text);
        map.sink.report(Code::UnquotedKey.warning(message).at(map.sink.place(key.span), "").help("quote it"));
    }
    check_key(map, key.text.as_ref(), key.span);
    Some((key.text.clone().into_owned(), label_value(value)?))
}

/// A label's value. Nothing at all is the empty text to the API server, which is hardly ever meant.
fn label_value(item: Item<'_>) -> Option<String> {
    if item.is_null() {
        let message = format!("label {item} has no value; the API server reads the empty text");
        item.sink.report(Code::EmptyLabel.warning(message).at(item.place(), ""));
        return Some(String::new());
    }
    let value = item.text()?;
    if let Err(why) = names::label_value(value) {
        item.error(Code::InvalidLabel, format!("label value `{value}` {why}"), "");
    }
    Some(value.to_owned())
}

fn check_key(item: Item<'_>, key: &str, span: Span) {
    if let Err(why) = names::label_key(key) {
        let place = item.sink.place(span);
        item.sink.report(Code::InvalidLabel.error(format!("label key `{key}` {why}")).at(place, ""));
    }
}

/// A label selector; `{}` selects everything.
pub(crate) fn selector(item: Item<'_>) -> LabelSelector {
    let Some(mut fields) = item.mapping() else { return LabelSelector::default() };
    let equal = fields.get("matchLabels").map(labels).unwrap_or_default();
    let equal = equal.into_iter().map(|(key, value)| Requirement::equals(key, value));
    let expressions = fields.list("matchExpressions").filter_map(requirement);
    let selector = equal.chain(expressions).collect();
    fields.finish(|key| {
        let near = nearest(key, ["matchLabels", "matchExpressions"]);
        near.is_none().then(|| format!("labels go under `matchLabels`: `matchLabels: {{{key}: …}}`"))
    });
    selector
}

fn requirement(item: Item<'_>) -> Option<Requirement> {
    let mut fields = item.mapping()?;
    let key = fields.required("key").and_then(|key| {
        let text = key.text()?;
        check_key(key, text, key.node.span);
        Some(text.to_owned())
    });
    let operator = fields.required("operator");
    let values_item = fields.get("values");
    let values: BTreeSet<String> =
        values_item.and_then(Item::list).into_iter().flatten().filter_map(label_value).collect();
    if !fields.finish(|_| None) {
        return None;
    }
    let operator = operator_of(operator?, values_item.unwrap_or(item), values)?;
    Some(Requirement { key: key?, operator })
}

fn operator_of(item: Item<'_>, values_item: Item<'_>, values: BTreeSet<String>) -> Option<Operator> {
    let name = item.text()?;
    match name {
        "In" | "NotIn" if values.is_empty() => {
            let message = format!("operator `{name}` needs at least one of `values`");
            values_item.error(Code::InvalidSelector, message, "");
            None
        }
        "Exists" | "DoesNotExist" if !values.is_empty() => {
            let message = format!("operator `{name}` takes no `values`");
            values_item.error_with_help(
                Code::InvalidSelector,
                message,
                "use `In` or `NotIn` to compare values",
            );
            None
        }
        "In" => Some(Operator::In(values)),
        "NotIn" => Some(Operator::NotIn(values)),
        "Exists" => Some(Operator::Exists),
        "DoesNotExist" => Some(Operator::DoesNotExist),
        _ => {
            unknown_operator(item, name);
            None
        }
    }
}

fn unknown_operator(item: Item<'_>, name: &str) {
    const OPERATORS: [&str; 4] = ["In", "NotIn", "Exists", "DoesNotExist"];
    let message = format!("unknown operator `{name}`{}", did_you_mean(name, OPERATORS));
    item.error_with_help(
        Code::InvalidSelector,
        message,
        "operators are `In`, `NotIn`, `Exists` and `DoesNotExist`",
    );
}
