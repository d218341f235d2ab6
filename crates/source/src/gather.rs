//! The world that grows while inputs are read, and what to do when an object is stated twice.

mod fingerprint;

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use podfence_model::{ObjectRef, Place, World};

use self::fingerprint::Fingerprints;
use crate::code::Code;
use crate::decode::Item;
use crate::diagnostic::Diagnostic;

/// Objects so far, and where each was stated.
#[derive(Default)]
pub(crate) struct Gathered {
    pub(crate) world: World,
    /// Where each object was stated last, and the fingerprint of what it said.
    seen: HashMap<ObjectRef, (Place, u64)>,
    fingerprints: Fingerprints,
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
        let (place, content) = (item.place(), self.fingerprints.of(item.node));
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
