//! What a world says of two ends, as a small number, so that equal states are found without looking at ports.

use std::collections::HashMap;

use podfence_model::{Family, PortSet};

use super::aligned::Readings;
use super::change::{Said, Turn};
use crate::matrix::{GroupId, Reached};

/// The number of a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct StateId(u32);

impl StateId {
    /// Nothing is allowed.
    pub(super) const NOTHING: Self = Self(0);
}

/// How to read a matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    /// Whom one reaches.
    Row,
    /// Who reaches one.
    Column,
}

/// Ports that are allowed for certain, and those that are not denied for certain.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
struct State {
    certain: PortSet,
    possible: PortSet,
}

impl State {
    fn ports(&self, said: Said) -> PortSet {
        match said {
            Said::Allowed => self.certain.clone(),
            Said::Undecidable => self.possible.difference(&self.certain),
            Said::Denied => PortSet::all().difference(&self.possible),
        }
    }
}

/// All states of both worlds, each once.
pub(super) struct States {
    ids: HashMap<State, StateId>,
    list: Vec<State>,
}

impl States {
    pub(super) fn new() -> Self {
        let nothing = State::default();
        Self { ids: HashMap::from([(nothing.clone(), StateId::NOTHING)]), list: vec![nothing] }
    }

    fn intern(&mut self, state: State) -> StateId {
        // A world with 2^32 sets of ports does not fit in memory.
        let next = StateId(u32::try_from(self.list.len()).unwrap_or(u32::MAX));
        let id = *self.ids.entry(state.clone()).or_insert(next);
        if id == next {
            self.list.push(state);
        }
        id
    }

    /// What a group's row or column says of every group.
    pub(super) fn line(
        &mut self,
        readings: &Readings,
        family: Family,
        of: GroupId,
        line: Line,
    ) -> Vec<StateId> {
        let groups = readings.certain.groups().len();
        let [certain, possible] = [&readings.certain, readings.possible()].map(|matrix| match line {
            Line::Row => matrix.row(family, of),
            Line::Column => matrix.column(family, of),
        });
        let [certain_of, possible_of] = [&certain, &possible].map(|row| places(row, groups));
        let mut known = HashMap::new();
        let state_of = |(certain_at, possible_at): (Option<usize>, Option<usize>)| {
            *known.entry((certain_at, possible_at)).or_insert_with(|| {
                let ports = |row: &[Reached], at: Option<usize>| {
                    at.map(|at| row[at].ports.clone()).unwrap_or_default()
                };
                self.intern(State {
                    certain: ports(&certain, certain_at),
                    possible: ports(&possible, possible_at),
                })
            })
        };
        certain_of.into_iter().zip(possible_of).map(state_of).collect()
    }

    /// The ports that turn from one state to another, by how they do.
    pub(super) fn turns(&self, old: StateId, new: StateId) -> Vec<(Turn, PortSet)> {
        let [old, new] = [old, new].map(|id| &self.list[id.0 as usize]);
        let all = Said::ALL.into_iter().flat_map(|before| Said::ALL.map(|after| (before, after)));
        let turning = all.filter_map(|(before, after)| {
            let ports = old.ports(before).intersection(&new.ports(after));
            Some((Turn::between(before, after)?, ports)).filter(|(_, ports)| !ports.is_empty())
        });
        turning.collect()
    }

    /// The ports that both states allow for certain.
    pub(super) fn stays(&self, old: StateId, new: StateId) -> PortSet {
        let [old, new] = [old, new].map(|id| &self.list[id.0 as usize]);
        old.certain.intersection(&new.certain)
    }
}

/// For each group, its place in a row.
fn places(row: &[Reached], groups: usize) -> Vec<Option<usize>> {
    let mut places = vec![None; groups];
    for (place, reached) in row.iter().enumerate() {
        reached.groups.iter().for_each(|group| places[group.index()] = Some(place));
    }
    places
}
