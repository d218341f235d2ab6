//! Linting one example.

use std::fmt::Write as _;

use podfence_analysis::assumed::add_cluster_dns;
use podfence_engine::Engine;
use podfence_lint::{Finding, Report, Rule, Selection, fix, lint, refused};
use podfence_source::{Input, Options, SourceMap, read};

/// The name that places in examples have.
const NAME: &str = "example.yaml";

/// Everything found in a text, with facts about the cluster beside it.
pub fn findings(text: &str, cluster: &str) -> (Report, SourceMap) {
    let input = |name: &str, text: &str| Input::Bytes { name: name.to_owned(), bytes: drawn(text).into() };
    let mut inputs = vec![input(NAME, text)];
    inputs.extend((!cluster.is_empty()).then(|| input("cluster.yaml", cluster)));
    let selection = Selection::default();
    match read(&inputs, &Options::default()) {
        Ok(mut loaded) => {
            add_cluster_dns(&mut loaded.world);
            let engine = Engine::new(&loaded.world);
            let report = lint(&loaded.world, &engine, &loaded.sources, &loaded.notes, &selection);
            (report, loaded.sources)
        }
        Err(found) => (refused(&found.diagnostics, &selection), found.sources),
    }
}

/// What pages draw because nobody could see it: NUL bytes and tabs.
fn drawn(text: &str) -> String {
    text.replace('␀', "\0").replace('→', "\t")
}

/// What one rule says of a text, as its page shows it; empty when it says nothing.
pub fn said(rule: &Rule, text: &str, cluster: &str) -> String {
    let (report, _) = findings(text, cluster);
    report.findings.iter().filter(|finding| finding.rule == rule).map(show).collect()
}

/// What all rules say of a text.
pub fn all(text: &str, cluster: &str) -> String {
    findings(text, cluster).0.findings.iter().map(show).collect()
}

fn show(finding: &Finding) -> String {
    let diagnostic = &finding.diagnostic;
    let mut shown = format!("{}: {}\n", diagnostic.severity, diagnostic.message);
    for label in &diagnostic.labels {
        let place = &label.place;
        let text = if label.text.is_empty() { String::new() } else { format!(" {}", label.text) };
        let _ = writeln!(shown, "  {}:{}{text}", place.line, place.column);
    }
    if let Some(help) = &diagnostic.help {
        let _ = writeln!(shown, "  help: {help}");
    }
    shown
}

/// A text after the edits of one rule's findings, made until there are none left.
pub fn mended(rule: &Rule, text: &str, cluster: &str) -> String {
    let mut text = text.to_owned();
    for _ in 0..10 {
        let (report, sources) = findings(&text, cluster);
        let own = report.findings.iter().filter(|finding| finding.rule == rule);
        match fix(own, |_| true, &sources).into_iter().find(|fixed| &*fixed.file == NAME) {
            Some(fixed) => text = fixed.text,
            None => break,
        }
    }
    text
}

/// What other rules find in the mended text as errors, and did not in the one before.
pub fn new_errors(before: &str, after: &str, cluster: &str) -> Vec<String> {
    let errors = |text: &str| -> Vec<String> {
        let (report, _) = findings(text, cluster);
        let errors = report.findings.into_iter().filter(|finding| finding.diagnostic.is_error());
        errors.map(|finding| finding.diagnostic.message).collect()
    };
    let known = errors(before);
    errors(after).into_iter().filter(|message| !known.contains(message)).collect()
}
