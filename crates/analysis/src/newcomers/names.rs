//! Sets of new pods under short names: by the labels that are meant, with the places where they are meant.

use std::collections::BTreeMap;

use fixedbitset::FixedBitSet;
use podfence_model::Labels;

use super::{NewPlace, NewPod, Newcomers};

/// New pods of some places, those with some labels.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NewPods {
    /// Which of a place's pods.
    pub labels: NewLabels,
    /// In which places.
    pub places: NewPlaces,
}

/// Places of new pods.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NewPlaces {
    /// Everywhere.
    Anywhere,
    /// Everywhere but in these; never empty.
    AnywhereBut(Vec<NewPlace>),
    /// In these; never empty.
    In(Vec<NewPlace>),
}

/// Labels of new pods, of all sets that rules name at a place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NewLabels {
    /// Whatever they are.
    Any,
    /// Whatever they are, unless they are these.
    AnyBut(LabelSets),
    /// These.
    With(LabelSets),
}

/// Some sets of labels, of all that rules name at a place; never none.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LabelSets {
    /// Those that have all of one of these, and maybe others.
    pub including: Vec<Labels>,
    /// These, and no others with them.
    pub exactly: Vec<Labels>,
}

impl LabelSets {
    /// The shortest way to say `some` of these.
    fn of(some: &[&Labels], others: &[&Labels]) -> Self {
        let mut sets = Self::default();
        let mut rising = some.to_vec();
        rising.sort_by_key(|labels| labels.len());
        for labels in rising {
            if sets.including.iter().any(|less| includes(labels, less)) {
                continue;
            }
            let is_closed = !others.iter().any(|other| includes(other, labels));
            if is_closed { &mut sets.including } else { &mut sets.exactly }.push(labels.clone());
        }
        sets
    }

    fn holds(&self, labels: &Labels) -> bool {
        self.exactly.contains(labels) || self.including.iter().any(|less| includes(labels, less))
    }
}

fn includes(labels: &Labels, less: &Labels) -> bool {
    less.iter().all(|(key, value)| labels.get(key) == Some(value))
}

impl NewPods {
    /// Whether a new pod is among them.
    pub fn holds(&self, pod: &NewPod) -> bool {
        let is_there = match &self.places {
            NewPlaces::Anywhere => true,
            NewPlaces::AnywhereBut(places) => !places.contains(&pod.place),
            NewPlaces::In(places) => places.contains(&pod.place),
        };
        is_there
            && match &self.labels {
                NewLabels::Any => true,
                NewLabels::AnyBut(sets) => !sets.holds(&pod.labels),
                NewLabels::With(sets) => sets.holds(&pod.labels),
            }
    }
}

impl Newcomers {
    /// Names for some of them, by their numbers.
    pub(crate) fn name(&self, chosen: &FixedBitSet) -> Vec<NewPods> {
        let numbered: Vec<(usize, &NewPod)> = self.pods.iter().enumerate().collect();
        let mut all = Vec::new();
        let mut by_labels: BTreeMap<NewLabels, Vec<NewPlace>> = BTreeMap::new();
        for pods in numbered.chunk_by(|a, b| a.1.place == b.1.place) {
            let place = &pods[0].1.place;
            all.push(place);
            if let Some(labels) = labels(pods, chosen) {
                by_labels.entry(labels).or_default().push(place.clone());
            }
        }
        by_labels
            .into_iter()
            .map(|(labels, places)| NewPods { labels, places: folded(places, &all) })
            .collect()
    }
}

/// Which of a place's pods are chosen.
fn labels(pods: &[(usize, &NewPod)], chosen: &FixedBitSet) -> Option<NewLabels> {
    let (with, without): (Vec<_>, Vec<_>) =
        pods.iter().copied().partition(|(number, _)| chosen.contains(*number));
    let [with, without] =
        [with, without].map(|pods| pods.iter().map(|(_, pod)| &pod.labels).collect::<Vec<&Labels>>());
    match (with.is_empty(), without.is_empty()) {
        (true, _) => None,
        (false, true) => Some(NewLabels::Any),
        // A pod without labels stands for all that no rule names: it cannot be listed.
        _ if with.iter().any(|labels| labels.is_empty()) => {
            Some(NewLabels::AnyBut(LabelSets::of(&without, &with)))
        }
        _ => Some(NewLabels::With(LabelSets::of(&with, &without))),
    }
}

fn folded(places: Vec<NewPlace>, all: &[&NewPlace]) -> NewPlaces {
    let others: Vec<NewPlace> =
        all.iter().filter(|place| !places.contains(place)).map(|place| (*place).clone()).collect();
    if others.is_empty() {
        NewPlaces::Anywhere
    } else if 1 + others.len() < places.len() {
        NewPlaces::AnywhereBut(others)
    } else {
        NewPlaces::In(places)
    }
}
