//! The source lines of the rules that decided, or came closest, with the decisive item marked.

use annotate_snippets::{AnnotationKind, Group, Level};
use podfence_analysis::{Explanation, Path, Verdict};
use podfence_engine::{NearestMiss, Outcome, PortMiss, RuleRef, Side, TierEnd};
use podfence_model::{Place, World};
use podfence_source::SourceMap;

use crate::miss::{Told, parts, peer_word, port_word};
use crate::snippet::{Window, line_with, renderer};
use crate::style::{Sheet, plain};
use crate::words;

/// Rules drawn at most; a fold of many paths would otherwise fill pages.
const DRAWN: usize = 4;

/// A rule to draw.
struct Drawing {
    rule: RuleRef,
    /// What it is to the answer.
    name: &'static str,
    /// Places in it with what to say there, the main one first.
    marks: Vec<(Place, String)>,
}

/// Draws the rules behind the outcome of every path, each once. Where some paths are refused, only theirs.
pub(super) fn rules(sheet: &mut Sheet, explanation: &Explanation<'_>, sources: &SourceMap) {
    let mut drawn: Vec<RuleRef> = Vec::new();
    let mixed = explanation.verdict == Verdict::Depends;
    let told = explanation.paths.iter().filter(|p| !mixed || p.answer.outcome == Outcome::Denied);
    let all = told.flat_map(|path| drawings(explanation.world, path, sources));
    for drawing in all {
        if drawn.len() < DRAWN && !drawn.contains(&drawing.rule) {
            if let Some(text) = draw(&drawing, sources) {
                sheet.gap();
                sheet.line(text);
            }
            drawn.push(drawing.rule);
        }
    }
}

/// The drawn rules behind the outcome of one path, without styles.
pub(super) fn of_path(world: &World, path: &Path, sources: &SourceMap) -> Vec<String> {
    drawings(world, path, sources)
        .iter()
        .filter_map(|drawing| draw(drawing, sources))
        .map(|text| plain(&text))
        .collect()
}

/// A denied path shows what nearly admitted it, any other what admits it.
fn drawings(world: &World, path: &Path, sources: &SourceMap) -> Vec<Drawing> {
    let denied = path.answer.outcome == Outcome::Denied;
    let shown = |side: &&Side| path.answer.always.is_none() && (side.outcome == Outcome::Denied) == denied;
    let draw = |side: &Side| {
        let tier = side.tiers.last()?;
        match (&tier.end, &tier.nearest) {
            (TierEnd::Allowed(rule) | TierEnd::Denied(Some(rule)), _) => admitting(world, rule, sources),
            (TierEnd::Denied(None), Some(nearest)) => missing(world, path, nearest, sources),
            _ => None,
        }
    };
    path.answer.sides().filter(shown).filter_map(draw).collect()
}

fn items(world: &World, rule: &RuleRef) -> (Option<Place>, Option<Place>) {
    let Some((_, found)) = words::rule(world, rule) else { return (None, None) };
    let peer = rule.peer.and_then(|i| found.peers.get(i)).and_then(|p| p.place.clone());
    let port = rule.port.and_then(|i| found.ports.get(i)).and_then(|p| p.place.clone());
    (peer, port)
}

fn admitting(world: &World, rule: &RuleRef, sources: &SourceMap) -> Option<Drawing> {
    let (peer, port) = items(world, rule);
    let peer = peer.map(|place| line_with(sources, &place, "cidr"));
    let marks: Vec<_> = [(peer, "this peer"), (port, "this port")]
        .into_iter()
        .filter_map(|(place, label)| Some((place?, label.to_owned())))
        .collect();
    let marks = if marks.is_empty() { vec![(rule.place.clone()?, "this rule".to_owned())] } else { marks };
    Some(Drawing { rule: rule.clone(), name: "decided by", marks })
}

fn missing(world: &World, path: &Path, nearest: &NearestMiss, sources: &SourceMap) -> Option<Drawing> {
    let told = Told::new(world, path, nearest.rule.direction)?;
    let (peer, port) = items(world, &nearest.rule);
    let port_word = nearest.miss.port.as_ref().map(port_word);
    let peer_word = nearest.miss.peer.as_ref().map(peer_word);
    let by_default = matches!(nearest.miss.port, Some(PortMiss::Protocol(_)))
        && port.as_ref().and_then(|place| sources.slice(place)).is_some_and(|t| !t.contains("protocol"));
    let places = [(port, port_word), (peer, peer_word)].into_iter().filter(|(_, word)| word.is_some());
    let places = places.map(|(place, word)| Some(line_with(sources, &place?, word?)));
    let mut marks: Vec<_> =
        places.zip(parts(&told, nearest)).filter_map(|(place, part)| Some((place?, part.label))).collect();
    if let Some((_, label)) = marks.first_mut().filter(|_| by_default) {
        label.push_str("; a port without `protocol` is TCP");
    }
    (!marks.is_empty()).then(|| Drawing { rule: nearest.rule.clone(), name: "nearest miss", marks })
}

fn draw(drawing: &Drawing, sources: &SourceMap) -> Option<String> {
    let places: Vec<&Place> =
        drawing.rule.place.iter().chain(drawing.marks.iter().map(|(place, _)| place)).collect();
    let window = Window::around(sources, &places)?;
    let mut snippet = window.snippet();
    for (place, label) in &drawing.marks {
        snippet = snippet.annotations(window.mark(AnnotationKind::Primary, place, label));
    }
    let snippet = snippet.annotations(drawing.rule.place.as_ref().and_then(|place| window.show(place)));
    let title = format!("{} of policy {}", words::rule_name(&drawing.rule), drawing.rule.policy);
    let level = Level::NOTE.with_name(drawing.name);
    let group = Group::with_title(level.primary_title(title.as_str())).element(snippet);
    Some(renderer().render(&[group]))
}
