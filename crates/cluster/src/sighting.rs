//! One object as the server has just told it, before anybody knows whether anything that matters is new in it.

use std::hash::{BuildHasher, RandomState};
use std::time::SystemTime;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use podfence_model::NamespacedName;
use serde::Deserialize;
use serde_json::{Map, Value};

/// An object of a list or a watch.
#[derive(Debug)]
pub struct Sighting {
    /// Its name; without a namespace where its kind has none.
    pub id: NamespacedName,
    /// Its `resourceVersion`.
    pub version: String,
    /// What was kept of it, without what tells when it was written.
    pub value: Value,
    /// When it was written last, by its own account: to the second.
    pub written: Option<SystemTime>,
}

/// The server tells of something that has no name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the server tells of an object that has no name or version")]
pub struct NoObject;

impl Sighting {
    /// Looks at an object.
    ///
    /// # Errors
    /// When it has no name, or no version. What else is wrong with it is for who reads it.
    pub fn new(mut value: Value) -> Result<Self, NoObject> {
        let metadata = value.get_mut("metadata").and_then(Value::as_object_mut).ok_or(NoObject)?;
        let version = take_text(metadata, "resourceVersion").ok_or(NoObject)?;
        let written = written(metadata);
        metadata.remove("annotations");
        let text = |field: &str| metadata.get(field).and_then(Value::as_str).unwrap_or_default();
        let id = NamespacedName::new(text("namespace"), text("name"));
        if id.name.is_empty() {
            return Err(NoObject);
        }
        Ok(Self { id, version, value, written })
    }

    /// A number that is another one when anything is new in what was kept. Versions do not tell: most changes of an object are
    /// of no interest here, and a cluster that was restored from a copy gives one version twice.
    pub fn print(&self, with: &RandomState) -> u64 {
        with.hash_one(&self.value)
    }
}

fn take_text(fields: &mut Map<String, Value>, name: &str) -> Option<String> {
    match fields.remove(name) {
        Some(Value::String(text)) if !text.is_empty() => Some(text),
        _ => None,
    }
}

/// The newest of the times at which anybody wrote a field, or when it was made.
fn written(metadata: &mut Map<String, Value>) -> Option<SystemTime> {
    let made = metadata.remove("creationTimestamp");
    let fields = metadata.remove("managedFields");
    let entries = fields.as_ref().and_then(Value::as_array).into_iter().flatten();
    let times = entries.filter_map(|entry| entry.get("time")).chain(made.as_ref());
    times.filter_map(|time| Time::deserialize(time).ok()).map(|Time(time)| time.into()).max()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;

    #[test]
    fn the_newest_time_counts_and_is_not_compared() {
        let value = |version: &str, second: &str, label: &str| {
            Sighting::new(json!({"metadata": {
                "name": "a", "namespace": "b", "resourceVersion": version, "labels": {"x": label},
                "creationTimestamp": "1970-01-01T00:00:01Z",
                "managedFields": [{"time": "1970-01-01T00:00:05Z"}, {"time": second}, {"time": 7}, {}],
            }}))
            .unwrap()
        };
        let with = RandomState::new();
        let one = value("1", "1970-01-01T00:00:03Z", "1");
        assert_eq!(one.written, Some(SystemTime::UNIX_EPOCH + Duration::from_secs(5)));
        let other = value("2", "1970-01-01T00:00:09Z", "1");
        assert_eq!(one.print(&with), other.print(&with));
        assert_ne!(one.print(&with), value("2", "1970-01-01T00:00:03Z", "2").print(&with));
        for bad in [
            json!(null),
            json!({"metadata": {"name": "a"}}),
            json!({"metadata": {"resourceVersion": "1", "name": 7}}),
        ] {
            assert_eq!(Sighting::new(bad).err(), Some(NoObject));
        }
    }
}
