//! Pairs of ends whose states differ, gathered by what happens to them.
//!
//! Only numbers of states are compared, pair by pair. The ports that turn are computed once for each two states.

use std::collections::{BTreeMap, HashMap};

use fixedbitset::FixedBitSet;
use podfence_model::{Family, PortSet};

use super::aligned::{Aligned, Alike, Readings};
use super::change::{Scope, Turn};
use super::states::{Line, StateId, States};
use crate::matrix::GroupId;

/// What happens to a pair of ends.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct What {
    pub(super) scope: Scope,
    pub(super) turn: Turn,
    pub(super) family: Option<Family>,
    pub(super) ports: PortSet,
}

/// The pairs that the same happens to.
pub(super) struct Pairs {
    /// Per sender, the receivers.
    pub(super) rows: BTreeMap<usize, FixedBitSet>,
    /// Per sender, the ports that stay allowed to all of these receivers.
    pub(super) stays_from: BTreeMap<usize, PortSet>,
    /// The same per receiver.
    pub(super) stays_to: BTreeMap<usize, PortSet>,
}

/// A pair's states in one family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Step {
    scope: Scope,
    old: StateId,
    new: StateId,
}

/// Compares all pairs.
pub(super) fn compare(aligned: &Aligned<'_>) -> BTreeMap<What, Pairs> {
    let mut comparison =
        Comparison { aligned, states: States::new(), known: HashMap::new(), found: BTreeMap::new() };
    for end in aligned.touched.ones() {
        comparison.compare_line(end, Line::Row);
    }
    if aligned.touched.count_ones(..) < aligned.alike.len() {
        aligned.touched.ones().for_each(|end| comparison.compare_line(end, Line::Column));
    }
    comparison.found
}

struct Comparison<'a> {
    aligned: &'a Aligned<'a>,
    states: States,
    /// What each step means.
    known: HashMap<Step, Vec<(Turn, PortSet)>>,
    found: BTreeMap<What, Pairs>,
}

/// What one end's row or column says in one family, before and after; `None` where the end has no such address.
struct Lines {
    family: Family,
    old: Option<Vec<StateId>>,
    new: Option<Vec<StateId>>,
}

impl Lines {
    /// What happens to a pair; `None` if nothing does.
    fn step(&self, aligned: &Aligned<'_>, other: &Alike) -> Option<Step> {
        let of = |line: &Option<Vec<StateId>>, readings: &Readings, id: Option<GroupId>| {
            let id = id.filter(|id| readings.certain.group(*id).is_of(self.family))?;
            line.as_ref().map(|line| line[id.index()])
        };
        let old = of(&self.old, &aligned.old, other.old);
        let new = of(&self.new, &aligned.new, other.new);
        let scope = match (old, new) {
            (Some(_), Some(_)) => Scope::Existing,
            (None, Some(_)) => Scope::New,
            (Some(_), None) => Scope::Gone,
            (None, None) => return None,
        };
        let [old, new] = [old, new].map(|state| state.unwrap_or(StateId::NOTHING));
        Some(Step { scope, old, new })
    }
}

impl Comparison<'_> {
    /// Compares what an end may do with all others, or what all others that are not touched themselves may do with it.
    fn compare_line(&mut self, end: usize, line: Line) {
        let aligned = self.aligned;
        let own = &aligned.alike[end];
        let families: Vec<Lines> =
            aligned.families.iter().map(|family| self.lines(*family, own, line)).collect();
        for (other, alike) in aligned.alike.iter().enumerate() {
            let is_itself = end == other && own.is_one_pod();
            if is_itself || (line == Line::Column && aligned.touched.contains(other)) {
                continue;
            }
            let steps = families.iter().filter_map(|lines| Some((lines.family, lines.step(aligned, alike)?)));
            let pair = if line == Line::Row { (end, other) } else { (other, end) };
            self.enter(pair, steps);
        }
    }

    fn lines(&mut self, family: Family, end: &Alike, line: Line) -> Lines {
        let mut of = |readings: &Readings, id: Option<GroupId>| {
            let id = id.filter(|id| readings.certain.group(*id).is_of(family))?;
            Some(self.states.line(readings, family, id, line))
        };
        let (old, new) = (of(&self.aligned.old, end.old), of(&self.aligned.new, end.new));
        Lines { family, old, new }
    }

    /// Enters a pair: once if all families agree, and otherwise once for each family.
    fn enter(&mut self, pair: (usize, usize), steps: impl Iterator<Item = (Family, Step)> + Clone) {
        let mut different = steps.clone().map(|(_, step)| step);
        let Some(first) = different.next() else { return };
        if different.all(|step| step == first) {
            self.enter_step(pair, None, first);
        } else {
            steps.for_each(|(family, step)| self.enter_step(pair, Some(family), step));
        }
    }

    fn enter_step(&mut self, pair: (usize, usize), family: Option<Family>, step: Step) {
        if step.old == step.new {
            return;
        }
        let states = &self.states;
        let turns = self.known.entry(step).or_insert_with(|| states.turns(step.old, step.new));
        let stays = states.stays(step.old, step.new);
        for (turn, ports) in turns.iter() {
            let what = What { scope: step.scope, turn: *turn, family, ports: ports.clone() };
            self.found.entry(what).or_insert_with(Pairs::new).enter(pair, &stays, self.aligned.alike.len());
        }
    }
}

impl Pairs {
    fn new() -> Self {
        Self { rows: BTreeMap::new(), stays_from: BTreeMap::new(), stays_to: BTreeMap::new() }
    }

    fn enter(&mut self, (from, to): (usize, usize), stays: &PortSet, ends: usize) {
        self.rows.entry(from).or_insert_with(|| FixedBitSet::with_capacity(ends)).insert(to);
        for (end, known) in [(from, &mut self.stays_from), (to, &mut self.stays_to)] {
            let known = known.entry(end).or_insert_with(|| stays.clone());
            if known != stays {
                *known = known.intersection(stays);
            }
        }
    }
}
