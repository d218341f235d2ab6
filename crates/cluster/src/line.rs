//! What the server writes: the lines of a watch and the pages of a list.

use serde_json::Value;

use crate::failure::Failure;
use crate::kind::{INITIAL_EVENTS_END, Kind};
use crate::sighting::Sighting;
use crate::wanted::Wanted;

/// A line of a watch.
#[derive(Debug)]
pub enum Line {
    /// `ADDED` or `MODIFIED`.
    Seen(Sighting),
    /// `DELETED`.
    Gone(Sighting),
    /// `BOOKMARK`: everything up to a version has been told.
    Bookmark {
        /// The version.
        version: String,
        /// Whether it ends the list that a watch begins with.
        ends_list: bool,
    },
    /// `ERROR`: the watch is over.
    Failed(Failure),
}

/// A page of a list.
#[derive(Debug)]
pub struct Page {
    /// Its objects.
    pub items: Vec<Value>,
    /// The version of the list.
    pub version: String,
    /// How to ask for the next page, if there is one.
    pub next: Option<String>,
}

impl Line {
    /// Reads a line.
    ///
    /// # Errors
    /// When it makes no sense. Nobody can say then what is left out, so everything has to be read again.
    pub fn read(text: &[u8], kind: &Kind) -> Result<Self, Failure> {
        let mut line = kind.line.read(text).map_err(garbled)?;
        let object = line.get_mut("object").map(Value::take).unwrap_or_default();
        let sighting = |object| Sighting::new(object).map_err(garbled);
        match line.get("type").and_then(Value::as_str) {
            Some("ADDED" | "MODIFIED") => Ok(Self::Seen(sighting(object)?)),
            Some("DELETED") => Ok(Self::Gone(sighting(object)?)),
            Some("BOOKMARK") => bookmark(&object).ok_or_else(|| garbled("a bookmark without a version")),
            Some("ERROR") => Ok(Self::Failed(failure(&object))),
            other => Err(garbled(format!("an event of type `{}`", other.unwrap_or_default()))),
        }
    }
}

impl Page {
    /// Reads of a page what is wanted.
    ///
    /// # Errors
    /// When it makes no sense.
    pub fn of(text: &[u8], wanted: Wanted) -> Result<Self, Failure> {
        let mut page = wanted.read(text).map_err(garbled)?;
        let metadata = |field: &str| {
            let text = page.get("metadata")?.get(field)?.as_str()?.to_owned();
            Some(text).filter(|text| !text.is_empty())
        };
        let version = metadata("resourceVersion").ok_or_else(|| garbled("a list without a version"))?;
        let next = metadata("continue");
        let items = match page.get_mut("items").map(Value::take) {
            Some(Value::Array(items)) => items,
            Some(Value::Null) => Vec::new(),
            _ => return Err(garbled("a list without items")),
        };
        Ok(Self { items, version, next })
    }
}

fn bookmark(object: &Value) -> Option<Line> {
    let metadata = object.get("metadata")?;
    let ends_list = metadata.get("annotations").and_then(|all| all.get(INITIAL_EVENTS_END)).is_some();
    Some(Line::Bookmark { version: metadata.get("resourceVersion")?.as_str()?.to_owned(), ends_list })
}

/// What a `metav1.Status` says.
fn failure(status: &Value) -> Failure {
    let text = |field: &str| status.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
    Failure::of_code(status.get("code").and_then(Value::as_u64).unwrap_or(0), text("message"))
}

/// Takes whatever `map_err` has.
#[expect(clippy::needless_pass_by_value, reason = "an error that is turned into another is used up")]
fn garbled(why: impl ToString) -> Failure {
    Failure::Garbled(why.to_string())
}
