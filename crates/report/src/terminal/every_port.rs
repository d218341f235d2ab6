//! Every port between two ends: which are open, which are refused, and whose rules or policies make it so.

use podfence_analysis::{EveryPort, PairPorts, PortsPart, Verdict};
use podfence_engine::{Always, Outcome, Party, Side, TierEnd};
use podfence_model::{Direction, Endpoint, World};

use super::{notes, steps};
use crate::ports;
use crate::style::{BAD, BOLD, DIM, GOOD, OPEN, Sheet, paint};
use crate::words;

/// Pairs shown before the rest is only counted.
const PAIRS: usize = 12;

/// An answer about every port as styled text.
pub fn every_port(answer: &EveryPort<'_>) -> String {
    let mut sheet = Sheet::default();
    sheet.line(headline(answer));
    sheet.gap();
    steps::dns(&mut sheet, answer.world, answer.dns.as_ref(), None);
    for pair in answer.pairs.iter().take(PAIRS) {
        if answer.pairs.len() > 1 {
            sheet.gap();
            sheet.line(paint(BOLD, ends(answer.world, pair)));
        }
        pair.parts.iter().for_each(|part| tell(&mut sheet, answer.world, pair, part));
    }
    if let Some(rest) = answer.pairs.len().checked_sub(PAIRS).filter(|rest| *rest > 0) {
        sheet.gap();
        sheet.line(format!("and {} of ends; -o json has all", words::count(rest, "more pair", "more pairs")));
    }
    if answer.verdict == Verdict::Undecidable {
        notes::facts(&mut sheet, &words::missing_of_ports(answer));
    }
    notes::notes(&mut sheet, &answer.notes);
    if answer.verdict != Verdict::Allowed {
        one_port(&mut sheet);
    }
    sheet.finish()
}

/// Where to find what a whole list of ports has no room for.
pub(super) fn one_port(sheet: &mut Sheet) {
    sheet.gap();
    sheet.line(paint(
        DIM,
        "with one port, DST:PORT, the lines of the rules are shown and the smallest change",
    ));
}

fn headline(answer: &EveryPort<'_>) -> String {
    let (style, word) = match answer.verdict {
        Verdict::Allowed => (GOOD, "ALLOWED"),
        Verdict::Denied => (BAD, "DENIED"),
        Verdict::Depends if answer.pairs.iter().all(|pair| pair.parts.len() == 1) => {
            (OPEN, "DEPENDS ON THE PODS")
        }
        Verdict::Depends => (OPEN, "DEPENDS ON THE PORT"),
        Verdict::Undecidable => (OPEN, "UNDECIDABLE"),
    };
    let (source, destination) = (words::counted(&answer.source), words::counted(&answer.destination));
    let protocol = answer.protocol.map(|protocol| format!(" {protocol}")).unwrap_or_default();
    format!("{}  {source} → {destination}, every{protocol} port", paint(style, word))
}

fn ends(world: &World, pair: &PairPorts) -> String {
    format!("{} → {}", words::ends(world, &pair.sources), words::ends(world, &pair.destinations))
}

fn tell(sheet: &mut Sheet, world: &World, pair: &PairPorts, part: &PortsPart) {
    let (style, label) = match part.path.answer.outcome {
        Outcome::Allowed => (GOOD, "allowed"),
        Outcome::Denied => (BAD, "denied"),
        Outcome::Undecidable(_) => (OPEN, "undecided"),
    };
    let of = if part.path.sources == pair.sources && part.path.destinations == pair.destinations {
        String::new()
    } else {
        let path = &part.path;
        format!(" from {} to {}", words::ends(world, &path.sources), words::ends(world, &path.destinations))
    };
    sheet.styled_entry(style, label, &format!("{}{of}", ports::text(&part.ports)));
    let declared: Vec<String> = ports::declared(world, part).iter().map(ports::declared_text).collect();
    if !declared.is_empty() {
        sheet.more(&format!("declared: {}", words::list(&declared)));
    }
    for reason in reasons(world, part) {
        sheet.more(&reason);
    }
}

/// Why, in one sentence a direction; of what is refused only the directions that refuse it.
fn reasons(world: &World, part: &PortsPart) -> Vec<String> {
    let answer = &part.path.answer;
    match answer.always {
        Some(Always::Itself) => return vec!["a pod always reaches itself".to_owned()],
        Some(Always::OwnNode) => return vec!["the node that a pod runs on always reaches it".to_owned()],
        None => {}
    }
    let denied = answer.outcome == Outcome::Denied;
    let of = |side: &Option<Side>, direction: Direction, who: &[Endpoint], party: &Party| match side {
        Some(side) if denied && side.outcome != Outcome::Denied => None,
        Some(side) => Some(format!("{direction}: {}", reason(world, side, who))),
        None => (!denied).then(|| format!("{direction}: {}", words::unpoliced(world, who, party))),
    };
    let egress = of(&answer.egress, Direction::Egress, &part.path.sources, &answer.source);
    let ingress = of(&answer.ingress, Direction::Ingress, &part.path.destinations, &answer.destination);
    egress.into_iter().chain(ingress).collect()
}

fn reason(world: &World, side: &Side, who: &[Endpoint]) -> String {
    let none = || format!("no policy isolates {} for {}", words::ends(world, who), side.direction);
    let Some(tier) = side.tiers.iter().rev().find(|tier| tier.end != TierEnd::NotSelected) else {
        return none();
    };
    let policies: Vec<String> = tier.selecting.iter().map(ToString::to_string).collect();
    let noun = if policies.len() == 1 { "policy" } else { "policies" };
    let isolated = format!("isolated by {noun} {}", words::list(&policies));
    match &tier.end {
        TierEnd::Allowed(rule) | TierEnd::Passed(rule) => {
            format!("allowed by {} of policy {}{}", words::rule_name(rule), rule.policy, words::place(rule))
        }
        TierEnd::Denied(Some(rule)) => {
            format!("denied by {} of policy {}{}", words::rule_name(rule), rule.policy, words::place(rule))
        }
        TierEnd::Denied(None) if tier.nearest.is_none() => {
            format!("{isolated}, without any {} rule", side.direction)
        }
        TierEnd::Denied(None) => format!("{isolated}, and no rule admits it"),
        TierEnd::Undecidable(facts) => {
            let facts: Vec<String> = facts.iter().map(ToString::to_string).collect();
            format!("{isolated}; it hangs on {}", words::list(&facts))
        }
        TierEnd::NotSelected => none(),
    }
}
