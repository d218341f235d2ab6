//! Files of settings: which keys they state, with their texts and places.
//!
//! A setting has a name such as `log.level`: `level` in the mapping `log`. Values stay texts, just as they are written; what they
//! mean, and whether that makes sense, is for whoever has the settings. A key that is no setting is an error.

use std::sync::Arc;

use podfence_model::Place;

use crate::decode::{Fields, Item};
use crate::diagnostic::Diagnostic;
use crate::input::{Input, Reader, Text};
use crate::read::{Refused, report_problem};
use crate::sink::Sink;
use crate::source_map::SourceMap;
use crate::yaml::Documents;

/// A setting that a file states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stated {
    /// Its name, with dots.
    pub name: &'static str,
    /// Its values: one, or those of a list.
    pub values: Vec<String>,
    /// Where the value, or the list, is.
    pub place: Place,
}

/// A file of settings that was read without an error.
#[derive(Debug, Clone, Default)]
pub struct StatedSettings {
    /// In the order of the names asked for.
    pub stated: Vec<Stated>,
    /// The text, for messages.
    pub sources: SourceMap,
}

/// Reads a file that may state settings of these names. A file without anything states nothing.
///
/// # Errors
/// When it cannot be read, is no YAML, or states something else.
pub fn settings(input: &Input, names: &[&'static str]) -> Result<StatedSettings, Refused> {
    let mut reader = Reader::default();
    reader.read(input);
    let Reader { texts, mut found, .. } = reader;
    let (mut stated, mut sources) = (Vec::new(), SourceMap::default());
    for Text { name, text } in texts {
        let sink = Sink::new(Arc::clone(&name));
        read_text(&text, &sink, names, &mut stated);
        found.extend(sink.into_found());
        sources.insert(name, text);
    }
    if found.iter().any(Diagnostic::is_error) {
        return Err(Refused { diagnostics: found, sources });
    }
    Ok(StatedSettings { stated, sources })
}

fn read_text(text: &str, sink: &Sink, names: &[&'static str], into: &mut Vec<Stated>) {
    for document in Documents::new(text) {
        for problem in &document.problems {
            report_problem(sink, problem);
        }
        let Some(root) = &document.root else { continue };
        let item = Item::new(sink, root, "document");
        if !item.is_null() {
            let named: Vec<Named> = names.iter().map(|name| Named { name, rest: name }).collect();
            item.mapping().into_iter().for_each(|fields| read_mapping(fields, &named, into));
        }
    }
}

/// A setting, and what of its name is below the mapping that is being read.
#[derive(Clone, Copy)]
struct Named {
    name: &'static str,
    rest: &'static str,
}

fn read_mapping(mut fields: Fields<'_>, names: &[Named], into: &mut Vec<Stated>) {
    let mut folders: Vec<&'static str> = Vec::new();
    for Named { name, rest } in names {
        match rest.split_once('.') {
            None => into.extend(fields.get(rest).and_then(|item| stated(name, item))),
            Some((folder, _)) if folders.contains(&folder) => {}
            Some((folder, _)) => folders.push(folder),
        }
    }
    for folder in folders {
        let below = |named: &Named| {
            let (head, rest) = named.rest.split_once('.')?;
            (head == folder).then_some(Named { rest, ..*named })
        };
        let below: Vec<Named> = names.iter().filter_map(below).collect();
        if let Some(fields) = fields.mapping(folder) {
            read_mapping(fields, &below, into);
        }
    }
    fields.finish(|key| nested(key, names));
}

/// What to write in place of a key with the dots of a name: a mapping for each of them.
fn nested(key: &str, names: &[Named]) -> Option<String> {
    names.iter().find(|named| named.rest == key)?;
    let (folder, rest) = key.split_once('.')?;
    Some(format!("write `{rest}` below `{folder}`, in a mapping: `{folder}: {{{rest}: ...}}`"))
}

fn stated(name: &'static str, item: Item<'_>) -> Option<Stated> {
    let texts = |items: &mut dyn Iterator<Item = Item<'_>>| -> Option<Vec<String>> {
        items.map(|item| item.written().map(str::to_owned)).collect()
    };
    let values = if item.is_list() { texts(&mut item.list()?) } else { texts(&mut std::iter::once(item)) }?;
    Some(Stated { name, values, place: item.place() })
}
