//! From inputs to a world: the entry point of the crate.

use std::sync::Arc;

use podfence_model::World;

use crate::aside;
use crate::code::Code;
use crate::decode::Item;
use crate::diagnostic::Diagnostic;
use crate::gather::Gathered;
use crate::input::{Input, Reader, Text};
use crate::kinds;
use crate::sink::Sink;
use crate::source_map::SourceMap;
use crate::yaml::{Document, Documents, Problem, Span};

/// How to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The namespace of objects that state none; `default` unless said otherwise.
    pub default_namespace: String,
    /// Whether inputs without any object are good, too.
    pub may_be_empty: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { default_namespace: "default".to_owned(), may_be_empty: false }
    }
}

/// Inputs that were read without an error.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// Every object, as stated; workloads are not expanded to pods.
    pub world: World,
    /// Warnings and notes.
    pub notes: Vec<Diagnostic>,
    /// The texts, for messages about the world.
    pub sources: SourceMap,
}

/// Inputs that are refused. Nothing is decided on half of what somebody wrote.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{}", one_line(.diagnostics))]
pub struct Refused {
    /// Everything found in all inputs, with at least one error.
    pub diagnostics: Vec<Diagnostic>,
    /// The texts, for messages.
    pub sources: SourceMap,
}

fn one_line(diagnostics: &[Diagnostic]) -> String {
    let mut errors = diagnostics.iter().filter(|d| d.is_error());
    let first = errors.next().map_or_else(String::new, ToString::to_string);
    match errors.count() {
        0 => first,
        more => format!("{first} (and {more} more)"),
    }
}

/// Reads manifests. All errors of all inputs are collected before it gives up.
pub fn read(inputs: &[Input], options: &Options) -> Result<Loaded, Refused> {
    let mut reader = Reader::default();
    for input in inputs {
        reader.read(input);
    }
    let Reader { mut texts, mut found, .. } = reader;
    aside::without_templates(&mut texts, &mut found);
    let mut gathered = Gathered::new(found);
    let mut sources = SourceMap::read_with(options.clone());
    for Text { name, text } in texts {
        read_text(&name, &text, &mut gathered, options);
        sources.insert(name, text);
    }
    let Gathered { world, found, objects, .. } = gathered;
    // Where nothing else is there, what each file is matters.
    let mut found = if objects > 0 { aside::folded(found) } else { found };
    if objects == 0 && !options.may_be_empty && !found.iter().any(Diagnostic::is_error) {
        found.push(Code::NoObjects.error("the input holds no Kubernetes object"));
    }
    if found.iter().any(Diagnostic::is_error) {
        return Err(Refused { diagnostics: found, sources });
    }
    Ok(Loaded { world, notes: found, sources })
}

fn read_text(name: &Arc<str>, text: &str, gathered: &mut Gathered, options: &Options) {
    let sink = Sink::new(Arc::clone(name));
    let mut empty = true;
    for Document { root, problems } in Documents::new(text) {
        empty &= problems.is_empty();
        for problem in &problems {
            report_problem(&sink, problem);
        }
        let Some(root) = root else { continue };
        let item = Item::new(&sink, &root, "document");
        if !item.is_null() {
            empty = false;
            kinds::read(item, gathered, &options.default_namespace);
        }
    }
    if empty {
        let start = Span { line: 1, column: 1, ..Span::default() };
        sink.report(Code::NoObjects.note("nothing here").at(sink.place(start), ""));
    }
    gathered.found.extend(sink.into_found());
}

/// Tells what is wrong with the text itself.
pub(crate) fn report_problem(sink: &Sink, problem: &Problem) {
    let mut diagnostic = problem.code().error(problem.to_string()).at(sink.place(problem.span()), "");
    if let Problem::DuplicateKey { first, .. } = problem {
        diagnostic = diagnostic.at(sink.place(*first), "first stated here");
    }
    diagnostic.help = problem.help().map(str::to_owned);
    sink.report(diagnostic);
}
