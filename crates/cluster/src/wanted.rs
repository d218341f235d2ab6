//! Reading JSON and keeping only what is wanted of it: the rest is passed over and never stands in memory.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// What is kept of a value. Lists are looked through: it is said of their items.
#[derive(Debug, Clone, Copy)]
pub enum Wanted {
    /// All of it.
    Whole,
    /// Of an object these fields, each as far as is said. What is no object is kept, for somebody to complain about.
    Only(&'static [(&'static str, Wanted)]),
}

impl Wanted {
    /// Reads a text.
    ///
    /// # Errors
    /// When it is no JSON.
    pub fn read(self, text: &[u8]) -> Result<Value, serde_json::Error> {
        let mut reader = serde_json::Deserializer::from_slice(text);
        let value = self.deserialize(&mut reader)?;
        reader.end().map(|()| value)
    }
}

impl<'de> DeserializeSeed<'de> for Wanted {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        match self {
            Self::Whole => Value::deserialize(deserializer),
            Self::Only(fields) => deserializer.deserialize_any(Picking(fields)),
        }
    }
}

/// Keeps some fields of objects.
struct Picking(&'static [(&'static str, Wanted)]);

impl<'de> Visitor<'de> for Picking {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut kept = Map::new();
        while let Some(key) = fields.next_key::<Cow<'de, str>>()? {
            if let Some((name, wanted)) = self.0.iter().find(|(name, _)| *name == key) {
                kept.insert((*name).to_owned(), fields.next_value_seed(*wanted)?);
            } else {
                fields.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Value::Object(kept))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut kept = Vec::new();
        while let Some(item) = items.next_element_seed(Wanted::Only(self.0))? {
            kept.push(item);
        }
        Ok(Value::Array(kept))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_wanted_is_kept() {
        const WANTED: Wanted = Wanted::Only(&[
            ("a", Wanted::Whole),
            ("b", Wanted::Only(&[("c", Wanted::Whole)])),
            ("n", Wanted::Whole),
        ]);
        let table = [
            (
                r#"{"a":{"x":[1]},"z":{"a":1},"b":{"c":1.5,"d":2},"n":null}"#,
                r#"{"a":{"x":[1]},"b":{"c":1.5},"n":null}"#,
            ),
            (
                r#"{"b":[{"c":1,"d":1},7,{"c":"\u00e9","d":[{}]},"t",true,null]}"#,
                r#"{"b":[{"c":1},7,{"c":"é"},"t",true,null]}"#,
            ),
            ("-7", "-7"),
        ];
        for (text, kept) in table {
            assert_eq!(WANTED.read(text.as_bytes()).unwrap().to_string(), kept);
        }
        for bad in ["", "{", "{}{}", r#"{"a"}"#, "{\"a\":\"\u{1}\"}"] {
            assert!(WANTED.read(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
