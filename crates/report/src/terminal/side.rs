//! One direction of a path: who is isolated by what, and which rule decides or comes closest.

use podfence_analysis::Path;
use podfence_engine::{Always, Fact, NearestMiss, Side, TierEnd, TierTrace};
use podfence_model::{Direction, Endpoint, NamespacedName, World};

use crate::miss::{Told, hint, sentences};
use crate::style::{BAD, DIM, GOOD, OPEN, Sheet, paint};
use crate::words;

/// Policies named one a line before the rest is only counted.
const POLICIES: usize = 6;

/// Both directions, or the one reason why none is asked.
pub(super) fn sides(sheet: &mut Sheet, world: &World, path: &Path) {
    if let Some(always) = path.answer.always {
        let reason = match always {
            Always::Itself => "a pod always reaches itself",
            Always::OwnNode => "the node that a pod runs on always reaches it, or its probes would fail",
        };
        sheet.entry("always", &format!("{}: {reason}, whatever the policies say", allowed()));
        return;
    }
    relay(sheet, path);
    own_node(sheet, world, path);
    for direction in Direction::BOTH {
        let (side, ends, party) = match direction {
            Direction::Egress => (&path.answer.egress, &path.sources, &path.answer.source),
            Direction::Ingress => (&path.answer.ingress, &path.destinations, &path.answer.destination),
        };
        if let Some(side) = side {
            judged(sheet, world, path, side, ends);
        } else {
            let text = format!("{}: {}", allowed(), words::unpoliced(world, ends, party));
            sheet.entry(&direction.to_string(), &text);
        }
    }
}

/// The node that sends the connection on under its own address.
fn relay(sheet: &mut Sheet, path: &Path) {
    if let Some(node) = &path.arrives {
        let text = format!(
            "by {}, which sends the connection on under its own address (externalTrafficPolicy: Cluster)",
            words::end(node)
        );
        sheet.entry("enters", &text);
    }
}

/// Where the answer hangs on whether the source is the pod's own node.
fn own_node(sheet: &mut Sheet, world: &World, path: &Path) {
    if path.missing.iter().any(|fact| matches!(fact, Fact::PodNode(_))) {
        let who = words::ends(world, &path.destinations);
        let verb = if path.destinations.len() == 1 { "runs" } else { "run" };
        let text = format!(
            "{}: the node that a pod runs on always reaches it, and no input says whether {who} {verb} on \
             this one; any other node is judged as follows",
            paint(OPEN, "undecidable")
        );
        sheet.entry("always", &text);
    }
}

fn allowed() -> String {
    paint(GOOD, "allowed")
}

fn judged(sheet: &mut Sheet, world: &World, path: &Path, side: &Side, subjects: &[Endpoint]) {
    let label = side.direction.to_string();
    let Some(tier) = side.tiers.iter().rev().find(|t| t.end != TierEnd::NotSelected) else {
        let who = words::ends(world, subjects);
        sheet.entry(&label, &format!("{}: no policy isolates {who} for {label}", allowed()));
        return;
    };
    match &tier.end {
        TierEnd::Allowed(rule) | TierEnd::Passed(rule) => {
            let name = words::rule_name(rule);
            let (policy, place) = (&rule.policy, words::place(rule));
            sheet.entry(&label, &format!("{} by {name} of policy {policy}{place}", allowed()));
            sheet.more(&format!("it admits traffic {}", words::admits(world, rule)));
        }
        TierEnd::Denied(Some(rule)) => {
            let text = format!(
                "{} by {} of policy {}{}",
                paint(BAD, "denied"),
                words::rule_name(rule),
                rule.policy,
                words::place(rule)
            );
            sheet.entry(&label, &text);
        }
        TierEnd::Denied(None) => isolated(sheet, world, path, side.direction, tier, subjects),
        TierEnd::Undecidable(facts) => {
            let facts = facts_of_path(path, facts);
            let text = format!("{}: it hangs on {}", paint(OPEN, "undecidable"), words::list(&facts));
            sheet.entry(&label, &text);
            policies(sheet, world, &tier.selecting);
        }
        TierEnd::NotSelected => {}
    }
}

/// Facts of these kinds for every pair of the path, or at least those of its first pair.
fn facts_of_path(path: &Path, first: &[Fact]) -> Vec<String> {
    let kinds: Vec<_> = first.iter().map(std::mem::discriminant).collect();
    let all = path.missing.iter().filter(|fact| kinds.contains(&std::mem::discriminant(*fact)));
    let all: Vec<String> = all.map(ToString::to_string).collect();
    if all.is_empty() { first.iter().map(ToString::to_string).collect() } else { all }
}

fn isolated(
    sheet: &mut Sheet,
    world: &World,
    path: &Path,
    direction: Direction,
    tier: &TierTrace,
    subjects: &[Endpoint],
) {
    let by = words::count(tier.selecting.len(), "policy", "policies");
    let who = words::ends(world, subjects);
    let verb = if subjects.len() == 1 { "is" } else { "are" };
    let (peers, layer4) = path.seen(direction);
    let text = format!(
        "{}: {who} {verb} isolated for {direction} by {by}, and no rule admits {layer4} {} {}",
        paint(BAD, "denied"),
        words::preposition(direction),
        words::ends(world, peers),
    );
    sheet.entry(&direction.to_string(), &text);
    policies(sheet, world, &tier.selecting);
    if let Some(nearest) = &tier.nearest {
        nearest_miss(sheet, world, path, direction, nearest);
    } else {
        let they_have = if tier.selecting.len() == 1 { "it has" } else { "they have" };
        sheet.more(&format!("{they_have} no {direction} rule at all, so nothing is admitted"));
    }
}

fn policies(sheet: &mut Sheet, world: &World, selecting: &[NamespacedName]) {
    let width = selecting.iter().take(POLICIES).map(|id| id.to_string().len()).max().unwrap_or(0);
    for id in selecting.iter().take(POLICIES) {
        let origin = world.policies.get(id).map(|p| p.meta.origin.to_string()).unwrap_or_default();
        let name = id.to_string();
        sheet.line(format!("          policy {name:<width$}  {}", paint(DIM, origin)));
    }
    if let Some(rest) = selecting.len().checked_sub(POLICIES).filter(|rest| *rest > 0) {
        sheet.more(&format!("and {}", words::count(rest, "more policy", "more policies")));
    }
}

fn nearest_miss(sheet: &mut Sheet, world: &World, path: &Path, direction: Direction, nearest: &NearestMiss) {
    let rule = &nearest.rule;
    let Some(told) = Told::new(world, path, direction) else { return };
    let name = words::rule_name(rule);
    let text = format!(
        "nearest miss: {name} of {}{}: {}",
        rule.policy.name,
        words::line(rule),
        sentences(&told, nearest).join("; and ")
    );
    sheet.more(&text);
    for found in &nearest.hints {
        sheet.more(&format!("hint: {}", hint(found, &rule.policy)));
    }
}
