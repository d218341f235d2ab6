//! Lines, margins and dashes of a text, by byte offsets.

use podfence_model::Place;

use crate::diagnostic::Edit;

/// Columns before a key.
pub(super) fn indent_of(place: &Place) -> usize {
    (place.column as usize).saturating_sub(1)
}

/// Where the dash of an item stands whose value begins at `start`: before it, or on a line above with nothing but comments
/// between. `None` where anything else is between them, such as an anchor or a tag.
pub(super) fn dash_of(text: &str, start: usize) -> Option<usize> {
    let mut line = start_of_line(text, start);
    let mut before = text.get(line..start)?;
    loop {
        let bare = before.trim_end();
        if bare.ends_with('-') && bare.chars().all(|c| [' ', '-'].contains(&c)) {
            return Some(line + bare.len() - 1);
        }
        if !bare.is_empty() {
            return None;
        }
        let end = line.checked_sub(1)?;
        line = start_of_line(text, end);
        before = without_comment(text.get(line..end)?);
    }
}

/// A line without the comment at its end, if all before that is spaces and dashes.
fn without_comment(line: &str) -> &str {
    line.split_once('#')
        .filter(|(before, _)| before.is_empty() || before.ends_with(' '))
        .map_or(line, |(b, _)| b)
}

/// Columns before the dash of an item.
pub(super) fn indent_of_dash(text: &str, item: &Place) -> Option<usize> {
    let dash = dash_of(text, item.start as usize)?;
    Some(text.get(start_of_line(text, dash)..dash)?.chars().count())
}

pub(super) fn start_of_line(text: &str, at: usize) -> usize {
    text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |end| end + 1)
}

/// Where the next line begins, or the text's end when its last line has no line break, which is told.
pub(super) fn next_line(text: &str, at: usize) -> (usize, bool) {
    match text.get(at..).and_then(|rest| rest.find('\n')) {
        Some(end) => (at + end + 1, false),
        None => (text.len(), !text.is_empty() && !text.ends_with('\n')),
    }
}

pub(super) fn insertion(near: &Place, text: &str, at: usize) -> Place {
    cut(near, text, at, at).place
}

/// The removal of a stretch of text.
pub(super) fn cut(near: &Place, text: &str, start: usize, end: usize) -> Edit {
    let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    let before = text.get(..start).unwrap_or_default();
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    let place = Place {
        file: near.file.clone(),
        line: line_at(near, text, start),
        column: offset(column),
        start: offset(start),
        end: offset(end),
    };
    Edit { place, text: String::new() }
}

/// The line of a byte, counted from a place nearby: from the text's start it would take as long as the text is.
fn line_at(near: &Place, text: &str, at: usize) -> u32 {
    let known = near.start as usize;
    let between = text.get(known.min(at)..known.max(at)).unwrap_or_default();
    let breaks = u32::try_from(between.matches('\n').count()).unwrap_or(u32::MAX);
    if at < known { near.line.saturating_sub(breaks) } else { near.line.saturating_add(breaks) }
}
