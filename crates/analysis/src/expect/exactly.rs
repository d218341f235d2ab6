//! `exactly`: some reach what is listed, and nothing and nobody else.
//!
//! Everybody else is every pod that policies can see and, for pods that send, every address that is no known pod's. Ends are cut
//! where the lists cut them, so that a list holds whatever the groups of the world are.

use std::collections::{BTreeMap, HashMap};

use podfence_engine::PodId;
use podfence_model::{Exactly, Family, Place, PortSet, Reach};

use super::breach::{Outcome, Tally, nothing};
use super::connections::{cells, targets};
use super::judge::{Cell, Judge, Part, Who};
use super::ports::{Ports, every_port};
use super::selection::{End, Selection};
use super::{Checked, Checker, Mistake, Result};
use crate::AddressSet;
use crate::ends::Ends;

/// What is listed for one end.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Listed {
    allowed: PortSet,
    undecided: PortSet,
}

impl Listed {
    fn add(&mut self, ports: &PortSet, allowed: bool) {
        let list = if allowed { &mut self.allowed } else { &mut self.undecided };
        *list = list.union(ports);
    }
}

/// All ends, each with what is listed for it.
struct Lists {
    pods: HashMap<PodId, Listed>,
    /// Pieces of the address space, of unknown pods and outside.
    addresses: [Vec<(AddressSet, Listed)>; 2],
}

/// Holds a claim against the world.
pub(super) fn check(checker: &Checker<'_>, claim: &Exactly, place: &Place) -> Result<Checked> {
    let judge = &checker.judge;
    let from = if is_of_everybody_else(claim) {
        checker.select_any(&claim.from, End::From)?
    } else {
        checker.select(&claim.from, End::From)?
    };
    let from = judge.parts(&from);
    let parts = lists(checker, claim, place)?.parts(judge);
    let mut tally = Tally::default();
    let numbers: Vec<usize> = parts.iter().map(|(part, _)| tally.part(&part.who)).collect();
    for family in judge.families(claim.family) {
        for from in &from {
            let number = tally.part(&from.who);
            let rows = judge.rows(family, from);
            for ((to, listed), to_number) in parts.iter().zip(&numbers) {
                if !matches!(to.who, Who::Pods(_)) && !matches!(from.who, Who::Pods(_)) {
                    continue;
                }
                for (pairs, cell) in
                    cells(judge, family, (from, &rows), to).into_iter().filter(|(n, _)| *n > 0)
                {
                    tally.count(pairs);
                    note(&mut tally, (number, *to_number), family, pairs, &cell, listed);
                }
            }
        }
    }
    let nobody = || if is_of_everybody_else(claim) { Ok(Checked::Holds(0)) } else { Err(nothing(place)) };
    tally.finish(judge, |_, trace| Some(trace)).map_or_else(nobody, Ok)
}

/// `*` but some, who reach nobody: such a claim is there for pods that are not there yet.
fn is_of_everybody_else(claim: &Exactly) -> bool {
    let without = claim.from.iter().any(|word| word.text.starts_with("not "));
    let all = claim.from.iter().any(|word| word.text == "*");
    all && without && claim.reaches.is_empty() && claim.undecided.is_empty()
}

fn note(
    tally: &mut Tally,
    numbers: (usize, usize),
    family: Family,
    pairs: usize,
    cell: &Cell,
    listed: &Listed,
) {
    let every = every_port();
    let [certain, possible] = [&cell.certain, &cell.possible].map(|ports| ports.intersection(&every));
    let denied = listed.allowed.union(&listed.undecided).intersection(&every).difference(&possible);
    let allowed = certain.difference(&listed.allowed);
    let open = possible.difference(&certain).difference(&listed.undecided);
    tally.note(numbers, denied, Some(family), Outcome::Denied, pairs);
    tally.note(numbers, allowed, Some(family), Outcome::Allowed, pairs);
    tally.note(numbers, open, Some(family), Outcome::Undecided, pairs);
}

fn lists(checker: &Checker<'_>, claim: &Exactly, place: &Place) -> Result<Lists> {
    let all = Family::BOTH.into_iter().map(AddressSet::all).reduce(|a, b| a.union(&b)).unwrap_or_default();
    let whole = || vec![(all.clone(), Listed::default())];
    let mut lists = Lists { pods: HashMap::new(), addresses: [whole(), whole()] };
    for (reach, allowed) in
        claim.reaches.iter().map(|r| (r, true)).chain(claim.undecided.iter().map(|r| (r, false)))
    {
        lists.add(checker, reach, allowed, place)?;
    }
    Ok(lists)
}

impl Lists {
    fn add(&mut self, checker: &Checker<'_>, reach: &Reach, allowed: bool, place: &Place) -> Result<()> {
        let selection = checker.select(&reach.to, End::To)?;
        if let (Some(host), Some(word)) = (selection.hosts.first(), reach.to.first()) {
            let message = format!(
                "{} is listed as an address: `exactly` takes nodes for a part of `outside`",
                host.text
            );
            return Err(vec![Mistake::new(&word.place, message)]);
        }
        let ports = Ports::read(&reach.ports)?;
        for target in targets(checker, &selection, &ports, place)? {
            if let Who::Pods(pods) = &target.part.who {
                for pod in pods {
                    self.pods.entry(*pod).or_default().add(&target.ports, allowed);
                }
            }
        }
        let meant = [&selection.ends.unknown, &selection.ends.outside];
        for (pieces, meant) in self.addresses.iter_mut().zip(meant) {
            *pieces = cut(pieces, meant, ports.on_address(), allowed);
        }
        Ok(())
    }

    /// Every end of the world, cut so that one thing is listed for all of a part.
    fn parts(&self, judge: &Judge) -> Vec<(Part, Listed)> {
        let mut by_list: BTreeMap<Listed, Ends> = BTreeMap::new();
        for id in judge.every_pod() {
            let listed = judge.engine().pod_id(&id).and_then(|pod| self.pods.get(&pod)).cloned();
            by_list.entry(listed.unwrap_or_default()).or_default().pods.insert(id);
        }
        let [unknown, outside] = &self.addresses;
        for (set, listed) in unknown {
            let ends = by_list.entry(listed.clone()).or_default();
            ends.unknown = ends.unknown.union(set);
        }
        for (set, listed) in outside {
            let ends = by_list.entry(listed.clone()).or_default();
            ends.outside = ends.outside.union(set);
        }
        let parts = |(listed, ends): (Listed, Ends)| {
            let parts = judge.parts(&Selection { ends, ..Selection::default() });
            parts.into_iter().map(move |part| (part, listed.clone()))
        };
        by_list.into_iter().flat_map(parts).collect()
    }
}

/// Pieces cut at the edge of a set, whose inside is listed with some more ports.
fn cut(
    pieces: &[(AddressSet, Listed)],
    set: &AddressSet,
    ports: &PortSet,
    allowed: bool,
) -> Vec<(AddressSet, Listed)> {
    let both = |(piece, listed): &(AddressSet, Listed)| {
        let mut more = listed.clone();
        more.add(ports, allowed);
        [(piece.intersection(set), more), (piece.difference(set), listed.clone())]
    };
    pieces.iter().flat_map(both).filter(|(piece, _)| !piece.is_empty()).collect()
}
