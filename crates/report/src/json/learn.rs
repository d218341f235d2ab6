//! What came of the answer to an exercise, as a value for programs.

use serde::Serialize;

use super::{Compared, Document, ExplanationView, VerdictRow, view};
use crate::learn::Checked;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CheckedView<'a> {
    exercise: u32,
    title: &'a str,
    solved: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    points: Option<u32>,
    changes: &'a [String],
    demands: &'a [VerdictRow],
    differing: &'a [Compared],
    policies_without_pods: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<Document<ExplanationView>>,
}

/// What came of an answer as JSON.
pub fn checked(checked: &Checked<'_>) -> String {
    let view = CheckedView {
        exercise: checked.number,
        title: checked.title,
        solved: checked.points.is_some(),
        points: checked.points,
        changes: checked.changes,
        demands: checked.demands,
        differing: checked.differing,
        policies_without_pods: checked.idle.iter().map(|idle| idle.policy.meta.id.to_string()).collect(),
        why: checked.why.map(view),
    };
    Document::new("learn-check-v1", view).text()
}
