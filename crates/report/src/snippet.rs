//! Lines of the user's own files with marks under them, drawn by `annotate-snippets`.
//!
//! Only a window of the text around the marks is handed over, so that a mark in a huge file costs no more
//! than one in a small file.

use std::ops::Range;

use annotate_snippets::{Annotation, AnnotationKind, Patch, Renderer, Snippet};
use podfence_model::Place;
use podfence_source::SourceMap;

use crate::foreign::shown;

/// Characters under which a mark is drawn at most, so that it does not force a long line to be shown whole.
const LONGEST_MARK: usize = 90;
/// Characters from which on a line is cut around each of its marks.
const LONG_LINE: usize = 160;

/// Lines shown before and behind the marks at most.
const AROUND: usize = 2;

/// Draws in colours; `anstream` takes them out again where they are not wanted.
pub(crate) fn renderer() -> Renderer {
    Renderer::styled().term_width(110)
}

/// A part of one input, and where it begins there.
pub(crate) struct Window<'s> {
    file: &'s str,
    text: &'s str,
    start: usize,
    first_line: usize,
}

impl<'s> Window<'s> {
    /// The lines around some places of one file; `None` if the text is not at hand.
    pub(crate) fn around(sources: &'s SourceMap, places: &[&'s Place]) -> Option<Self> {
        let file = &places.first()?.file;
        let whole = sources.text(file)?;
        let here = || places.iter().filter(|p| p.file == *file);
        let first = here().map(|p| p.start as usize).min()?.min(whole.len());
        let last = here().map(|p| p.end as usize).max()?.clamp(first, whole.len());
        let start = lines_back(whole, first);
        let end = lines_on(whole, last);
        let text = whole.get(start..end)?;
        let first_line = sources.line_of(file, start)?;
        Some(Self { file, text, start, first_line })
    }

    /// Where a place lies in the window; an empty place becomes one character where there is one.
    fn span(&self, place: &Place) -> Option<Range<usize>> {
        let start = (place.start as usize).checked_sub(self.start)?;
        let end = (place.end as usize).checked_sub(self.start)?.min(self.text.len());
        self.text.get(start..end).map(|_| start..end)
    }

    /// A mark under a place, cut to its first line: a box around many lines says less.
    pub(crate) fn mark(&self, kind: AnnotationKind, place: &Place, label: &str) -> Option<Annotation<'s>> {
        let span = self.span(place)?;
        let first = self.text.get(span.clone())?.lines().next().unwrap_or_default().trim_end();
        let length = first.char_indices().nth(LONGEST_MARK).map_or(first.len(), |(end, _)| end);
        let annotation = kind.span(span.start..span.start + length);
        Some(if label.is_empty() { annotation } else { annotation.label(label.to_owned()) })
    }

    /// Keeps a place visible without a mark.
    pub(crate) fn show(&self, place: &Place) -> Option<Annotation<'s>> {
        self.span(place).map(|span| AnnotationKind::Visible.span(span))
    }

    /// A change at a place. New lines behind the last one are drawn as such only if they begin at its end.
    pub(crate) fn patch(&self, place: &Place, text: &str) -> Option<Patch<'s>> {
        let span = self.span(place)?;
        match text.strip_suffix('\n') {
            Some(lines) if span.start == self.text.len() && self.text.ends_with('\n') => {
                Some(Patch::new(span.start - 1..span.start - 1, format!("\n{lines}")))
            }
            _ => Some(Patch::new(span, text.to_owned())),
        }
    }

    /// The window as a snippet without marks.
    pub(crate) fn snippet<T: Clone>(&self) -> Snippet<'s, T> {
        Snippet::source(self.text).line_start(self.first_line).path(shown(self.file))
    }
}

/// Whether a place lies in a line that is too long to be shown whole.
pub(crate) fn is_in_long_line(sources: &SourceMap, place: &Place) -> bool {
    let text = sources.text(&place.file).unwrap_or_default();
    let (before, behind) = text.split_at_checked(place.start as usize).unwrap_or_default();
    let head = before.rfind('\n').map_or(before.len(), |end| before.len() - end - 1);
    head + behind.find('\n').unwrap_or(behind.len()) > LONG_LINE
}

fn lines_back(text: &str, from: usize) -> usize {
    let before = text.as_bytes().get(..from).unwrap_or_default();
    let breaks = before.iter().enumerate().rev().filter(|(_, b)| **b == b'\n');
    breaks.map(|(i, _)| i + 1).nth(AROUND).unwrap_or(0)
}

fn lines_on(text: &str, from: usize) -> usize {
    let behind = text.as_bytes().get(from..).unwrap_or_default();
    let breaks = behind.iter().enumerate().filter(|(_, b)| **b == b'\n');
    breaks.map(|(i, _)| from + i + 1).nth(AROUND).unwrap_or(text.len())
}
