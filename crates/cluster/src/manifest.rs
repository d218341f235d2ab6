//! JSON values as YAML, in lines, as people read objects.

use serde_json::Value;

/// A value as YAML that reads back as that value.
pub fn yaml(value: &Value) -> String {
    lines(value).join("\n") + "\n"
}

fn lines(value: &Value) -> Vec<String> {
    match value {
        Value::Object(fields) if !fields.is_empty() => fields.iter().flat_map(field).collect(),
        Value::Array(items) if !items.is_empty() => items.iter().flat_map(item).collect(),
        other => vec![flow(other)],
    }
}

fn field((key, value): (&String, &Value)) -> Vec<String> {
    let is_block = match value {
        Value::Object(fields) => !fields.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => false,
    };
    let key = scalar(key);
    if !is_block {
        return vec![format!("{key}: {}", flow(value))];
    }
    let below = lines(value).into_iter().map(|line| format!("  {line}"));
    std::iter::once(format!("{key}:")).chain(below).collect()
}

fn item(value: &Value) -> Vec<String> {
    let lines = lines(value).into_iter().enumerate();
    lines.map(|(index, line)| format!("{}{line}", if index == 0 { "- " } else { "  " })).collect()
}

fn flow(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), scalar)
}

/// A text without quotes where no reader could take it for anything else.
fn scalar(text: &str) -> String {
    let is_word = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c));
    let special = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    if is_word && !special.contains(&text.to_lowercase().as_str()) {
        text.to_owned()
    } else {
        Value::from(text).to_string() // a text of JSON is one of YAML
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn objects_are_written_in_lines() {
        let value = json!({
            "metadata": {"name": "a", "labels": {"on": "yes", "n": "1.0", "app.kubernetes.io/name": "x y"}, "empty": {}},
            "spec": {"ports": [{"port": 80, "names": ["a", "b"]}, {"port": null}], "none": [], "deep": [[1, 2], "it's: \"x\"\n"]},
        });
        let text = "\
metadata:
  empty: {}
  labels:
    app.kubernetes.io/name: \"x y\"
    \"n\": \"1.0\"
    \"on\": \"yes\"
  name: a
spec:
  deep:
    - - 1
      - 2
    - \"it's: \\\"x\\\"\\n\"
  none: []
  ports:
    - names:
        - a
        - b
      port: 80
    - port: null
";
        assert_eq!(yaml(&value), text);
    }
}
