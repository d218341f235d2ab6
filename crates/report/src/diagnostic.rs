//! What the reader of manifests found, drawn as rustc draws its messages.

use annotate_snippets::{AnnotationKind, Group, Level, Message, Origin};
use podfence_model::Place;
use podfence_source::{Diagnostic, Label, Severity, SourceMap};

use crate::foreign::{lines, shown};
use crate::snippet::{Window, is_in_long_line, renderer};

/// One finding as styled text with the lines it is about, ending in a line break.
pub fn render(diagnostic: &Diagnostic, sources: &SourceMap) -> String {
    let mut groups = vec![main_group(diagnostic, sources)];
    groups.extend(patch_group(diagnostic, sources));
    format!("{}\n", lines(&renderer().render(&groups)))
}

fn level(severity: Severity) -> Level<'static> {
    match severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    }
}

fn main_group<'a>(diagnostic: &'a Diagnostic, sources: &'a SourceMap) -> Group<'a> {
    let title = level(diagnostic.severity).primary_title(diagnostic.message.as_str()).id(diagnostic.code);
    let mut group = Group::with_title(title);
    for (i, file) in files(diagnostic).into_iter().enumerate() {
        group = annotate(group, diagnostic, sources, file, i == 0);
    }
    group.elements(help_without_patch(diagnostic))
}

/// The files of the labels, the main one first.
fn files(diagnostic: &Diagnostic) -> Vec<&str> {
    let mut files: Vec<&str> = Vec::new();
    for label in &diagnostic.labels {
        if !files.contains(&label.place.file.as_ref()) {
            files.push(&label.place.file);
        }
    }
    files
}

fn annotate<'a>(
    group: Group<'a>,
    diagnostic: &'a Diagnostic,
    sources: &'a SourceMap,
    file: &str,
    main: bool,
) -> Group<'a> {
    let labels: Vec<&Label> = diagnostic.labels.iter().filter(|l| l.place.file.as_ref() == file).collect();
    if labels.iter().any(|label| is_in_long_line(sources, &label.place)) {
        let each = labels.iter().enumerate();
        return each.fold(group, |group, (i, label)| marked(group, &[label], sources, main && i == 0));
    }
    marked(group, &labels, sources, main)
}

/// Draws the lines around some labels of one file.
fn marked<'a>(group: Group<'a>, labels: &[&'a Label], sources: &'a SourceMap, main: bool) -> Group<'a> {
    let places: Vec<&Place> = labels.iter().map(|l| &l.place).collect();
    let Some(window) = Window::around(sources, &places) else {
        return group.elements(places.first().map(|place| origin(place)));
    };
    let kind = |i| if main && i == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
    let marks = labels.iter().enumerate().filter_map(|(i, l)| window.mark(kind(i), &l.place, &l.text));
    group.element(window.snippet().annotations(marks))
}

fn origin(place: &Place) -> Origin<'_> {
    Origin::path(shown(&place.file)).line(place.line as usize).char_column(place.column as usize)
}

/// The help as a message of its own; with a patch it is the patch's title instead.
fn help_without_patch(diagnostic: &Diagnostic) -> Option<Message<'_>> {
    let help = diagnostic.help.as_deref().filter(|_| diagnostic.patch.is_empty())?;
    Some(Level::HELP.message(help))
}

fn patch_group<'a>(diagnostic: &'a Diagnostic, sources: &'a SourceMap) -> Option<Group<'a>> {
    let places: Vec<&Place> = diagnostic.patch.iter().map(|e| &e.place).collect();
    let window = Window::around(sources, &places)?;
    let patches = diagnostic.patch.iter().filter_map(|e| window.patch(&e.place, &e.text));
    let title = Level::HELP.secondary_title(diagnostic.help.as_deref().unwrap_or("write this instead"));
    Some(Group::with_title(title).element(window.snippet().patches(patches)))
}
