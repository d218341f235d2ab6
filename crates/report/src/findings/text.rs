//! Findings for people.

use podfence_lint::Report;
use podfence_source::SourceMap;

use super::counts::Counts;
use crate::diagnostic;
use crate::style::{BAD, GOOD, OPEN, paint};

/// How to learn more.
const MORE: &str = "`podfence lint --explain RULE` says more of a rule; its name is in [brackets] above\n";

/// All findings, drawn under the lines they are about, and a summary.
pub fn text(report: &Report, sources: &SourceMap) -> String {
    let drawn = report.findings.iter().map(|finding| diagnostic::render(&finding.diagnostic, sources) + "\n");
    drawn.chain([summary(report)]).collect()
}

fn summary(report: &Report) -> String {
    let counts = Counts::of(&report.findings);
    let style = match counts {
        Counts { errors: 1.., .. } => BAD,
        Counts { warnings: 1.., .. } => OPEN,
        _ => GOOD,
    };
    let suppressed = match report.suppressed {
        0 => String::new(),
        some => format!(", {some} suppressed"),
    };
    let fixable = match (counts.fixable, counts.suggested) {
        (0, 0) => String::new(),
        (sure, 0) => format!("; --fix mends {sure} of them"),
        (0, perhaps) => format!("; --fix-suggested mends {perhaps} of them"),
        (sure, perhaps) => format!("; --fix mends {sure} of them, --fix-suggested {perhaps} more"),
    };
    let more = if report.findings.is_empty() { "" } else { MORE };
    format!("{}{suppressed}{fixable}\n{more}", paint(style, counts.sentence()))
}
