//! The findings of a lab run as a value for programs.

use serde::Serialize;

use super::Document;

/// Whether a connection was possible, as one side of the comparison says.
pub type Word = &'static str;

/// One comparison.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Compared {
    /// Who sent.
    pub from: String,
    /// To whom; a Service as `svc/NAMESPACE/NAME`, a name that was looked up as `name/NAME`.
    pub to: String,
    /// On what, for instance `TCP 80`.
    pub on: String,
    /// The engine's verdict: `allowed`, `denied`, `depends` or `undecidable`.
    pub engine: Word,
    /// What the kernel did: `open`, `refused`, `timed out`, `unreachable` or `failed`; of a look-up `resolved` or
    /// `no such name` instead of `open`.
    pub kernel: Word,
    /// Whether both agree.
    pub agree: bool,
}

/// A row of a table of expected verdicts.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VerdictRow {
    /// The file it stands in.
    pub file: String,
    /// Its line there, from 1.
    pub line: u32,
    /// Who sends, as it was written; so are the next three.
    pub from: String,
    /// To whom.
    pub to: String,
    /// On what.
    pub on: String,
    /// What must come of it.
    pub outcome: String,
    /// Whether engine and kernel both say so, of every connection that the row speaks about.
    pub holds: bool,
    /// How many connections that are: none if it is about a family that the lab does not use.
    pub connections: usize,
    /// Those that came out differently.
    pub broken: Vec<Compared>,
}

/// A step of a run.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LabStep {
    /// Its name; absent in a run of one step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How many comparisons differ.
    pub differences: usize,
    /// All comparisons.
    pub compared: Vec<Compared>,
    /// The rows of the step's expected verdicts.
    pub verdicts: Vec<VerdictRow>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RunView<'a> {
    differences: usize,
    broken_verdicts: usize,
    steps: &'a [LabStep],
}

/// A lab run as JSON.
pub fn lab(steps: &[LabStep]) -> String {
    let differences = steps.iter().map(|step| step.differences).sum();
    let broken_verdicts = steps.iter().flat_map(|step| &step.verdicts).filter(|row| !row.holds).count();
    Document::new("lab-run-v1", RunView { differences, broken_verdicts, steps }).text()
}
