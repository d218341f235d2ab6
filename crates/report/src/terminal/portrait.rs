//! An object read back in plain words: whom it means, what isolates them, who may do what now, and what it does not do.

use podfence_analysis::{Admitted, DnsReach, Peers, Portrait, PortraitSide, Subject};
use podfence_engine::Fact;
use podfence_lint::Finding;
use podfence_model::{Direction, NetworkPolicy, Origin, Rule};
use podfence_source::Severity;

use crate::ends;
use crate::style::{BAD, BOLD, DIM, GOOD, OPEN, Sheet, paint};
use crate::words;

/// Rows of who may do what before the rest is only counted.
const ROWS: usize = 12;
/// Missing facts of one kind told of in full.
const FACTS: usize = 3;

/// Findings before the rest is only counted.
const FINDINGS: usize = 12;

/// A portrait as styled text, with what lint finds about its policies.
pub fn portrait(portrait: &Portrait<'_>, found: &[&Finding]) -> String {
    let mut sheet = Sheet::default();
    let name = paint(BOLD, words::object(&portrait.of));
    match portrait.subject {
        Subject::Policy(policy) => {
            sheet.line(format!("{name}  {}", place(policy)));
            sheet.gap();
            sheet.entry("selects", &selects(portrait, policy));
            for direction in Direction::BOTH {
                says(&mut sheet, policy, direction);
            }
        }
        Subject::Pods => {
            let pods = words::count(portrait.count, "pod", "pods");
            sheet.line(format!("{name}  {pods}"));
            sheet.gap();
            for side in &portrait.sides {
                isolated_by(&mut sheet, side);
            }
        }
    }
    sheet.gap();
    for side in &portrait.sides {
        today(&mut sheet, portrait, side);
    }
    limits(&mut sheet, portrait);
    if !portrait.policies().is_empty() {
        findings(&mut sheet, portrait, found);
    }
    sheet.finish()
}

fn findings(sheet: &mut Sheet, portrait: &Portrait<'_>, found: &[&Finding]) {
    sheet.gap();
    if found.is_empty() {
        sheet.entry("findings", "none");
    }
    for finding in found.iter().take(FINDINGS) {
        let style = match finding.diagnostic.severity {
            Severity::Error => BAD,
            Severity::Warning => OPEN,
            Severity::Note => DIM,
        };
        let place = finding.place().map(|place| format!(" ({place})")).unwrap_or_default();
        let code = paint(BOLD, format!("[{}]", finding.rule.code));
        let label = finding.diagnostic.severity.to_string();
        let of = match (&portrait.subject, &finding.object) {
            (Subject::Pods, Some(policy)) => format!("{}: ", words::object(policy)),
            _ => String::new(),
        };
        sheet.styled_entry(style, &label, &format!("{of}{}{place} {code}", finding.diagnostic.message));
    }
    if let Some(rest) = found.len().checked_sub(FINDINGS).filter(|rest| *rest > 0) {
        sheet.more(&format!("and {}", words::count(rest, "more finding", "more findings")));
    }
}

fn isolated_by(sheet: &mut Sheet, side: &PortraitSide) {
    let names: Vec<String> = side.isolating.iter().map(ToString::to_string).collect();
    let noun = if names.len() == 1 { "policy" } else { "policies" };
    let text = match names.as_slice() {
        [] => "not isolated: no policy selects any of it".to_owned(),
        some if side.open.is_empty() => format!("isolated by {noun} {}", words::list(some)),
        some => format!("in part isolated by {noun} {}", words::list(some)),
    };
    sheet.entry(&side.direction.to_string(), &text);
}

fn place(policy: &NetworkPolicy) -> String {
    match &policy.meta.origin {
        Origin::File(place) => place.to_string(),
        other => other.to_string(),
    }
}

fn selects(portrait: &Portrait<'_>, policy: &NetworkPolicy) -> String {
    let home = &policy.meta.id.namespace;
    let how = if policy.subject.is_everything() {
        format!("every pod in namespace {home}, those to come included (`podSelector: {{}}`)")
    } else {
        format!("pods in namespace {home} with {}", policy.subject)
    };
    match portrait.count {
        0 => format!("{how}: {}", paint(BAD, "none today")),
        n => format!("{how}: today {}, {}", words::count(n, "pod", "pods"), ends::names(&portrait.pods)),
    }
}

/// What a policy says in one direction, rule by rule.
fn says(sheet: &mut Sheet, policy: &NetworkPolicy, direction: Direction) {
    let label = direction.to_string();
    let rules = policy.rules(direction);
    if !policy.directions.contains(direction) {
        let dead = if rules.is_empty() { "" } else { "; its rules for it do nothing" };
        sheet.entry(&label, &format!("not isolated by this policy: policyTypes leaves it out{dead}"));
        return;
    }
    let what = if direction == Direction::Ingress { "come in" } else { "go out" };
    if rules.is_empty() {
        sheet.entry(
            &label,
            &format!("isolated, and by this policy nothing may {what}: it has no rule (`[]`)"),
        );
        return;
    }
    sheet.entry(&label, &format!("isolated, and by this policy only this may {what}:"));
    for (index, rule) in rules.iter().enumerate() {
        let line = rule.place.as_ref().map(|place| format!(" (line {})", place.line)).unwrap_or_default();
        sheet.more(&format!("rule {}{line}: {}", index + 1, rule_text(policy, rule, direction)));
    }
}

fn rule_text(policy: &NetworkPolicy, rule: &Rule, direction: Direction) -> String {
    let preposition = words::preposition(direction);
    let peers: Vec<String> =
        rule.peers.iter().map(|peer| words::peer_text(&peer.kind, &policy.meta.id.namespace)).collect();
    let who = if peers.is_empty() {
        format!("{preposition} everybody, in and out of the cluster (no `{preposition}`)")
    } else {
        format!("{preposition} {}", peers.join(", or "))
    };
    let ports: Vec<String> = rule.ports.iter().map(ToString::to_string).collect();
    let ports =
        if ports.is_empty() { "every port, ICMP too (no `ports`)".to_owned() } else { ports.join(", ") };
    format!("{who}; {ports}")
}

/// Who may do what now, by all policies together.
fn today(sheet: &mut Sheet, portrait: &Portrait<'_>, side: &PortraitSide) {
    if portrait.count == 0 {
        return;
    }
    let label = match side.direction {
        Direction::Egress => "may send",
        Direction::Ingress => "receives",
    };
    if !side.open.is_empty() {
        let (who, open) = (ends::names(&side.open), paint(GOOD, "open"));
        let only = "only policies of the other end count";
        sheet.entry(label, &format!("{who}: {open}: no policy isolates for {}, so {only}", side.direction));
    }
    for admitted in side.admitted.iter().take(ROWS) {
        sheet.entry(label, &peers(admitted, side.direction));
    }
    if let Some(rest) = side.admitted.len().checked_sub(ROWS).filter(|rest| *rest > 0) {
        sheet.more(&format!("and {}", words::count(rest, "more group of pods", "more groups of pods")));
    }
    if side.hangs {
        sheet.more(&format!(
            "{}: some of this hangs on facts that no input states",
            paint(OPEN, "undecidable")
        ));
        missing(sheet, &side.missing);
    }
}

/// Which facts these are, those of one kind together, and how to supply them.
fn missing(sheet: &mut Sheet, facts: &[Fact]) {
    let mut by_supply: Vec<(String, Vec<String>)> = Vec::new();
    for (fact, supply) in facts.iter().map(words::supplied) {
        match by_supply.iter_mut().find(|(known, _)| *known == supply) {
            Some((_, facts)) => facts.push(fact),
            None => by_supply.push((supply, vec![fact])),
        }
    }
    for (supply, facts) in by_supply {
        let more = facts.len().checked_sub(FACTS).filter(|more| *more > 0);
        let more = more.map(|more| format!(" and {more} more")).unwrap_or_default();
        let shown = facts.iter().take(FACTS).cloned().collect::<Vec<_>>().join(", ");
        sheet.more(&format!("missing: {shown}{more}: {supply}"));
    }
}

fn peers(admitted: &Admitted, direction: Direction) -> String {
    let who = ends::names(&admitted.pods);
    let arrow = if direction == Direction::Egress { "→" } else { "←" };
    if admitted.peers.is_empty() {
        return format!("{who} {arrow} {}", paint(BAD, "nobody"));
    }
    let all = admitted.peers.iter().map(|Peers { who, ports, family }| {
        let family = family.map(|family| format!(" over {family}")).unwrap_or_default();
        format!("{} on {ports}{family}", ends::names(who))
    });
    format!("{who} {arrow} {}", all.collect::<Vec<_>>().join("; "))
}

/// What is easily believed and not so.
fn limits(sheet: &mut Sheet, portrait: &Portrait<'_>) {
    sheet.gap();
    if let Subject::Policy(policy) = portrait.subject {
        for side in &portrait.sides {
            not_alone(sheet, portrait, policy, side);
        }
    }
    for side in &portrait.sides {
        let Some(DnsReach { may_ask: false, ports }) = &side.dns else { continue };
        let who = if side.admitted.len() == 1 { "they" } else { "some of them" };
        sheet
            .entry("not", &format!("{who} may not ask the cluster's DNS ({ports}), so names do not resolve"));
    }
    if !portrait.unseen.is_empty() {
        let verb = if portrait.unseen.len() == 1 { "uses its" } else { "use their" };
        let pods: Vec<String> = portrait.unseen.iter().map(ToString::to_string).collect();
        sheet.entry(
            "not",
            &format!("{} {verb} node's network (hostNetwork), which no policy selects", words::list(&pods)),
        );
    }
    sheet.entry(
        "always",
        "a pod reaches itself, and its own node reaches it; answers to what was let through pass",
    );
}

fn not_alone(sheet: &mut Sheet, portrait: &Portrait<'_>, policy: &NetworkPolicy, side: &PortraitSide) {
    let others: Vec<String> =
        side.isolating.iter().filter(|id| **id != policy.meta.id).map(ToString::to_string).collect();
    let names = words::list(&others);
    let (direction, one) = (side.direction, others.len() == 1);
    let noun = if one { "policy" } else { "policies" };
    if policy.directions.contains(direction) && !others.is_empty() {
        let verb = if one { "selects" } else { "select" };
        sheet.entry("not", &format!("not alone for {direction}: {noun} {names} {verb} some of these pods, too, and what any of them admits passes"));
    } else if !policy.directions.contains(direction) && portrait.count > 0 {
        let then = if others.is_empty() {
            "nothing else does".to_owned()
        } else {
            format!("{noun} {names} {}", if one { "does" } else { "do" })
        };
        sheet.entry("not", &format!("it does not isolate for {direction}; {then}"));
    }
}
