//! The findings of a lab run as a value for programs.

use serde::Serialize;

use super::API_VERSION;

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
    /// What the kernel did: `open`, `refused`, `timed out`, `unreachable` or `failed`.
    pub kernel: Word,
    /// Whether both agree.
    pub agree: bool,
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
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RunView<'a> {
    api_version: &'static str,
    kind: &'static str,
    differences: usize,
    steps: &'a [LabStep],
}

/// A lab run as JSON.
pub fn lab(steps: &[LabStep]) -> String {
    let differences = steps.iter().map(|step| step.differences).sum();
    let view = RunView { api_version: API_VERSION, kind: "LabRun", differences, steps };
    serde_json::to_string_pretty(&view).unwrap_or_default() + "\n"
}
