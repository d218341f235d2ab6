//! Findings as SARIF 2.1.0 (OASIS), which code hosts and editors read.

use podfence_lint::{Finding, Report, Rule, rules};
use podfence_model::Place;
use podfence_source::{Label, Severity, SourceMap};
use serde_json::{Value, json};

use super::documentation;
use super::region::{Region, uri};

/// The whole log: one run, with the rules that found something.
pub fn sarif(report: &Report, sources: &SourceMap) -> String {
    let found: Vec<&Rule> =
        rules::all().filter(|rule| report.findings.iter().any(|finding| finding.rule == *rule)).collect();
    let results: Vec<Value> =
        report.findings.iter().map(|finding| result(finding, &found, sources)).collect();
    let log = json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "podfence",
                "version": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": found.iter().map(|rule| descriptor(rule)).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    // Only strings, numbers and lists: nothing in it can fail to be written.
    serde_json::to_string_pretty(&log).unwrap_or_default() + "\n"
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

fn descriptor(rule: &Rule) -> Value {
    let page = rule.page();
    json!({
        "id": rule.code,
        "shortDescription": { "text": page.title },
        "fullDescription": { "text": page.summary() },
        "help": { "text": page.markdown(), "markdown": page.markdown() },
        "helpUri": documentation(rule),
        "defaultConfiguration": { "level": level(rule.severity) },
        "properties": { "tags": ["kubernetes", "networkpolicy", rule.family.name()] },
    })
}

fn result(finding: &Finding, found: &[&Rule], sources: &SourceMap) -> Value {
    let diagnostic = &finding.diagnostic;
    let help = diagnostic.help.as_ref().map(|help| format!("\n{help}")).unwrap_or_default();
    let mut result = json!({
        "ruleId": finding.rule.code,
        "ruleIndex": found.iter().position(|rule| *rule == finding.rule),
        "level": level(diagnostic.severity),
        "message": { "text": format!("{}{help}", diagnostic.message) },
    });
    let mut labels = diagnostic.labels.iter();
    if let Some(main) = labels.next() {
        let mut location = location(main, sources);
        if let Some(object) = &finding.object {
            location["logicalLocations"] = json!([{ "fullyQualifiedName": object.to_string() }]);
        }
        result["locations"] = json!([location]);
        let related: Vec<Value> = labels.map(|label| self::location(label, sources)).collect();
        if !related.is_empty() {
            result["relatedLocations"] = related.into();
        }
    }
    if !diagnostic.patch.is_empty() {
        result["fixes"] = json!([fix(finding, sources)]);
    }
    result
}

fn location(label: &Label, sources: &SourceMap) -> Value {
    let mut location = json!({ "physicalLocation": {
        "artifactLocation": { "uri": uri(&label.place.file) },
        "region": region(&label.place, sources),
    }});
    if !label.text.is_empty() {
        location["message"] = json!({ "text": label.text });
    }
    location
}

fn region(place: &Place, sources: &SourceMap) -> Value {
    let Region { line, column, end_line, end_column } = Region::of(place, sources);
    json!({ "startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column })
}

/// All edits of a finding, by file: they are to be made together.
fn fix(finding: &Finding, sources: &SourceMap) -> Value {
    let edits = &finding.diagnostic.patch;
    let mut files: Vec<&str> = edits.iter().map(|edit| edit.place.file.as_ref()).collect();
    files.dedup();
    let change = |file: &&str| {
        let own = edits.iter().filter(|edit| edit.place.file.as_ref() == *file);
        let replacement = |edit: &podfence_source::Edit| {
            json!({
                "deletedRegion": region(&edit.place, sources),
                "insertedContent": { "text": edit.text },
            })
        };
        json!({
            "artifactLocation": { "uri": uri(file) },
            "replacements": own.map(replacement).collect::<Vec<_>>(),
        })
    };
    let text = finding.diagnostic.help.as_deref().unwrap_or("write this instead");
    json!({
        "description": { "text": text },
        "artifactChanges": files.iter().map(change).collect::<Vec<_>>(),
    })
}
