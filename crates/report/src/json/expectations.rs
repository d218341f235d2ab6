//! What came of expectations, as a value for programs.

use serde::Serialize;

use super::{Document, ExplanationView, view};
use crate::expectations::Told;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TestView<'a> {
    held: usize,
    failed: usize,
    undecidable: usize,
    mistaken: usize,
    skipped: usize,
    expectations: Vec<ExpectationView<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExpectationView<'a> {
    name: &'a str,
    claim: &'static str,
    file: &'a str,
    line: u32,
    ended: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    summary: &'a str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    breaches: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<Document<ExplanationView>>,
}

/// What came of expectations as JSON.
pub fn expectations(told: &[Told]) -> String {
    let count = |word: &str| told.iter().filter(|one| one.ended.word() == word).count();
    let view = TestView {
        held: count("held"),
        failed: count("failed"),
        undecidable: count("undecidable"),
        mistaken: count("mistaken"),
        skipped: count("skipped"),
        expectations: told.iter().map(one).collect(),
    };
    Document::new("test-v1", view).text()
}

fn one(told: &Told) -> ExpectationView<'_> {
    ExpectationView {
        name: &told.title,
        claim: told.claim,
        file: &told.file,
        line: told.line,
        ended: told.ended.word(),
        summary: &told.summary,
        breaches: &told.breaches,
        why: told.why.as_ref().and_then(|why| Some(view(&why.answer()?))),
    }
}
