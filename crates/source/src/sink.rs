//! Where the readers of one input put what they find.
//!
//! Readers never stop at the first error: they report it here and go on with a stand-in value, which is
//! safe because an input with an error in it never becomes a world (see `crate::read`).

use std::cell::RefCell;
use std::sync::Arc;

use podfence_model::Place;

use crate::diagnostic::Diagnostic;
use crate::yaml::Span;

/// The findings of one input, and the input's name to make places from.
pub(crate) struct Sink {
    file: Arc<str>,
    found: RefCell<Vec<Diagnostic>>,
}

impl Sink {
    pub(crate) fn new(file: Arc<str>) -> Self {
        Self { file, found: RefCell::default() }
    }

    pub(crate) fn place(&self, span: Span) -> Place {
        let Span { start, end, line, column } = span;
        Place { file: Arc::clone(&self.file), line, column, start, end }
    }

    pub(crate) fn report(&self, diagnostic: Diagnostic) {
        self.found.borrow_mut().push(diagnostic);
    }

    /// Everything found, in the order of the text.
    pub(crate) fn into_found(self) -> Vec<Diagnostic> {
        let mut found = self.found.into_inner();
        found.sort_by_key(|d| d.labels.first().map(|label| label.place.start));
        found
    }
}
