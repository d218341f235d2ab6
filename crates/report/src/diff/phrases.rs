//! The phrases about a difference: labels of changes, names of their ends. Why they came about is in
//! `reasons`.

use std::collections::BTreeSet;

use podfence_analysis::diff::{Change, Difference, Fate, HostChange, Scope, Turn};
use podfence_analysis::ends::{Directory, EndName, Ends};
use podfence_model::{Origin, Pod};

use crate::{ends, ports, words};

/// Names of ends that are written out before they are counted.
const NAMED: usize = 6;

/// A difference, and the names of both of its worlds.
pub(crate) struct Told<'d> {
    pub(crate) difference: &'d Difference<'d>,
    old: Directory,
    new: Directory,
}

impl<'d> Told<'d> {
    pub(crate) fn new(difference: &'d Difference<'d>) -> Self {
        let [old, new] = [difference.old, difference.new].map(|side| Directory::new(side.world, side.engine));
        Self { difference, old, new }
    }

    /// The names of both sides of a change. A pod on one side that stands alone on the other is no reason to leave it out: it
    /// always means another one.
    pub(crate) fn names(&self, change: &Change) -> [Vec<EndName>; 2] {
        let directory = if change.scope == Scope::Gone { &self.old } else { &self.new };
        let name = |ends: &Ends, others: &Ends| {
            let names = directory.name(ends);
            if others.pods.len() != 1 || others.pods.is_subset(&ends.pods) {
                return names;
            }
            let mut with = ends.clone();
            with.pods.extend(others.pods.iter().cloned());
            Some(directory.name(&with))
                .filter(|with| with.len() == 1 && excepts_nobody(with))
                .unwrap_or(names)
        };
        [name(&change.from, &change.to), name(&change.to, &change.from)]
    }

    /// The names of both sides in words. Ends that change among each other are named once.
    pub(crate) fn sides(&self, change: &Change) -> [String; 2] {
        let [from, to] = self.names(change);
        let to = if from == to && change.from.pods.len() > 1 { "each other".to_owned() } else { listed(&to) };
        [listed(&from), to]
    }

    /// The workloads and pods that no input states and that changes tell of.
    pub(crate) fn assumed(&self) -> Vec<String> {
        let mut assumed = BTreeSet::new();
        for change in &self.difference.changes {
            let pods = &self.difference.side(change.scope).world.pods;
            let of_change = change.from.pods.iter().chain(&change.to.pods).filter_map(|id| pods.get(id));
            assumed.extend(of_change.filter(|pod| matches!(pod.meta.origin, Origin::Assumed(_))).map(maker));
        }
        assumed.into_iter().collect()
    }
}

fn maker(pod: &Pod) -> String {
    pod.workload.as_ref().map_or_else(|| pod.meta.id.to_string(), words::object)
}

fn excepts_nobody(names: &[EndName]) -> bool {
    use EndName::{EveryPod, Everybody, Namespace};
    let all = |name: &EndName| match name {
        Everybody { but } | EveryPod { but } | Namespace { but, .. } => but.is_empty(),
        _ => false,
    };
    names.iter().all(all)
}

/// What happens to a change's connections, in a word or two.
pub(crate) fn label(change: &Change) -> &'static str {
    let partly = !change.stays.is_empty();
    match (change.scope, change.turn) {
        (Scope::New, Turn::Opened) => "new",
        (Scope::New, _) => "new?",
        (Scope::Gone, _) => "gone",
        (Scope::Existing, Turn::Opened) if partly => "widened",
        (Scope::Existing, Turn::Opened) => "opened",
        (Scope::Existing, Turn::Closed) if partly => "narrowed",
        (Scope::Existing, Turn::Closed) => "closed",
        (Scope::Existing, Turn::MayOpen) => "may open",
        (Scope::Existing, Turn::MayClose) => "may close",
        (Scope::Existing, Turn::SettledOpen) => "is open",
        (Scope::Existing, Turn::SettledClosed) => "is closed",
    }
}

/// What is to be added to the ports of a change.
pub(crate) fn remark(change: &Change) -> String {
    let family = change.family.map(|family| format!(" over {family}")).unwrap_or_default();
    let stays = match change.turn {
        _ if change.scope != Scope::Existing => String::new(),
        Turn::SettledOpen | Turn::SettledClosed => ", undecidable before".to_owned(),
        _ if change.stays.is_empty() => String::new(),
        _ if change.ports.union(&change.stays).is_all() => ", which stays allowed".to_owned(),
        _ => format!(" ({} stays allowed)", ports::text(&change.stays)),
    };
    family + &stays
}

/// Names in words, those that are no known pods first; of many, the first ones.
fn listed(names: &[EndName]) -> String {
    let is_pods = |name: &EndName| {
        use EndName::{EveryPod, Everybody, Namespace, PartOf, Pod, Workload};
        matches!(
            name,
            Everybody { .. } | EveryPod { .. } | Namespace { .. } | Workload(_) | PartOf { .. } | Pod(_)
        )
    };
    let mut names = names.to_vec();
    names.sort_by_key(is_pods);
    if names.len() <= NAMED {
        return ends::names(&names);
    }
    format!("{} and {} more", ends::names(&names[..NAMED]), names.len() - NAMED)
}

/// How many changes there are, by what happens: `2 opened, 1 closed`.
pub(crate) fn summary(difference: &Difference<'_>) -> String {
    let turning = |turns: &[Turn]| turns.iter().map(|turn| difference.turning(*turn).count()).sum::<usize>();
    let hosts = |now: bool| difference.hosts.iter().filter(|one| one.has_now == now).count();
    let counts = [
        (turning(&[Turn::Opened]), "opened"),
        (turning(&[Turn::Closed]), "closed"),
        (turning(&[Turn::MayOpen, Turn::MayClose]), "undecidable now"),
        (turning(&[Turn::SettledOpen, Turn::SettledClosed]), "decided now"),
        (difference.in_scope(Scope::New).count(), "of new pods"),
        (difference.in_scope(Scope::Gone).count(), "of pods that are gone"),
        (hosts(true), "on the node's network now"),
        (hosts(false), "off the node's network now"),
    ];
    let told: Vec<String> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    told.join(", ")
}

/// What a change of `hostNetwork` means: a label, and a sentence.
pub(crate) fn host(change: &HostChange) -> (&'static str, String) {
    let object = words::object(&change.object);
    if change.has_now {
        (
            "unheld",
            format!("{object} has hostNetwork now: it is its node, and no policy isolates it any more"),
        )
    } else {
        ("held", format!("{object} has no hostNetwork any more: policies select it now"))
    }
}

/// Whose connections are in one world only.
pub(crate) fn whose(difference: &Difference<'_>, scope: Scope) -> &'static str {
    let turned = |now: bool| difference.hosts.iter().any(|one| one.has_now == now);
    match scope {
        Scope::Existing => "",
        Scope::New if turned(false) => "new pods and those off the node's network",
        Scope::New => "new pods",
        Scope::Gone if turned(true) => "pods that are gone or on the node's network now",
        Scope::Gone => "pods that are gone",
    }
}

/// The objects of each fate, in words.
pub(crate) fn objects(difference: &Difference<'_>) -> Vec<(&'static str, Vec<String>)> {
    let of = |fate| {
        let objects = difference.objects.iter().filter(move |one| one.fate == fate);
        objects.map(|one| words::object(&one.object)).collect()
    };
    let fates = [(Fate::Added, "added"), (Fate::Removed, "removed"), (Fate::Changed, "changed")];
    let all = fates.into_iter().map(|(fate, word)| (word, of(fate)));
    all.filter(|(_, objects): &(_, Vec<_>)| !objects.is_empty()).collect()
}
