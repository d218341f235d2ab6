//! A difference for the terminal.

use podfence_analysis::diff::{Change, Difference, Scope, Turn};

use super::phrases::{Told, host, label, objects, remark, summary, whose};
use super::reasons::because;
use crate::style::{BAD, BOLD, DIM, GOOD, OPEN, Sheet, paint};
use crate::{ports, words};

/// Changes of a scope that are written out.
const SHOWN: usize = 40;
/// Reasons of a change that are written out.
const REASONS: usize = 3;

/// A difference as styled text: what changes, most dangerous first, each with the policies behind it.
pub fn text(difference: &Difference<'_>) -> String {
    let told = Told::new(difference);
    let mut sheet = Sheet::default();
    sheet.line(headline(difference));
    hosts(&mut sheet, difference);
    for scope in [Scope::Existing, Scope::New, Scope::Gone] {
        self::scope(&mut sheet, &told, scope);
    }
    let assumed = told.assumed();
    if !assumed.is_empty() {
        sheet.gap();
        sheet.entry("assumed", &format!("{}: no input states it", words::list(&assumed)));
    }
    let objects = objects(difference);
    if !objects.is_empty() {
        sheet.gap();
        sheet.line(paint(BOLD, "Objects"));
    }
    for (fate, names) in objects {
        sheet.entry(fate, &words::list(&names));
    }
    sheet.finish()
}

fn headline(difference: &Difference<'_>) -> String {
    if difference.is_empty() {
        return format!("{}  nothing changes: every connection is judged as before", paint(GOOD, "EQUAL"));
    }
    format!("{}  {}", paint(BOLD, "DIFFERENT"), summary(difference))
}

fn hosts(sheet: &mut Sheet, difference: &Difference<'_>) {
    if !difference.hosts.is_empty() {
        sheet.gap();
    }
    for change in &difference.hosts {
        let (label, words) = host(change);
        sheet.styled_entry(if change.has_now { BAD } else { GOOD }, label, &words);
    }
}

fn scope(sheet: &mut Sheet, told: &Told<'_>, scope: Scope) {
    let changes: Vec<&Change> = told.difference.in_scope(scope).collect();
    if changes.is_empty() {
        return;
    }
    sheet.gap();
    if scope != Scope::Existing {
        sheet.line(paint(BOLD, format!("Connections of {}", whose(told.difference, scope))));
    }
    for change in changes.iter().take(SHOWN) {
        self::change(sheet, told, change);
    }
    if changes.len() > SHOWN {
        sheet.more(&format!("and {} more; -o json has them all", changes.len() - SHOWN));
    }
}

fn change(sheet: &mut Sheet, told: &Told<'_>, change: &Change) {
    let [from, to] = told.sides(change);
    let style = match change.turn {
        Turn::Opened => BAD,
        Turn::Closed => GOOD,
        Turn::MayOpen | Turn::MayClose | Turn::SettledOpen | Turn::SettledClosed => OPEN,
    };
    let ends = paint(BOLD, format!("{from} → {to}"));
    sheet.styled_entry(
        style,
        label(change),
        &format!("{ends} {}{}", ports::text(&change.ports), remark(change)),
    );
    let reasons = because(told.difference, change);
    for reason in reasons.iter().take(REASONS) {
        sheet.more(&format!("{} {reason}", paint(DIM, "because")));
    }
    if reasons.len() > REASONS {
        let more = words::count(reasons.len() - REASONS, "more reason", "more reasons");
        sheet.more(&format!("and for {more}"));
    }
}
