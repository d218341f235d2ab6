//! Changes of the text of an input: new fields and items in its own style of writing, and making them.
//!
//! Edits keep all that they are not about, comments and blank lines included. Where a change cannot be made by one sure edit
//! (flow style, values behind an alias, two keys on a line) there is none: who asks gets `None` and says it in words instead.
//! Start with [`apply`], and the methods of [`View`] and [`Field`] here.

use podfence_model::Place;

use crate::diagnostic::Edit;
use crate::outline::{Field, View};

/// Why edits cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// Two edits change the same text.
    #[error("{0} and {1} would change the same text")]
    Overlap(Place, Place),
    /// The text has no such place.
    #[error("{0} is not in the text")]
    Outside(Place),
}

/// A text with edits made, all of which must be of this text. Insertions at one place keep their order; one edit that is
/// given twice is made once.
pub fn apply<'e>(text: &str, edits: impl IntoIterator<Item = &'e Edit>) -> Result<String, EditError> {
    let mut edits: Vec<&Edit> = edits.into_iter().collect();
    edits.sort_by_key(|edit| (edit.place.start, edit.place.end));
    edits.dedup();
    let mut changed = String::with_capacity(text.len());
    let mut done = 0;
    let mut last: Option<&Edit> = None;
    for edit in edits {
        if let Some(last) = last.filter(|last| last.place.end > edit.place.start) {
            return Err(EditError::Overlap(last.place.clone(), edit.place.clone()));
        }
        let (start, end) = (edit.place.start as usize, edit.place.end as usize);
        let outside = || EditError::Outside(edit.place.clone());
        text.get(start..end).ok_or_else(outside)?;
        changed.push_str(text.get(done..start).ok_or_else(outside)?);
        changed.push_str(&edit.text);
        done = end;
        last = Some(edit);
    }
    changed.push_str(text.get(done..).unwrap_or_default());
    Ok(changed)
}

impl View<'_, '_> {
    /// Writes another scalar in the place of this one, with the quotes that this one has.
    pub fn replace_scalar(&self, value: &str) -> Option<Edit> {
        self.text()?;
        let place = self.place();
        let old = self.input().get(place.start as usize..place.end as usize)?;
        let quote =
            old.chars().next().filter(|c| ['"', '\''].contains(c) && old.len() > 1 && old.ends_with(*c));
        let text = quote.map_or_else(|| value.to_owned(), |quote| format!("{quote}{value}{quote}"));
        Some(Edit { place, text })
    }

    /// Writes something else in the place of this value.
    pub fn replace(&self, text: impl Into<String>) -> Edit {
        Edit { place: self.place(), text: text.into() }
    }

    /// Adds a field at the end of a block mapping: `block` is `key: value`, its further lines indented relative to the key.
    pub fn add_field(&self, block: &str) -> Option<Edit> {
        let first = self.fields().next()?;
        self.append(indent_of(&first.key_place()), block)
    }

    /// Adds an item at the end of a block list: `block` is what stands behind `- `, its further lines indented relative to
    /// its first one's text.
    pub fn add_item(&self, block: &str) -> Option<Edit> {
        let first = self.items().next()?.place();
        let item: Vec<String> = block
            .lines()
            .enumerate()
            .map(|(i, line)| format!("{}{line}", if i == 0 { "- " } else { "  " }))
            .collect();
        self.append(indent_of_dash(self.input(), &first)?, &item.join("\n"))
    }

    /// Adds an item at the end of a list in brackets: `flow` is the item, in one line.
    pub fn add_flow_item(&self, flow: &str) -> Option<Edit> {
        let last = self.items().last().filter(|_| self.is_flow())?.place();
        let place = Place { start: last.end, ..last };
        (place.end < self.place().end).then(|| Edit { place, text: format!(", {flow}") })
    }

    /// Takes an item out of a list, with the lines it fills alone. `None` where that would leave the list empty.
    pub fn remove_item(&self, index: usize) -> Option<Edit> {
        let items: Vec<Place> = self.items().map(|item| item.place()).collect();
        let (place, text) = (items.get(index)?, self.input());
        let (before, behind) = (index.checked_sub(1).and_then(|at| items.get(at)), items.get(index + 1));
        let (start, end) = (place.start as usize, place.end as usize);
        if self.is_flow() {
            return match (before, behind) {
                (_, Some(next)) => Some(cut(place, text, start, next.start as usize)),
                (Some(last), None) => Some(cut(place, text, last.end as usize, end)),
                (None, None) => None,
            };
        }
        let line = start_of_line(text, start);
        let alone = text.get(line..start)?.chars().all(|c| [' ', '-'].contains(&c));
        (alone && items.len() > 1).then(|| cut(place, text, line, next_line(text, end).0))
    }

    /// Makes the fields of this item of a block list part of the item before it: its dash goes, its comments stay.
    pub fn undash(&self) -> Option<Edit> {
        let start = self.place().start as usize;
        let line = start_of_line(self.input(), start);
        let before = self.input().get(line..start)?;
        let alone = before.trim_matches(' ') == "-";
        if !alone || self.is_flow() || self.fields().next().is_none() {
            return None;
        }
        let dash = line + before.find('-')?;
        let blank = cut(&self.place(), self.input(), dash, dash + 1);
        Some(Edit { text: " ".to_owned(), ..blank })
    }

    /// Adds lines behind the last line of a block collection.
    fn append(&self, indent: usize, block: &str) -> Option<Edit> {
        if self.is_flow() {
            return None;
        }
        let place = self.place();
        let (at, newline_first) = next_line(self.input(), place.end as usize);
        let margin = " ".repeat(indent);
        let lines = block.lines().map(|line| format!("{}{line}", if line.is_empty() { "" } else { &margin }));
        let line = |line: String| if newline_first { format!("\n{line}") } else { format!("{line}\n") };
        let text = lines.map(line).collect();
        Some(Edit { place: insertion(&place, self.input(), at), text })
    }
}

impl Field<'_, '_> {
    /// Takes the field out, with the lines it fills alone. `None` where that would leave its mapping empty.
    pub fn remove(&self) -> Option<Edit> {
        let (text, place) = (self.value.input(), self.place());
        if self.owner().is_flow() || self.is_alias() {
            return None;
        }
        let keys: Vec<Place> = self.owner().fields().map(|field| field.key_place()).collect();
        let index = keys.iter().position(|key| key.start == place.start)?;
        let line_start = start_of_line(text, place.start as usize);
        let alone = text.get(line_start..place.start as usize)?.chars().all(|c| c == ' ');
        match keys.get(index + 1) {
            _ if keys.len() == 1 => None,
            // Behind a list's `- `: the next key takes its place.
            Some(next) if !alone => Some(cut(&place, text, place.start as usize, next.start as usize)),
            _ => {
                let (end, _) = next_line(text, place.end as usize);
                Some(cut(&place, text, line_start, end))
            }
        }
    }

    /// Writes another value behind the key: `block` as in [`View::add_field`], without the key. It begins with a line
    /// break where the value stands below its key.
    pub fn set(&self, block: &str) -> Option<Edit> {
        if self.is_alias() {
            return None;
        }
        let key = self.key_place();
        let indent = " ".repeat(indent_of(&key));
        let mut place = self.value.place();
        if place.start == key.start {
            // Nothing is written behind the key.
            let colon = self.value.input().get(key.end as usize..)?.find(':')?;
            place.start = key.end + u32::try_from(colon + 1).ok()?;
            place.end = place.start;
        } else {
            place.start =
                key.end + u32::try_from(self.value.input().get(key.end as usize..)?.find(':')? + 1).ok()?;
        }
        let lines = block.lines().enumerate().map(|(i, line)| match (i, line) {
            (0, "") => String::new(),
            (0, first) => format!(" {first}"),
            (_, line) => format!("\n{indent}{line}"),
        });
        let text = lines.collect();
        Some(Edit { place, text })
    }

    /// Whether the value is written elsewhere, behind an anchor.
    fn is_alias(&self) -> bool {
        let (key, value) = (self.key_place(), self.value.place());
        value.start < key.start || self.owner().place().end < value.end
    }
}

/// Columns before a key.
fn indent_of(place: &Place) -> usize {
    (place.column as usize).saturating_sub(1)
}

/// Columns before the dash of an item, which stands on the item's own line.
fn indent_of_dash(text: &str, item: &Place) -> Option<usize> {
    let start = item.start as usize;
    let before = text.get(start_of_line(text, start)..start)?.trim_end().strip_suffix('-')?;
    Some(before.chars().count())
}

fn start_of_line(text: &str, at: usize) -> usize {
    text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |end| end + 1)
}

/// Where the next line begins, or the text's end when its last line has no line break, which is told.
fn next_line(text: &str, at: usize) -> (usize, bool) {
    match text.get(at..).and_then(|rest| rest.find('\n')) {
        Some(end) => (at + end + 1, false),
        None => (text.len(), !text.is_empty() && !text.ends_with('\n')),
    }
}

fn insertion(near: &Place, text: &str, at: usize) -> Place {
    cut(near, text, at, at).place
}

/// The removal of a stretch of text.
fn cut(near: &Place, text: &str, start: usize, end: usize) -> Edit {
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
