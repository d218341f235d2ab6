//! The smallest change that turns a verdict, drawn into the user's own text, and what it does beside.
//!
//! `edits` makes edits of the text from amendments, and `draft` reads the text with them made. Where no sure edit can be made,
//! the whole policy as it is to be is shown.

mod draft;
mod edits;

use annotate_snippets::{Group, Level};
use podfence_analysis::diff::Said;
use podfence_analysis::mend::{Amendment, Effect, Goal, Mended, Unmended};
use podfence_engine::RuleRef;
use podfence_model::{Place, World};
use podfence_source::{Edit, Outlines, SourceMap};

use crate::ends;
use crate::manifest::{self, Style, Yaml};
use crate::snippet::{Window, renderer};
use crate::style::{GOOD, Sheet, paint};
use crate::words;

/// Effects told of before the rest is only counted.
const EFFECTS: usize = 5;

pub use draft::Draft;
pub(crate) use edits::edits;

/// The smallest change to tell of beside an explanation.
#[derive(Clone, Copy)]
pub struct Change<'a> {
    /// The change, or why there is none.
    pub found: Result<&'a Mended, Unmended>,
    /// What it is for.
    pub goal: Goal,
    /// The texts that it changes.
    pub sources: &'a SourceMap,
}

/// Adds the change to an answer: what to write where, and what else that does; or why there is none. `before` is the world that
/// was asked about.
pub(crate) fn tell(sheet: &mut Sheet, before: &World, change: &Change<'_>) {
    let Change { found, goal, sources } = *change;
    let mended = match found {
        Ok(mended) => mended,
        Err(why) => return tell_none(sheet, why, goal),
    };
    let outlines = Outlines::new(sources);
    let several = mended.amendments.len() > 1;
    let edits = edits(before, &mended.amendments, &outlines);
    for (index, (amendment, edits)) in mended.amendments.iter().zip(edits).enumerate() {
        let of =
            if several { format!(", {} of {}", index + 1, mended.amendments.len()) } else { String::new() };
        let title = format!("smallest change{of}");
        sheet.gap();
        let drawn = edits.and_then(|edits| draw(&title, amendment, &edits, sources));
        sheet.block(drawn.unwrap_or_else(|| written(before, &title, amendment, mended)));
    }
    sheet.gap();
    effects(sheet, mended, goal);
}

/// Why there is no change to tell of, where that is not plain from the answer.
fn tell_none(sheet: &mut Sheet, why: Unmended, goal: Goal) {
    if let Some(why) = none(why, goal) {
        sheet.gap();
        sheet.entry("no change", why);
    }
}

/// Why there is no change to tell of, in words; `None` where that is plain from the answer.
pub(crate) fn none(why: Unmended, goal: Goal) -> Option<&'static str> {
    match (why, goal) {
        (Unmended::AlreadySo | Unmended::Undecided, _) => None,
        (Unmended::Always, _) => Some("no policy can refuse it: it passes whatever policies say"),
        (Unmended::Unseen, Goal::Deny) => {
            Some("no policy can refuse it: neither end is a pod that policies see")
        }
        (Unmended::Unseen | Unmended::NotFound, _) => Some(
            "no few changes of single rules turn this verdict alone: ask about fewer pods, one backend or one \
             direction at a time",
        ),
    }
}

/// The edits of the user's own files that make the change; `None` where one cannot be made surely. New policies are not
/// among them: see [`new_policies`].
pub fn patch(before: &World, mended: &Mended, sources: &SourceMap) -> Option<Vec<Edit>> {
    let edits = edits(before, &mended.amendments, &Outlines::new(sources));
    let of_texts = mended.amendments.iter().zip(edits);
    let changes = of_texts.filter(|(amendment, _)| !matches!(amendment, Amendment::AddPolicy(_)));
    let edits: Option<Vec<Vec<Edit>>> = changes.map(|(_, edits)| edits).collect();
    edits.map(|edits| edits.into_iter().flatten().collect())
}

/// The policies that the change adds, as YAML documents.
pub fn new_policies(mended: &Mended) -> Vec<String> {
    let added = mended.amendments.iter().filter_map(|amendment| match amendment {
        Amendment::AddPolicy(policy) => Some(manifest::policy(policy).block(Style::Lines) + "\n"),
        _ => None,
    });
    added.collect()
}

/// What to do, in one sentence.
pub(crate) fn sentence(amendment: &Amendment) -> String {
    let rule = |at: &RuleRef| format!("{} of policy {}", words::rule_name(at), at.policy);
    match amendment {
        Amendment::AddPeers(at, peers) if peers.len() == 1 => format!("add a peer to {}", rule(at)),
        Amendment::AddPeers(at, peers) => format!("add {} peers to {}", peers.len(), rule(at)),
        Amendment::AddPorts(at, ports) if ports.len() == 1 => format!("add a port to {}", rule(at)),
        Amendment::AddPorts(at, ports) => format!("add {} ports to {}", ports.len(), rule(at)),
        Amendment::ReplacePeer(at, _) => format!("change a peer of {}", rule(at)),
        Amendment::ReplacePort(at, _) => format!("change a port of {}", rule(at)),
        Amendment::AddRule(policy, direction, _) => format!("add an {direction} rule to policy {policy}"),
        Amendment::AddPolicy(policy) => format!("add a policy in namespace {}", policy.meta.id.namespace),
        Amendment::RemovePeer(at) => format!("take a peer out of {}", rule(at)),
        Amendment::RemovePort(at) => format!("take a port out of {}", rule(at)),
        Amendment::RemoveRule(at) => format!("take {} out", rule(at)),
    }
}

fn draw(title: &str, amendment: &Amendment, edits: &[Edit], sources: &SourceMap) -> Option<String> {
    let places: Vec<&Place> = edits.iter().map(|edit| &edit.place).collect();
    let window = Window::around(sources, &places)?;
    let patches: Vec<_> = edits.iter().filter_map(|edit| window.patch(&edit.place, &edit.text)).collect();
    let sentence = sentence(amendment);
    let title = Level::HELP.with_name(title).primary_title(sentence.as_str());
    Some(renderer().render(&[Group::with_title(title).element(window.snippet().patches(patches))]))
}

/// What to write, without the text around it.
fn written(before: &World, title: &str, amendment: &Amendment, mended: &Mended) -> String {
    let head = format!("{}: {}", paint(GOOD, title), sentence(amendment));
    let place = edits::place_of(before, amendment).map(|place| format!("  --> {place}, which then is"));
    let block = whole(amendment, mended).map(|yaml| yaml.block(Style::Lines)).unwrap_or_default();
    let lines = block.lines().map(|line| paint(GOOD, format!("  + {line}")));
    std::iter::once(head).chain(place).chain(lines).collect::<Vec<_>>().join("\n")
}

/// The policy with all amendments.
pub(crate) fn whole(amendment: &Amendment, mended: &Mended) -> Option<Yaml> {
    mended.world.policies.get(amendment.policy()).map(manifest::policy)
}

/// What an amendment adds.
pub(crate) fn yaml(amendment: &Amendment) -> Option<Yaml> {
    match amendment {
        Amendment::AddPeers(_, peers) => Some(Yaml::List(peers.iter().map(manifest::peer).collect())),
        Amendment::AddPorts(_, ports) => Some(Yaml::List(ports.iter().map(manifest::port).collect())),
        Amendment::ReplacePeer(_, kind) => Some(Yaml::List(vec![manifest::peer(kind)])),
        Amendment::ReplacePort(_, port) => Some(Yaml::List(vec![manifest::port(port)])),
        Amendment::AddRule(_, direction, rule) => Some(Yaml::List(vec![manifest::rule(rule, *direction)])),
        Amendment::AddPolicy(policy) => Some(manifest::policy(policy)),
        Amendment::RemovePeer(_) | Amendment::RemovePort(_) | Amendment::RemoveRule(_) => None,
    }
}

fn effects(sheet: &mut Sheet, mended: &Mended, goal: Goal) {
    let beside: Vec<&Effect> = mended.effects.iter().filter(|effect| effect.is_beside).collect();
    let what = match goal {
        Goal::Allow => "opens",
        Goal::Deny => "closes",
    };
    if beside.is_empty() {
        sheet.entry(what, "this and nothing else");
    } else if beside.iter().all(|effect| effect.turn.after() == Said::Undecidable) {
        sheet.entry(what, "this, and nothing else for certain");
    }
    for effect in beside.iter().take(EFFECTS) {
        let (from, to) = (ends::names(&effect.from), ends::names(&effect.to));
        sheet.entry(turn(effect), &format!("{from} → {to}: {}", effect.ports));
    }
    if let Some(rest) = beside.len().checked_sub(EFFECTS).filter(|rest| *rest > 0) {
        sheet.more(&format!("and {}", words::count(rest, "more change", "more changes")));
    }
}

/// What happens to connections, in a word or two.
pub(crate) fn turn(effect: &Effect) -> &'static str {
    use podfence_analysis::diff::Turn;
    match effect.turn {
        Turn::Opened | Turn::SettledOpen => "opens",
        Turn::MayOpen => "may open",
        Turn::MayClose => "may close",
        Turn::SettledClosed | Turn::Closed => "closes",
    }
}
