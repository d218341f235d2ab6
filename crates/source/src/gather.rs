//! The world that grows while inputs are read, and what to do when an object is stated twice.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{DefaultHasher, Hash, Hasher};

use podfence_model::{ObjectRef, Place, World};

use crate::code::Code;
use crate::decode::Item;
use crate::diagnostic::Diagnostic;
use crate::yaml::{Node, Value};

/// Objects so far, and where each was stated.
#[derive(Default)]
pub(crate) struct Gathered {
    pub(crate) world: World,
    /// Where each object was stated last, and the fingerprint of what it said.
    seen: HashMap<ObjectRef, (Place, u64)>,
    pub(crate) found: Vec<Diagnostic>,
    /// Objects met, those of no interest included.
    pub(crate) objects: usize,
}

impl Gathered {
    /// Nothing yet but what is wrong with the inputs themselves.
    pub(crate) fn new(found: Vec<Diagnostic>) -> Self {
        Self { found, ..Self::default() }
    }

    /// Whether an object of this name was stated.
    pub(crate) fn knows(&self, id: &ObjectRef) -> bool {
        self.seen.contains_key(id)
    }

    /// Notes that an object is stated in `item`. The later statement wins, as with `kubectl apply`;
    /// a second one is told of.
    pub(crate) fn state(&mut self, id: &ObjectRef, item: Item<'_>) {
        let (place, node) = (item.place(), item.node);
        let content = fingerprint(node);
        match self.seen.entry(id.clone()) {
            Entry::Vacant(vacant) => {
                vacant.insert((place, content));
            }
            Entry::Occupied(mut occupied) => {
                let (earlier, before) = occupied.insert((place.clone(), content));
                item.sink.report(stated_twice(id, place, earlier, before == content));
            }
        }
    }
}

fn stated_twice(id: &ObjectRef, place: Place, earlier: Place, equal: bool) -> Diagnostic {
    let diagnostic = if equal {
        Code::DuplicateObject.note(format!("{id} is stated twice, in the same words"))
    } else {
        let message = format!("{id} is stated twice, differently; this later statement counts");
        Code::DuplicateObject.warning(message)
    };
    diagnostic.at(place, "stated again").at(earlier, "first stated here")
}

/// A hash of a tree's content: places do not matter, nor does the order of keys.
fn fingerprint(node: &Node<'_>) -> u64 {
    let mut hasher = DefaultHasher::new();
    match &node.value {
        Value::Scalar(scalar) => (0u8, &scalar.text, scalar.plain).hash(&mut hasher),
        Value::Sequence(items) => {
            1u8.hash(&mut hasher);
            for item in items {
                fingerprint(item).hash(&mut hasher);
            }
        }
        Value::Mapping(entries) => {
            let entry = |e: &crate::yaml::Entry<'_>| hash_of(&(&e.key.text, fingerprint(&e.value)));
            (2u8, entries.iter().map(entry).fold(0, u64::wrapping_add)).hash(&mut hasher);
        }
    }
    hasher.finish()
}

fn hash_of(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
