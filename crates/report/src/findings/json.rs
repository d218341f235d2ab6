//! Findings for programs: `docs/schemas/lint-v1.json`.

use podfence_lint::{Finding, Fix, Report};
use podfence_model::{ObjectRef, Place};
use podfence_source::{Label, SourceMap};
use serde::Serialize;

use super::counts::Counts;
use super::documentation;
use super::region::Region;
use crate::json::Document;

#[derive(Serialize)]
struct View {
    errors: usize,
    warnings: usize,
    notes: usize,
    suppressed: usize,
    findings: Vec<FindingView>,
}

#[derive(Serialize)]
pub(crate) struct FindingView {
    rule: &'static str,
    family: &'static str,
    severity: String,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<ObjectView>,
    places: Vec<PlaceView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<FixView>,
    documentation: String,
}

#[derive(Serialize)]
struct ObjectView {
    kind: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    namespace: String,
    name: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PlaceView {
    file: String,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
    #[serde(skip_serializing_if = "String::is_empty")]
    label: String,
}

#[derive(Serialize)]
struct FixView {
    safe: bool,
    edits: Vec<EditView>,
}

#[derive(Serialize)]
struct EditView {
    #[serde(flatten)]
    place: PlaceView,
    start: u32,
    end: u32,
    text: String,
}

/// All findings as JSON.
pub fn json(report: &Report, sources: &SourceMap) -> String {
    let counts = Counts::of(&report.findings);
    let view = View {
        errors: counts.errors,
        warnings: counts.warnings,
        notes: counts.notes,
        suppressed: report.suppressed,
        findings: report.findings.iter().map(|finding| view(finding, sources)).collect(),
    };
    Document::new("lint-v1", view).text()
}

pub(crate) fn view(finding: &Finding, sources: &SourceMap) -> FindingView {
    let diagnostic = &finding.diagnostic;
    FindingView {
        rule: finding.rule.code,
        family: finding.rule.family.name(),
        severity: diagnostic.severity.to_string(),
        message: diagnostic.message.clone(),
        object: finding.object.as_ref().map(object),
        places: diagnostic.labels.iter().map(|Label { place: at, text }| place(at, text, sources)).collect(),
        help: diagnostic.help.clone(),
        fix: fix(finding, sources),
        documentation: documentation(finding.rule),
    }
}

fn object(object: &ObjectRef) -> ObjectView {
    ObjectView {
        kind: object.kind.to_string(),
        namespace: object.namespace.clone(),
        name: object.name.clone(),
    }
}

fn place(place: &Place, label: &str, sources: &SourceMap) -> PlaceView {
    let Region { line, column, end_line, end_column } = Region::of(place, sources);
    PlaceView { file: place.file.to_string(), line, column, end_line, end_column, label: label.to_owned() }
}

fn fix(finding: &Finding, sources: &SourceMap) -> Option<FixView> {
    let edits = finding.diagnostic.patch.iter().map(|edit| EditView {
        place: place(&edit.place, "", sources),
        start: edit.place.start,
        end: edit.place.end,
        text: edit.text.clone(),
    });
    (finding.fix != Fix::None).then(|| FixView { safe: finding.fix == Fix::Safe, edits: edits.collect() })
}
