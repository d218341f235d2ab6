//! Files of expectations, in our own format or in that of netassert v2, to plain values with places.
//!
//! Read strictly: an unknown field, a claim that says nothing or two things is an error with a place. What ends, ports and
//! policies *mean* is for `podfence-analysis`, which knows a world. Start with [`expectations`]; `own` and `netassert` read one form each.

mod netassert;
mod own;

use std::sync::Arc;

use podfence_model::{Expectation, Word};

use crate::code::Code;
use crate::decode::{Fields, IntOrText, Item};
use crate::diagnostic::Diagnostic;
use crate::input::{Input, Reader, Text};
use crate::read::{Refused, report_problem};
use crate::sink::Sink;
use crate::source_map::SourceMap;
use crate::yaml::{Documents, Span};

/// One file of expectations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectationFile {
    /// Its name, as places give it.
    pub name: Arc<str>,
    /// What it expects, in its order; never empty.
    pub expectations: Vec<Expectation>,
}

/// Files that were read without an error.
#[derive(Debug, Clone)]
pub struct LoadedExpectations {
    /// The files, in the order of the inputs.
    pub files: Vec<ExpectationFile>,
    /// Warnings and notes.
    pub notes: Vec<Diagnostic>,
    /// The texts, for messages.
    pub sources: SourceMap,
}

/// Reads files of expectations. All errors are collected before it gives up.
pub fn expectations(inputs: &[Input]) -> Result<LoadedExpectations, Refused> {
    let mut reader = Reader::default();
    for input in inputs {
        reader.read(input);
    }
    let (mut files, mut found) = (Vec::new(), reader.found);
    let mut sources = SourceMap::default();
    for Text { name, text } in reader.texts {
        let sink = Sink::new(Arc::clone(&name));
        let expectations = of_text(&text, &sink);
        found.extend(sink.into_found().into_iter().map(about_star));
        files.push(ExpectationFile { name: Arc::clone(&name), expectations });
        sources.insert(name, text);
    }
    if found.iter().any(Diagnostic::is_error) {
        return Err(Refused { diagnostics: found, sources });
    }
    Ok(LoadedExpectations { files, notes: found, sources })
}

/// YAML takes a bare `*` for an alias, and says so in words that help nobody here.
fn about_star(found: Diagnostic) -> Diagnostic {
    let is_alias = found.code == Code::YamlSyntax.word() && found.message.contains("alias");
    if is_alias { found.help("a name that begins with `*` needs quotes: \"*\"") } else { found }
}

fn of_text(text: &str, sink: &Sink) -> Vec<Expectation> {
    let mut expectations = Vec::new();
    for document in Documents::new(text) {
        for problem in &document.problems {
            report_problem(sink, problem);
        }
        let Some(root) = &document.root else { continue };
        let item = Item::new(sink, root, "document");
        if item.is_null() {
            continue;
        }
        if item.is_list() {
            netassert::read(item, &mut expectations);
        } else {
            own::read(item, &mut expectations);
        }
    }
    if expectations.is_empty() && !sink.has_error() {
        let start = Span { line: 1, column: 1, ..Span::default() };
        let nothing = Code::NoExpectations.error("the file expects nothing");
        sink.report(nothing.at(sink.place(start), "").help("list expectations under `expect`"));
    }
    expectations
}

/// A text, or a number as a text, with its place.
fn word(item: Item<'_>) -> Option<Word> {
    let text = match item.int_or_text()? {
        IntOrText::Int(number) => number.to_string(),
        IntOrText::Text(text) => text.to_owned(),
    };
    if text.trim().is_empty() {
        item.error(Code::Expectation, format!("{item} is empty"), "");
        return None;
    }
    Some(Word { text: text.trim().to_owned(), place: item.place() })
}

/// One word, or a list of them; none when the field is absent.
fn words(fields: &mut Fields<'_>, name: &'static str) -> Vec<Word> {
    let words = any_words(fields, name);
    match fields.get(name) {
        Some(item) if item.is_list() && words.is_empty() => {
            item.error(Code::Expectation, format!("{item} is empty"), "");
        }
        _ => {}
    }
    words
}

/// The same where a list may be empty.
fn any_words(fields: &mut Fields<'_>, name: &'static str) -> Vec<Word> {
    match fields.get(name) {
        None => Vec::new(),
        Some(item) if item.is_list() => item.list().into_iter().flatten().filter_map(word).collect(),
        Some(item) => word(item).into_iter().collect(),
    }
}

/// Words that must be there.
fn required_words(fields: &mut Fields<'_>, name: &'static str) -> Vec<Word> {
    if fields.required(name).is_some() { words(fields, name) } else { Vec::new() }
}
