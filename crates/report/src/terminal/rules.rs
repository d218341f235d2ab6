//! The source lines of the rules that decided, or came closest, with the decisive item marked.

use annotate_snippets::{AnnotationKind, Group, Level};
use podfence_analysis::{Explanation, Path, Verdict};
use podfence_engine::{NearestMiss, Outcome, PortMiss, RuleRef, Side, TierEnd};
use podfence_model::{Place, World};
use podfence_source::SourceMap;

use crate::decisive::Decisive;
use crate::miss::Told;
use crate::snippet::{Window, renderer};
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
    let mixed = explanation.verdict == Verdict::Depends;
    let told = explanation.paths.iter().filter(|p| !mixed || p.answer.outcome == Outcome::Denied);
    of_paths(sheet, explanation.world, told, sources);
}

/// Draws the rules behind the outcomes of some paths, each once.
pub(super) fn of_paths<'a>(
    sheet: &mut Sheet,
    world: &World,
    paths: impl Iterator<Item = &'a Path>,
    sources: &SourceMap,
) {
    let mut drawn: Vec<RuleRef> = Vec::new();
    let text = Decisive::new(sources);
    for drawing in paths.flat_map(|path| drawings(world, path, &text)) {
        if drawn.len() < DRAWN && !drawn.contains(&drawing.rule) {
            if let Some(text) = draw(&drawing, sources) {
                sheet.gap();
                sheet.block(text);
            }
            drawn.push(drawing.rule);
        }
    }
}

/// The drawn rules behind the outcome of one path, without styles.
pub(super) fn of_path(world: &World, path: &Path, text: &Decisive<'_>) -> Vec<String> {
    drawings(world, path, text)
        .iter()
        .filter_map(|drawing| draw(drawing, text.sources()))
        .map(|text| plain(&text))
        .collect()
}

/// A denied path shows what nearly admitted it, any other what admits it.
fn drawings(world: &World, path: &Path, text: &Decisive<'_>) -> Vec<Drawing> {
    let denied = path.answer.outcome == Outcome::Denied;
    let shown = |side: &&Side| path.answer.always.is_none() && (side.outcome == Outcome::Denied) == denied;
    let draw = |side: &Side| {
        let tier = side.tiers.last()?;
        match (&tier.end, &tier.nearest) {
            (TierEnd::Allowed(rule) | TierEnd::Denied(Some(rule)), _) => admitting(world, rule, text),
            (TierEnd::Denied(None), Some(nearest)) => missing(world, path, nearest, text),
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

fn admitting(world: &World, rule: &RuleRef, text: &Decisive<'_>) -> Option<Drawing> {
    let (peer, port) = items(world, rule);
    let peer = peer.map(|place| labelled(text.peer(&place), "this peer"));
    let port = port.map(|place| labelled(text.item(&place), "this port"));
    let marks: Vec<_> = peer.into_iter().chain(port).flatten().collect();
    let marks = if marks.is_empty() { vec![(rule.place.clone()?, "this rule".to_owned())] } else { marks };
    Some(Drawing { rule: rule.clone(), name: "decided by", marks })
}

/// What is said of several places together stands at the last.
fn labelled(places: Vec<Place>, label: &str) -> Vec<(Place, String)> {
    let last = places.len().saturating_sub(1);
    let at = |(index, place)| (place, if index == last { label.to_owned() } else { String::new() });
    places.into_iter().enumerate().map(at).collect()
}

fn missing(world: &World, path: &Path, nearest: &NearestMiss, text: &Decisive<'_>) -> Option<Drawing> {
    let told = Told::new(world, path, nearest.rule.direction)?;
    let (peer, port) = items(world, &nearest.rule);
    let port = nearest.miss.port.as_ref().zip(port).map(|(miss, place)| {
        let by_default = matches!(miss, PortMiss::Protocol(_)) && !text.has_field(&place, "protocol");
        let default = if by_default { "; a port without `protocol` is TCP" } else { "" };
        let labels = told.port(miss).labels.into_iter().map(|label| label + default);
        text.port_miss(&place, miss).into_iter().zip(labels).collect::<Vec<_>>()
    });
    let peer = nearest.miss.peer.as_ref().zip(peer).map(|(miss, place)| {
        text.peer_miss(&place, miss).into_iter().zip(told.peer(miss).labels).collect::<Vec<_>>()
    });
    let marks: Vec<_> = port.into_iter().chain(peer).flatten().collect();
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
