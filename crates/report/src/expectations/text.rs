//! For people: a line for each expectation, then what is wrong, with the trace.

use podfence_source::SourceMap;

use super::{Ended, Told};
use crate::style::{BAD, BOLD, DIM, GOOD, OPEN, Sheet, paint, wrap};

/// Columns of a line.
const WIDTH: usize = 100;
/// Columns of the word on the left.
const LABEL: usize = 12;

/// All expectations, and, for those that do not hold, why.
pub fn text(told: &[Told], sources: &SourceMap) -> String {
    let mut sheet = Sheet::default();
    for one in told {
        line(&mut sheet, one);
    }
    for one in told.iter().filter(|one| !one.breaches.is_empty()) {
        sheet.gap();
        section(&mut sheet, one, sources);
    }
    sheet.gap();
    sheet.line(sum(told));
    sheet.finish()
}

fn line(sheet: &mut Sheet, told: &Told) {
    let place = format!("{}:{}", told.file, told.line);
    let reason = if told.ended == Ended::Skipped { format!(": {}", told.summary) } else { String::new() };
    let text = format!("{}{reason}  {}", told.title, paint(DIM, place));
    for (number, part) in wrap(&text, WIDTH - LABEL).iter().enumerate() {
        let label = if number == 0 { word(told.ended) } else { " ".repeat(LABEL + 2) };
        sheet.line(format!("{label}{}", part.trim_end()));
    }
}

fn word(ended: Ended) -> String {
    let (style, word) = match ended {
        Ended::Held => (GOOD, "holds"),
        Ended::Failed => (BAD, "FAILS"),
        Ended::Undecidable => (OPEN, "UNDECIDABLE"),
        Ended::Mistaken => (BAD, "MISTAKEN"),
        Ended::Skipped => (DIM, "skipped"),
    };
    paint(style, word) + &" ".repeat(LABEL - word.len())
}

fn section(sheet: &mut Sheet, told: &Told, sources: &SourceMap) {
    sheet.line(paint(BOLD, format!("{}  ({}:{})", told.title, told.file, told.line)));
    if told.ended != Ended::Mistaken {
        sheet.line(format!("  {}:", told.summary));
    }
    for breach in &told.breaches {
        for (number, part) in wrap(breach, WIDTH - 4).iter().enumerate() {
            sheet.line(format!("{}{part}", if number == 0 { "  " } else { "    " }));
        }
    }
    if let Some(trace) = told.trace(sources) {
        sheet.gap();
        sheet.block(trace.trim_end());
    }
}

fn sum(told: &[Told]) -> String {
    let count = |ended: Ended| told.iter().filter(|one| one.ended == ended).count();
    let parts = [
        (Ended::Held, GOOD, "hold"),
        (Ended::Failed, BAD, "fail"),
        (Ended::Undecidable, OPEN, "undecidable"),
        (Ended::Mistaken, BAD, "mistaken"),
        (Ended::Skipped, DIM, "skipped"),
    ];
    let parts = parts.into_iter().map(|(ended, style, word)| (count(ended), style, word));
    let parts: Vec<String> =
        parts.filter(|(n, ..)| *n > 0).map(|(n, style, word)| paint(style, format!("{n} {word}"))).collect();
    let noun = if told.len() == 1 { "expectation" } else { "expectations" };
    format!("{} {noun}: {}", told.len(), parts.join(", "))
}
