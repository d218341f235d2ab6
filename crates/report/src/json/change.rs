//! The smallest change that turns a verdict, for programs.

use podfence_analysis::mend::{Amendment, Effect, Goal};
use podfence_model::World;
use podfence_source::{Edit, Outlines};
use serde::Serialize;

use crate::ends;
use crate::manifest::Style;
use crate::mend::{Change, edits, sentence, turn, yaml};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ChangeView {
    to: &'static str,
    steps: Vec<StepView>,
    effects: Vec<EffectView>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StepView {
    what: String,
    namespace: String,
    policy: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    edits: Option<Vec<EditView>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    yaml: Option<String>,
}

#[derive(Serialize)]
struct EditView {
    file: String,
    line: u32,
    column: u32,
    start: u32,
    end: u32,
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EffectView {
    turn: &'static str,
    from: Vec<String>,
    to: Vec<String>,
    ports: String,
    beside: bool,
}

impl ChangeView {
    pub(super) fn new(before: &World, change: &Change<'_>) -> Self {
        let Change { mended, goal, sources } = change;
        let outlines = Outlines::new(sources);
        Self {
            to: match goal {
                Goal::Allow => "allowed",
                Goal::Deny => "denied",
            },
            steps: mended.amendments.iter().map(|one| step(before, one, &outlines)).collect(),
            effects: mended.effects.iter().map(effect).collect(),
        }
    }
}

fn step(before: &World, amendment: &Amendment, outlines: &Outlines<'_>) -> StepView {
    let policy = amendment.policy();
    let edits = edits(before, amendment, outlines);
    StepView {
        what: sentence(amendment),
        namespace: policy.namespace.clone(),
        policy: policy.name.clone(),
        edits: edits.map(|edits| edits.into_iter().map(edit).collect()),
        yaml: yaml(amendment).map(|yaml| yaml.block(Style::Lines) + "\n"),
    }
}

fn edit(Edit { place, text }: Edit) -> EditView {
    let (line, column, start, end) = (place.line, place.column, place.start, place.end);
    EditView { file: place.file.to_string(), line, column, start, end, text }
}

fn effect(effect: &Effect) -> EffectView {
    EffectView {
        turn: turn(effect),
        from: effect.from.iter().map(ends::name).collect(),
        to: effect.to.iter().map(ends::name).collect(),
        ports: effect.ports.to_string(),
        beside: effect.is_beside,
    }
}
