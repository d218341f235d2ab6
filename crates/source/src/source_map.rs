//! The texts that were read, by the names that places use.

mod reread;

use std::collections::BTreeMap;
use std::sync::Arc;

use podfence_model::Place;

use crate::read::Options;

/// The text of every input.
#[derive(Debug, Clone, Default)]
pub struct SourceMap {
    texts: BTreeMap<Arc<str>, Arc<str>>,
    options: Options,
}

impl SourceMap {
    /// No text yet; `options` is how they will be read.
    pub(crate) fn read_with(options: Options) -> Self {
        Self { options, ..Self::default() }
    }

    /// The text of an input, by the name that a [`Place`] gives it.
    pub fn text(&self, file: &str) -> Option<&str> {
        self.texts.get(file).map(AsRef::as_ref)
    }

    /// The text at a place.
    pub fn slice(&self, place: &Place) -> Option<&str> {
        self.text(&place.file)?.get(place.start as usize..place.end as usize)
    }

    /// The names of all inputs, in order.
    pub fn files(&self) -> impl Iterator<Item = &Arc<str>> {
        self.texts.keys()
    }

    /// All inputs with their names, in order.
    pub fn texts(&self) -> impl Iterator<Item = (&Arc<str>, &str)> {
        self.texts.iter().map(|(name, text)| (name, text.as_ref()))
    }

    /// Adds a text, for messages about something that is no manifest.
    pub fn insert(&mut self, file: Arc<str>, text: Arc<str>) {
        self.texts.insert(file, text);
    }
}
