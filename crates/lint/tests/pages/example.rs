//! Linting one example.

use std::fmt::Write as _;

use podfence_analysis::assumed::add_cluster_dns;
use podfence_analysis::diff::{Snapshot, diff};
use podfence_engine::Engine;
use podfence_lint::{Finding, Report, Rule, Selection, fix, lint, refused};
use podfence_model::World;
use podfence_report::diff::text;
use podfence_source::{Input, Options, SourceMap, read};

/// The name that places in examples have.
const NAME: &str = "example.yaml";

/// Everything found in a text, with facts about the cluster beside it.
pub fn findings(text: &str, cluster: &str) -> (Report, SourceMap) {
    let selection = Selection::default();
    match read(&inputs(text, cluster), &Options::default()) {
        Ok(mut loaded) => {
            add_cluster_dns(&mut loaded.world);
            let engine = Engine::new(&loaded.world);
            let report = lint(&loaded.world, &engine, &loaded.sources, &loaded.notes, &selection);
            (report, loaded.sources)
        }
        Err(found) => (refused(&found.diagnostics, &selection), found.sources),
    }
}

fn inputs(text: &str, cluster: &str) -> Vec<Input> {
    let input = |name: &str, text: &str| Input::Bytes { name: name.to_owned(), bytes: drawn(text).into() };
    let cluster = (!cluster.is_empty()).then(|| input("cluster.yaml", cluster));
    [input(NAME, text)].into_iter().chain(cluster).collect()
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

/// Which connections the mended text changes, by the engine's word; `None` where one of the texts is refused.
pub fn changes(before: &str, after: &str, cluster: &str) -> Option<String> {
    let [old, new] = [world(before, cluster)?, world(after, cluster)?];
    let [old_engine, new_engine] = [Engine::new(&old), Engine::new(&new)];
    let old = Snapshot { world: &old, engine: &old_engine };
    let new = Snapshot { world: &new, engine: &new_engine };
    let told = text(&diff(old, new));
    let plain = anstream::adapter::strip_str(&told).to_string();
    let changes = plain.lines().filter(|line| line.contains(" → ") || line.starts_with("EQUAL"));
    Some(changes.flat_map(|line| [line.trim_end(), "\n"]).collect())
}

/// The world of a text that is not refused.
fn world(text: &str, cluster: &str) -> Option<World> {
    let mut world = read(&inputs(text, cluster), &Options::default()).ok()?.world;
    add_cluster_dns(&mut world);
    Some(world)
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
