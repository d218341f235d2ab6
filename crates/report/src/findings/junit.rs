//! Findings as test results: a suite for each input, a case for each finding.

use podfence_lint::{Finding, Report};
use podfence_source::{Severity, SourceMap};

use crate::diagnostic;
use crate::results::{Case, Status, Suite, Trouble};

/// The results as JUnit XML. Notes are skipped cases: they fail nobody's build. An input without a finding is one that passed.
pub fn junit(report: &Report, sources: &SourceMap) -> String {
    let file_of = |finding: &Finding| finding.place().map(|place| place.file.to_string());
    let about = |file: Option<&str>| -> Vec<&Finding> {
        report.findings.iter().filter(|finding| file_of(finding).as_deref() == file).collect()
    };
    let mut suites: Vec<Suite> =
        sources.files().map(|file| suite(file, &about(Some(file)), sources)).collect();
    let elsewhere = about(None);
    if !elsewhere.is_empty() || suites.is_empty() {
        suites.push(suite("input", &elsewhere, sources));
    }
    crate::junit::junit("podfence lint", &suites)
}

fn suite(name: &str, findings: &[&Finding], sources: &SourceMap) -> Suite {
    let mut cases: Vec<Case> = findings.iter().map(|finding| case(finding, sources)).collect();
    if cases.is_empty() {
        cases.push(Case {
            name: "no findings".to_owned(),
            class: name.to_owned(),
            place: None,
            status: Status::Passed,
        });
    }
    Suite { name: name.to_owned(), properties: Vec::new(), cases }
}

fn case(finding: &Finding, sources: &SourceMap) -> Case {
    let message = &finding.diagnostic.message;
    let trouble = || Trouble {
        kind: finding.rule.code.to_owned(),
        message: message.clone(),
        details: plain(&diagnostic::render(&finding.diagnostic, sources)),
    };
    let status = match finding.diagnostic.severity {
        Severity::Error | Severity::Warning => Status::Failed(trouble()),
        Severity::Note => Status::Skipped(message.clone()),
    };
    Case {
        name: format!("{}: {message}", finding.rule.code),
        class: finding.rule.code.to_owned(),
        place: finding.place().map(|place| (place.file.to_string(), place.line)),
        status,
    }
}

/// Without colours.
fn plain(styled: &str) -> String {
    anstream::adapter::strip_str(styled).to_string()
}
