//! Why a change came about, in sentences.

use std::collections::BTreeSet;

use podfence_analysis::diff::{Change, Difference, Reason, Scope, Snapshot, Stance};
use podfence_engine::{Fact, RuleRef};
use podfence_model::{Direction, NamespacedName, Origin};

use crate::words;

/// Why a change came about, one sentence each.
pub(crate) fn because(difference: &Difference<'_>, change: &Change) -> Vec<String> {
    let is_open = |reason: &Reason| reason.after == Some(Stance::NotIsolated);
    let mut reasons = merged(difference.reasons(change));
    match change.scope {
        Scope::Gone => return Vec::new(),
        Scope::New if reasons.iter().all(is_open) && reasons.len() > 1 => {
            return vec!["no policy isolates either end".to_owned()];
        }
        Scope::New if !reasons.iter().all(is_open) => reasons.retain(|reason| !is_open(reason)),
        Scope::New | Scope::Existing => {}
    }
    let mut sentences = Vec::new();
    for sentence in reasons.iter().filter_map(|reason| sentence(difference, reason)) {
        // Several protocols may have the same reason.
        if !sentences.contains(&sentence) {
            sentences.push(sentence);
        }
    }
    sentences
}

/// Reasons of one direction that differ only in whom policies isolate, as one. Where a policy isolates all ends now, it is
/// reason enough.
fn merged(reasons: Vec<Reason>) -> Vec<Reason> {
    let mut merged: Vec<Reason> = Vec::new();
    for reason in reasons {
        let isolation = isolation(&reason);
        let same = |other: &&mut Reason| {
            isolation.is_some() && self::isolation(other) == isolation && other.direction == reason.direction
        };
        match merged.iter_mut().find(same) {
            Some(other) => {
                join(&mut other.before, reason.before, false);
                join(&mut other.after, reason.after, true);
            }
            None => merged.push(reason),
        }
    }
    merged
}

/// Whether isolation begins or ends; `None` when neither does.
fn isolation(reason: &Reason) -> Option<bool> {
    match (&reason.before, &reason.after) {
        (Some(Stance::NotIsolated), Some(Stance::Refuses(_))) => Some(true),
        (Some(Stance::Refuses(_)), Some(Stance::NotIsolated)) => Some(false),
        _ => None,
    }
}

/// Takes the policies of both: those in common, if that is enough and there are some.
fn join(stance: &mut Option<Stance>, other: Option<Stance>, common_is_enough: bool) {
    let (Some(Stance::Refuses(policies)), Some(Stance::Refuses(others))) = (stance, other) else { return };
    let [one, two]: [BTreeSet<NamespacedName>; 2] =
        [std::mem::take(policies), others].map(|names| names.into_iter().collect());
    let common: Vec<NamespacedName> = one.intersection(&two).cloned().collect();
    *policies =
        if common_is_enough && !common.is_empty() { common } else { one.union(&two).cloned().collect() };
}

fn sentence(difference: &Difference<'_>, reason: &Reason) -> Option<String> {
    let (old, new) = (difference.old, difference.new);
    let (direction, end) = (reason.direction, end(reason.direction));
    let now = match (reason.after.as_ref()?, &reason.before) {
        (Stance::NotIsolated, Some(Stance::Refuses(before))) => {
            return Some(format!(
                "no policy isolates the {end} for {direction} any more; {} did",
                policies(old, before)
            ));
        }
        (Stance::Refuses(by), Some(Stance::NotIsolated)) => {
            let verb = if by.len() == 1 { "isolates" } else { "isolate" };
            return Some(format!(
                "{} {verb} the {end} for {direction} now, and no rule admits it",
                policies(new, by)
            ));
        }
        (Stance::Admits(rule), _) => format!("{} admits it", rule_text(new, rule)),
        (Stance::NotIsolated, Some(_)) => format!("no policy isolates the {end} for {direction} any more"),
        (Stance::NotIsolated, None) => format!("no policy isolates the {end} for {direction}"),
        (Stance::Refuses(_), _) => format!("no {direction} rule admits it any more"),
        (Stance::Unclear(facts), _) => format!("it hangs on {}", facts_text(facts)),
    };
    Some(now + &before(old, reason))
}

fn before(old: Snapshot<'_>, reason: &Reason) -> String {
    match &reason.before {
        Some(Stance::Admits(rule)) => format!("; {} did", rule_text(old, rule)),
        Some(Stance::NotIsolated) => format!("; no policy isolated the {} before", end(reason.direction)),
        Some(Stance::Unclear(facts)) => format!("; it hung on {}", facts_text(facts)),
        Some(Stance::Refuses(_)) | None => String::new(),
    }
}

fn end(direction: Direction) -> &'static str {
    match direction {
        Direction::Egress => "source",
        Direction::Ingress => "destination",
    }
}

fn rule_text(side: Snapshot<'_>, rule: &RuleRef) -> String {
    match &rule.place {
        Some(place) => format!("policy {} ({place})", rule.policy),
        None => policies(side, std::slice::from_ref(&rule.policy)),
    }
}

fn policies(side: Snapshot<'_>, names: &[NamespacedName]) -> String {
    let place = |name| match side.world.policies.get(name).map(|policy| &policy.meta.origin) {
        Some(Origin::File(place)) => format!(" ({place})"),
        _ => String::new(),
    };
    let named: Vec<String> = names.iter().map(|name| format!("{name}{}", place(name))).collect();
    format!("{} {}", if names.len() == 1 { "policy" } else { "policies" }, words::list(&named))
}

fn facts_text(facts: &[Fact]) -> String {
    words::list(&facts.iter().map(ToString::to_string).collect::<Vec<_>>())
}
