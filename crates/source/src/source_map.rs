//! The texts that were read, by the names that places use.

mod reread;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use podfence_model::Place;

use crate::read::Options;

/// The text of every input.
#[derive(Debug, Clone, Default)]
pub struct SourceMap {
    texts: BTreeMap<Arc<str>, Text>,
    options: Options,
}

/// A text, and where its lines end once somebody has asked.
#[derive(Debug, Clone)]
struct Text {
    text: Arc<str>,
    breaks: OnceLock<Vec<usize>>,
}

impl SourceMap {
    /// No text yet; `options` is how they will be read.
    pub(crate) fn read_with(options: Options) -> Self {
        Self { options, ..Self::default() }
    }

    /// The text of an input, by the name that a [`Place`] gives it.
    pub fn text(&self, file: &str) -> Option<&str> {
        self.texts.get(file).map(|text| text.text.as_ref())
    }

    /// The line that a byte of an input is in, from 1.
    pub fn line_of(&self, file: &str, byte: usize) -> Option<usize> {
        let Text { text, breaks } = self.texts.get(file)?;
        let breaks = breaks.get_or_init(|| text.match_indices('\n').map(|(at, _)| at).collect());
        Some(breaks.partition_point(|at| *at < byte) + 1)
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
        self.texts.iter().map(|(name, text)| (name, text.text.as_ref()))
    }

    /// Adds a text, for messages about something that is no manifest.
    pub fn insert(&mut self, file: Arc<str>, text: Arc<str>) {
        self.texts.insert(file, Text { text, breaks: OnceLock::new() });
    }
}
