//! Findings as commands in the log of GitHub Actions, which shows them at the lines of a pull request.
//!
//! The form is that of "Workflow commands for GitHub Actions": `::warning file=F,line=1::MESSAGE`.

use podfence_lint::{Finding, Report};
use podfence_source::{Severity, SourceMap};

use super::region::Region;

/// One line for each finding.
pub fn github(report: &Report, sources: &SourceMap) -> String {
    report.findings.iter().map(|finding| line(finding, sources)).collect()
}

fn line(finding: &Finding, sources: &SourceMap) -> String {
    let command = match finding.diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let mut properties = vec![("title", format!("podfence {}", finding.rule.code))];
    if let Some(place) = finding.place() {
        let Region { line, column, end_line, end_column } = Region::of(place, sources);
        properties.extend([
            ("file", place.file.to_string()),
            ("line", line.to_string()),
            ("endLine", end_line.to_string()),
        ]);
        // Columns of a stretch of several lines are refused.
        if line == end_line {
            properties.extend([("col", column.to_string()), ("endColumn", end_column.to_string())]);
        }
    }
    let properties = properties.iter().map(|(name, value)| format!("{name}={}", property(value)));
    let help = finding.diagnostic.help.as_ref().map(|help| format!("\n{help}")).unwrap_or_default();
    let message = data(&format!("{}{help}", finding.diagnostic.message));
    format!("::{command} {}::{message}\n", properties.collect::<Vec<_>>().join(","))
}

/// A message as the runner unescapes it.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property's value likewise.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
