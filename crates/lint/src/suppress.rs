//! Findings that the author knows of: comments and annotations that say so.
//!
//! `# podfence: ignore CODE, CODE -- reason` behind a line or on lines of its own above it holds for findings whose main place
//! is on that line; above the first line of an object it holds for the whole object. The annotation
//! `podfence.dev/lint-ignore: CODE, CODE` holds for the object and survives tools that drop comments.

use std::sync::Arc;

use podfence_model::Place;
use podfence_source::{Diagnostic, SourceMap};

use crate::context::Context;
use crate::finding::{Finding, Fix};
use crate::rules::{self, UNUSED_SUPPRESSION};

/// What begins a comment of ours.
const MARK: &str = "# podfence: ignore ";
/// The annotation.
pub(crate) const ANNOTATION: &str = "podfence.dev/lint-ignore";

/// One comment, and the line it is about.
struct Comment {
    place: Place,
    codes: Vec<String>,
    /// The line, from 1.
    about: u32,
    used: bool,
}

/// All comments of the inputs.
pub(crate) struct Suppressions(Vec<Comment>);

impl Suppressions {
    pub(crate) fn of(sources: &SourceMap) -> Self {
        let marked = sources.texts().filter(|(_, text)| text.contains(MARK));
        Self(marked.flat_map(|(file, text)| comments(file, text)).collect())
    }

    /// Whether somebody wants not to hear of a finding.
    pub(crate) fn holds(&mut self, finding: &Finding, context: &Context<'_>) -> bool {
        let places: Vec<&Place> = finding.place().into_iter().chain(context.origin_of(finding)).collect();
        let mut held = false;
        for comment in &mut self.0 {
            let here = |place: &&Place| place.file == comment.place.file && place.line == comment.about;
            if places.iter().any(here) && comment.codes.iter().any(|code| code == finding.rule.code) {
                comment.used = true;
                held = true;
            }
        }
        held || context.annotated(finding, ANNOTATION).is_some_and(|codes| listed(codes, finding.rule.code))
    }

    /// Comments that no finding needed, or that name no rule.
    pub(crate) fn unused(self) -> impl Iterator<Item = Finding> {
        self.0.into_iter().filter(|comment| !comment.used).map(|comment| {
            let unknown = comment.codes.iter().find(|code| rules::find(code).is_none());
            let message = match unknown {
                Some(code) => format!("there is no rule `{code}`"),
                None => format!("nothing here is found by {}", comment.codes.join(", ")),
            };
            let rule = &UNUSED_SUPPRESSION;
            let diagnostic =
                Diagnostic::new(rule.severity, rule.code, message).at(comment.place, "take it out");
            Finding { rule, object: None, diagnostic, fix: Fix::None }
        })
    }
}

fn listed(codes: &str, code: &str) -> bool {
    codes.split(',').any(|one| one.trim() == code)
}

fn comments(file: &Arc<str>, text: &str) -> Vec<Comment> {
    let lines: Vec<&str> = text.split('\n').collect();
    let mut offset = 0;
    let mut found = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        if let Some(column) = line.find(MARK) {
            let alone = line[..column].trim().is_empty();
            let about = if alone { below(&lines, index) } else { index };
            let codes = line[column + MARK.len()..].split("--").next().unwrap_or_default();
            let place = Place {
                file: Arc::clone(file),
                line: small(index + 1),
                column: small(line[..column].chars().count() + 1),
                start: small(offset + column),
                end: small(offset + line.trim_end().len()),
            };
            let codes = codes.split(',').map(|code| code.trim().to_owned()).collect();
            found.push(Comment { place, codes, about: small(about + 1), used: false });
        }
        offset += line.len() + 1;
    }
    found
}

/// The next line that says something.
fn below(lines: &[&str], index: usize) -> usize {
    let says_nothing = |line: &str| {
        let line = line.trim();
        line.is_empty() || line.starts_with('#') || line == "---"
    };
    let rest = lines.iter().enumerate().skip(index + 1);
    rest.filter(|(_, line)| !says_nothing(line)).map(|(i, _)| i).next().unwrap_or(index)
}

fn small(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
