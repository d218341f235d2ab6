//! The tables of expected verdicts of a step, read and told of when they are wrong.

use std::fs;

use anyhow::Context;
use podfence_lab::expect::{self, Ask, TableError};
use podfence_lab::scenario::Step;
use podfence_model::World;
use podfence_report::diagnostic;
use podfence_source::{Diagnostic, SourceMap};

/// What the rows of a step speak about in its world; `None` when they cannot be read or speak about what is not there, which
/// has then been told.
pub(super) fn asks(step: &Step, world: &World, sources: &mut SourceMap) -> anyhow::Result<Option<Vec<Ask>>> {
    let mut rows = Vec::new();
    for file in &step.verdicts {
        let (name, text) = (file.display().to_string(), fs::read_to_string(file));
        let text = text.with_context(|| format!("cannot read {name}"))?;
        sources.insert(name.as_str().into(), text.as_str().into());
        match expect::read(&name, &text) {
            Ok(read) => rows.extend(read),
            Err(wrong) => return Ok(refuse(&wrong, sources)),
        }
    }
    match expect::ask(world, rows) {
        Ok(asks) => Ok(Some(asks)),
        Err(wrong) => Ok(refuse(&wrong, sources)),
    }
}

/// Tells what is wrong with a table of verdicts.
fn refuse<T>(wrong: &[TableError], sources: &SourceMap) -> Option<T> {
    for TableError { place, message, help } in wrong {
        let told = Diagnostic::error("verdict-table", message).at(place.clone(), "").help(help);
        anstream::eprintln!("{}", diagnostic::render(&told, sources));
    }
    None
}
