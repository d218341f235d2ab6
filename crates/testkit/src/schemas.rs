//! Holds what `-o json` writes against the published schemas, `docs/schemas/NAME.json`.
//!
//! A document names its schema in its field `schema`. The published schemas let a later version add fields; here an
//! object may only have the fields that its schema lists, so that none is written that is not described.
//! Start with [`check`].

use std::fs;
use std::path::{Path, PathBuf};

use boon::{Compiler, Schemas};
use serde_json::{Map, Value};

/// Where the schemas are, in the sources.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schemas")
}

/// The names of all published schemas, sorted.
///
/// # Errors
///
/// Says why the folder cannot be read.
pub fn names() -> Result<Vec<String>, String> {
    let entries = fs::read_dir(folder()).map_err(|error| error.to_string())?;
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let paths = paths.filter(|path| path.extension().is_some_and(|end| end == "json"));
    let mut names: Vec<String> =
        paths.filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned())).collect();
    names.sort();
    Ok(names)
}

/// Holds a document against the schema that it names, and gives the name.
///
/// # Errors
///
/// Says what is no JSON, which schema is missing, or which value does not fit where.
pub fn check(document: &str) -> Result<String, String> {
    let document: Value = serde_json::from_str(document).map_err(|error| format!("no JSON: {error}"))?;
    let name = document["schema"].as_str().ok_or("the document names no `schema`")?.to_owned();
    fits(&name, &document)?;
    Ok(name)
}

/// Holds a document against a schema.
///
/// # Errors
///
/// Says which schema is missing, or which value does not fit where.
pub fn fits(name: &str, document: &Value) -> Result<(), String> {
    let mut compiler = Compiler::new();
    for name in names()? {
        compiler
            .add_resource(&url(&name), closed(read(&name)?))
            .map_err(|error| format!("{name}: {error}"))?;
    }
    let mut schemas = Schemas::new();
    let schema = compiler.compile(&url(name), &mut schemas).map_err(|error| format!("{name}: {error:#}"))?;
    schemas.validate(document, schema).map_err(|error| format!("{name}: {error:#}"))
}

/// Where a schema seems to be; nothing is fetched from there.
fn url(name: &str) -> String {
    format!("https://podfence.dev/schemas/{name}.json")
}

fn read(name: &str) -> Result<Value, String> {
    let path = folder().join(name).with_extension("json");
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let schema: Value = serde_json::from_str(&text).map_err(|error| format!("{name}: {error}"))?;
    let wanted = url(name);
    match schema["$id"].as_str() {
        Some(id) if id == wanted => Ok(schema),
        other => Err(format!("{name}: its `$id` is {other:?} and should be {wanted}")),
    }
}

/// The same, without room for fields that it does not list.
fn closed(schema: Value) -> Value {
    match schema {
        Value::Array(items) => Value::Array(items.into_iter().map(closed).collect()),
        Value::Object(fields) => {
            let mut fields: Map<String, Value> = fields.into_iter().map(|(k, v)| (k, closed(v))).collect();
            if fields.get("properties").is_some_and(Value::is_object) && fields.contains_key("type") {
                fields.entry("additionalProperties").or_insert(Value::Bool(false));
            }
            Value::Object(fields)
        }
        other => other,
    }
}
