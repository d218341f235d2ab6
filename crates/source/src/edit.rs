//! Changes of the text of an input: new fields and items in its own style of writing, and making them.
//!
//! Edits keep all that they are not about, comments and blank lines included. Each is made in memory first, and the text parsed
//! again (`surely`): where that gives anything but the tree that is meant (flow style, values behind an alias, two keys on a
//! line) there is no edit: who asks gets `None` and says it in words instead. `lines` knows where lines and dashes are.
//! Start with [`apply`], and the methods of [`View`] and [`Field`] here.

mod lines;
mod surely;

use podfence_model::Place;

use crate::diagnostic::Edit;
use crate::outline::{Field, View};
use crate::yaml::{Entry, Node, Scalar, Value};
use lines::{cut, dash_of, indent_of, indent_of_dash, insertion, next_line, start_of_line};
use surely::{fragment, surely};

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

impl<'s> View<'_, 's> {
    /// Writes another scalar in the place of this one, with the quotes that this one has.
    pub fn replace_scalar(&self, value: &str) -> Option<Edit> {
        self.text()?;
        let place = self.place();
        let old = self.input().get(place.start as usize..place.end as usize)?;
        let quote =
            old.chars().next().filter(|c| ['"', '\''].contains(c) && old.len() > 1 && old.ends_with(*c));
        let text = quote.map_or_else(|| value.to_owned(), |quote| format!("{quote}{value}{quote}"));
        let scalar = Scalar { text: value.into(), plain: quote.is_none() };
        surely(self, Edit { place, text }, &Node { value: Value::Scalar(scalar), span: self.node().span })
    }

    /// Writes something else in the place of this value: further lines stand as they are to stand.
    pub fn replace(&self, text: impl Into<String>) -> Option<Edit> {
        let (place, text) = (self.place(), text.into());
        let block = format!("{}{text}", " ".repeat(indent_of(&place)));
        surely(self, Edit { place, text }, &fragment(&block)?)
    }

    /// Adds a field at the end of a block mapping: `block` is `key: value`, its further lines indented relative to the key.
    pub fn add_field(&self, block: &str) -> Option<Edit> {
        let first = self.fields().next()?;
        let edit = self.append(indent_of(&first.key_place()), block)?;
        let Value::Mapping(added) = fragment(block)?.value else { return None };
        let entries = self.entries().iter().cloned().chain(added).collect();
        surely(self, edit, &self.with(Value::Mapping(entries)))
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
        let edit = self.append(indent_of_dash(self.input(), &first)?, &item.join("\n"))?;
        surely(self, edit, &self.with_item(fragment(block)?))
    }

    /// Adds an item at the end of a list in brackets: `flow` is the item, in one line.
    pub fn add_flow_item(&self, flow: &str) -> Option<Edit> {
        let last = self.items().last().filter(|_| self.is_flow())?.place();
        let place = Place { start: last.end, ..last };
        surely(self, Edit { place, text: format!(", {flow}") }, &self.with_item(fragment(flow)?))
    }

    /// Takes an item out of a list, with the lines it fills alone. `None` where that would leave the list empty.
    pub fn remove_item(&self, index: usize) -> Option<Edit> {
        let items: Vec<Place> = self.items().map(|item| item.place()).collect();
        let (place, text) = (items.get(index)?, self.input());
        let (before, behind) = (index.checked_sub(1).and_then(|at| items.get(at)), items.get(index + 1));
        let (start, end) = (place.start as usize, place.end as usize);
        let edit = if self.is_flow() {
            match (before, behind) {
                (_, Some(next)) => cut(place, text, start, next.start as usize),
                (Some(last), None) => cut(place, text, last.end as usize, end),
                (None, None) => return None,
            }
        } else {
            let dash = dash_of(text, start)?;
            let line = start_of_line(text, dash);
            let alone = items.len() > 1 && text.get(line..dash)?.trim_matches(' ').is_empty();
            alone.then(|| cut(place, text, line, next_line(text, end).0))?
        };
        let kept = self.nodes().iter().enumerate().filter(|(at, _)| *at != index);
        surely(self, edit, &self.with(Value::Sequence(kept.map(|(_, node)| node.clone()).collect())))
    }

    /// Makes the fields of an item of a block list part of the item before it: its dash goes, its comments stay.
    pub fn undash(&self, index: usize) -> Option<Edit> {
        let (item, before) = (self.items().nth(index)?, index.checked_sub(1)?);
        let dash = dash_of(self.input(), item.place().start as usize)?;
        let edit = Edit { text: " ".to_owned(), ..cut(&item.place(), self.input(), dash, dash + 1) };
        let mut nodes = self.nodes().to_vec();
        let Value::Mapping(fields) = nodes.remove(index).value else { return None };
        let Value::Mapping(entries) = &mut nodes.get_mut(before)?.value else { return None };
        entries.extend(fields);
        surely(self, edit, &self.with(Value::Sequence(nodes)))
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

    /// This value with another content.
    fn with<'m>(&self, value: Value<'m>) -> Node<'m> {
        Node { value, span: self.node().span }
    }

    fn with_item<'m>(&self, item: Node<'m>) -> Node<'m>
    where
        's: 'm,
    {
        self.with(Value::Sequence(self.nodes().iter().cloned().chain([item]).collect()))
    }
}

impl Field<'_, '_> {
    /// Takes the field out, with the lines it fills alone. `None` where that would leave its mapping empty.
    pub fn remove(&self) -> Option<Edit> {
        let (text, place) = (self.value.input(), self.place());
        if self.owner().is_flow() {
            return None;
        }
        let keys: Vec<Place> = self.owner().fields().map(|field| field.key_place()).collect();
        let index = keys.iter().position(|key| key.start == place.start)?;
        let line_start = start_of_line(text, place.start as usize);
        let alone = text.get(line_start..place.start as usize)?.chars().all(|c| c == ' ');
        let edit = match keys.get(index + 1) {
            _ if keys.len() == 1 => return None,
            // Behind a list's `- `: the next key takes its place.
            Some(next) if !alone => cut(&place, text, place.start as usize, next.start as usize),
            _ => cut(&place, text, line_start, next_line(text, place.end as usize).0),
        };
        let kept = self.owner().entries().iter().enumerate().filter(|(at, _)| *at != index);
        let kept: Vec<Entry<'_>> = kept.map(|(_, entry)| entry.clone()).collect();
        surely(&self.owner(), edit, &self.owner().with(Value::Mapping(kept)))
    }

    /// Writes another key in the place of this one, without quotes.
    pub fn rename(&self, key: &str) -> Option<Edit> {
        let edit = Edit { place: self.key_place(), text: key.to_owned() };
        let mut entries = self.owner().entries().to_vec();
        let entry = entries.iter_mut().find(|entry| entry.key.text == self.key())?;
        entry.key.text = key.to_owned().into();
        surely(&self.owner(), edit, &self.owner().with(Value::Mapping(entries)))
    }

    /// Writes another value behind the key: `block` as in [`View::add_field`], without the key. It begins with a line
    /// break where the value stands below its key.
    pub fn set(&self, block: &str) -> Option<Edit> {
        let (key, value) = (self.key_place(), self.value.place());
        let colon = self.value.input().get(key.end as usize..)?.find(':')?;
        let start = key.end + u32::try_from(colon + 1).ok()?;
        // Where nothing is written behind the key, the value's place is the key's.
        let end = if value.start == key.start { start } else { value.end };
        let behind_key = |margin: &str| -> String {
            let lines = block.lines().enumerate().map(|(i, line)| match (i, line) {
                (0, "") => String::new(),
                (0, first) => format!(" {first}"),
                (_, line) => format!("\n{margin}{line}"),
            });
            lines.collect()
        };
        let place = Place { start, end, ..value };
        let edit = Edit { place, text: behind_key(&" ".repeat(indent_of(&key))) };
        let block = format!("key:{}", behind_key(""));
        let Value::Mapping(entries) = fragment(&block)?.value else { return None };
        surely(&self.value, edit, &entries.into_iter().next()?.value)
    }
}
