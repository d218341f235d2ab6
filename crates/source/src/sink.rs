//! Where the readers of one input put what they find.
//!
//! Readers never stop at the first error: they report it here and go on with a stand-in value, which is
//! safe because an input with an error in it never becomes a world (see `crate::read`).

use std::cell::RefCell;
use std::sync::Arc;

use podfence_model::Place;

use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::yaml::Span;

/// How many findings of one input are kept. Nobody reads more, and a hostile input could make millions.
const ENOUGH: usize = 1000;

/// The findings of one input, and the input's name to make places from.
pub(crate) struct Sink {
    file: Arc<str>,
    found: RefCell<Found>,
}

#[derive(Default)]
struct Found {
    kept: Vec<Diagnostic>,
    has_error: bool,
    dropped: usize,
}

impl Sink {
    pub(crate) fn new(file: Arc<str>) -> Self {
        Self { file, found: RefCell::default() }
    }

    pub(crate) fn place(&self, span: Span) -> Place {
        let Span { start, end, line, column } = span;
        Place { file: Arc::clone(&self.file), line, column, start, end }
    }

    /// Keeps a finding. The first error is kept even when there are enough findings: it must refuse.
    pub(crate) fn report(&self, diagnostic: Diagnostic) {
        let mut found = self.found.borrow_mut();
        let first_error = diagnostic.is_error() && !found.has_error;
        if found.kept.len() < ENOUGH || first_error {
            found.has_error |= diagnostic.is_error();
            found.kept.push(diagnostic);
        } else {
            found.dropped += 1;
        }
    }

    /// Whether an error was found.
    pub(crate) fn has_error(&self) -> bool {
        self.found.borrow().has_error
    }

    /// Everything found, in the order of the text.
    pub(crate) fn into_found(self) -> Vec<Diagnostic> {
        let Found { mut kept, dropped, .. } = self.found.into_inner();
        kept.sort_by_key(|d| d.labels.first().map(|label| label.place.start));
        if dropped > 0 {
            kept.push(Code::MoreFindings.note(format!("{}: {dropped} more findings", self.file)));
        }
        kept
    }
}
