//! `equivalent`, `contains` and `redundant`: what two sets of policies admit, compared.
//!
//! The groups of a world with the policies of both sets are so fine that each lies in one group of either set's own matrix.
//! So one member of each stands for all.

use podfence_engine::PodId;
use podfence_model::{Direction, Family, NamespacedName, PortSet, Word, World};

use super::breach::{Breach, Outcome, Tally};
use super::judge::{Cell, Judge, Part, Row, Who};
use super::ports::every_port;
use super::trace::Trace;
use super::{Checked, Checker, Mistake, Result};
use crate::ends::Ends;

use super::selection::Selection;

/// Both sets admit the same.
pub(super) fn equivalent(checker: &Checker<'_>, one: &[Word], other: &[Word]) -> Result<Checked> {
    compare(checker.only(one)?, checker.only(other)?, true).ok_or_else(|| no_pods(one))
}

/// The first set admits all that the second does.
pub(super) fn contains(checker: &Checker<'_>, whole: &[Word], part: &[Word]) -> Result<Checked> {
    compare(checker.only(whole)?, checker.only(part)?, false).ok_or_else(|| no_pods(whole))
}

/// All policies admit the same without these.
pub(super) fn redundant(checker: &Checker<'_>, policies: &[Word]) -> Result<Checked> {
    let without = checker.without(policies)?;
    compare(checker.judge.world().clone(), without, true).ok_or_else(|| no_pods(policies))
}

fn no_pods(words: &[Word]) -> Vec<Mistake> {
    let message = "there is no pod that policies could tell apart by what they admit";
    words.iter().take(1).map(|word| Mistake::new(&word.place, message)).collect()
}

/// Two sets of policies over one world.
struct Pair {
    /// With the policies of both.
    both: Judge,
    one: Judge,
    other: Judge,
    /// Whether what the first alone admits matters.
    both_ways: bool,
}

fn compare(one: World, other: World, both_ways: bool) -> Option<Checked> {
    let mut both = one.clone();
    both.policies.extend(other.policies.clone());
    let pair = Pair { both: Judge::new(both), one: Judge::new(one), other: Judge::new(other), both_ways };
    let parts = pair.both.parts(&everybody(&pair.both));
    let mut tally = Tally::default();
    let numbers: Vec<usize> = parts.iter().map(|part| tally.part(&part.who)).collect();
    let seats: Vec<Seat> = parts.iter().map(|part| pair.seat(part)).collect();
    for family in pair.both.families(None) {
        for (from, number) in seats.iter().zip(&numbers) {
            let rows = pair.rows(family, from);
            for (to, to_number) in seats.iter().zip(&numbers) {
                pair.note(&mut tally, family, (from, &rows), to, (*number, *to_number));
            }
        }
    }
    tally.finish(&pair.both, |breach, trace| Some(pair.trace(breach, &trace)))
}

/// All pods and all addresses.
fn everybody(judge: &Judge) -> Selection {
    let all =
        Family::BOTH.into_iter().map(crate::AddressSet::all).reduce(|a, b| a.union(&b)).unwrap_or_default();
    let ends = Ends { pods: judge.every_pod(), unknown: all.clone(), outside: all };
    Selection { ends, ..Selection::default() }
}

/// A part of the finer world, and the parts of the two that it lies in.
struct Seat {
    who: Who,
    one: Part,
    other: Part,
    /// What selects its pods, one list for each direction, in either world; empty for addresses.
    selecting: [Vec<NamespacedName>; 4],
}

impl Pair {
    fn seat(&self, part: &Part) -> Seat {
        let pod = if let Who::Pods(pods) = &part.who { pods.first() } else { None };
        let selecting =
            |judge: &Judge, direction| pod.map_or_else(Vec::new, |pod| selecting(judge, *pod, direction));
        let [egress, ingress] = Direction::BOTH;
        Seat {
            one: place(&self.one, &part.who),
            other: place(&self.other, &part.who),
            selecting: [
                selecting(&self.one, egress),
                selecting(&self.other, egress),
                selecting(&self.one, ingress),
                selecting(&self.other, ingress),
            ],
            who: part.who.clone(),
        }
    }

    fn rows(&self, family: Family, from: &Seat) -> [Vec<Row>; 2] {
        [self.one.rows(family, &from.one), self.other.rows(family, &from.other)]
    }

    fn note(
        &self,
        tally: &mut Tally,
        family: Family,
        (from, rows): (&Seat, &[Vec<Row>; 2]),
        to: &Seat,
        numbers: (usize, usize),
    ) {
        let pairs =
            members(&from.who) * members(&to.who) - usize::from(numbers.0 == numbers.1) * members(&to.who);
        let is_pod = |seat: &Seat| matches!(seat.who, Who::Pods(_));
        if pairs == 0 || !(is_pod(from) || is_pod(to)) {
            return;
        }
        let one = self.one.cell(family, &rows[0], &to.one.groups);
        let other = self.other.cell(family, &rows[1], &to.other.groups);
        let (Some(one), Some(other)) = (one, other) else { return };
        tally.count(pairs);
        if from.selecting[0] == from.selecting[1] && to.selecting[2] == to.selecting[3] {
            return; // the same policies decide, whatever the missing facts are
        }
        let [first, second, perhaps] =
            if self.both_ways { differences(&one, &other) } else { beyond(&one, &other) };
        tally.note(numbers, first, Some(family), Outcome::FirstOnly, pairs);
        tally.note(numbers, second, Some(family), Outcome::SecondOnly, pairs);
        tally.note(numbers, perhaps, Some(family), Outcome::Perhaps, pairs);
    }

    /// Asked in the world that refuses it, or where facts are missing.
    fn trace(&self, breach: &Breach, trace: &Trace) -> Trace {
        match breach.is {
            Outcome::FirstOnly => trace.within(&self.other),
            Outcome::Perhaps if trace.within(&self.other).is_undecidable() => trace.within(&self.other),
            _ => trace.within(&self.one),
        }
    }
}

/// The ports that one alone admits, that the other alone admits, and those of which nobody knows.
fn differences(one: &Cell, other: &Cell) -> [PortSet; 3] {
    let every = every_port();
    let within = |ports: PortSet| ports.intersection(&every);
    let first = within(one.certain.difference(&other.possible));
    let second = within(other.certain.difference(&one.possible));
    let open = |cell: &Cell| cell.possible.difference(&cell.certain);
    let perhaps = within(open(one).union(&open(other))).difference(&first).difference(&second);
    [first, second, perhaps]
}

/// The same where it does not matter what the first alone admits.
fn beyond(one: &Cell, other: &Cell) -> [PortSet; 3] {
    let [_, second, _] = differences(one, other);
    let perhaps = other.possible.intersection(&every_port()).difference(&one.certain).difference(&second);
    [PortSet::NONE, second, perhaps]
}

fn members(who: &Who) -> usize {
    if let Who::Pods(pods) = who { pods.len() } else { 1 }
}

/// The part of a coarser world that somebody lies in.
fn place(judge: &Judge, who: &Who) -> Part {
    let groups = match who {
        Who::Pods(pods) => pods.first().and_then(|pod| judge.group_of(*pod)).into_iter().collect(),
        Who::Unknown(set) | Who::Outside(set) => judge.groups_with(set),
        Who::Host(_) => Vec::new(),
    };
    Part { who: who.clone(), groups }
}

fn selecting(judge: &Judge, pod: PodId, direction: Direction) -> Vec<NamespacedName> {
    let engine = judge.engine();
    let mut names: Vec<NamespacedName> =
        engine.isolating(pod, direction).into_iter().map(|id| engine.policy(id).meta.id.clone()).collect();
    names.sort_unstable();
    names
}
