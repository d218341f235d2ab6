//! The smallest change that turns a verdict, for programs.

use podfence_analysis::mend::{Amendment, Effect, Goal, Mended};
use podfence_model::World;
use podfence_source::{Edit, Outlines};
use serde::Serialize;

use crate::ends;
use crate::manifest::Style;
use crate::mend::{Change, edits, sentence, turn, whole, yaml};

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
    /// `None` where there is no change.
    pub(super) fn new(before: &World, change: &Change<'_>) -> Option<Self> {
        let Change { found, goal, sources } = change;
        let mended = (*found).ok()?;
        let edits = edits(before, &mended.amendments, &Outlines::new(sources));
        let steps = mended.amendments.iter().zip(edits).map(|(one, edits)| step(one, edits, mended));
        Some(Self {
            to: match goal {
                Goal::Allow => "allowed",
                Goal::Deny => "denied",
            },
            steps: steps.collect(),
            effects: mended.effects.iter().map(effect).collect(),
        })
    }
}

fn step(amendment: &Amendment, edits: Option<Vec<Edit>>, mended: &Mended) -> StepView {
    let policy = amendment.policy();
    let yaml = if edits.is_some() { yaml(amendment) } else { whole(amendment, mended) };
    StepView {
        what: sentence(amendment),
        namespace: policy.namespace.clone(),
        policy: policy.name.clone(),
        edits: edits.map(|edits| edits.into_iter().map(edit).collect()),
        yaml: yaml.map(|yaml| yaml.block(Style::Lines) + "\n"),
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
