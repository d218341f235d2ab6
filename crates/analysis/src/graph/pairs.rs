//! Which cards are connected, pair by pair: the rows of two matrices, side by side.

use std::collections::{BTreeMap, HashMap};

use fixedbitset::FixedBitSet;
use podfence_model::{Direction, Family, PortSet};

use crate::graph::Link;
use crate::graph::cards::{Card, CardId};
use crate::graph::choice::Choice;
use crate::matrix::{GroupId, Matrix};

/// Pairs of cards by what passes between them. A pair has the number `from * cards + to`.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    pub links: BTreeMap<Link, FixedBitSet>,
    /// Pairs that are left out because no policy says anything about them: everything passes.
    pub undecided: FixedBitSet,
}

/// What passes from one group to another, family by family.
type Cell = Vec<Link>;

pub(super) fn of(cards: &[Card], certain: &Matrix, possible: &Matrix, choice: &Choice) -> Pairs {
    let mut pairs = Pairs { undecided: FixedBitSet::with_capacity(cards.len().pow(2)), ..Pairs::default() };
    let families: Vec<Family> = certain.families().collect();
    let mut rows: HashMap<GroupId, HashMap<GroupId, Cell>> = HashMap::new();
    for (i, from) in cards.iter().enumerate() {
        let row = rows.entry(from.group).or_insert_with(|| row(certain, possible, from.group));
        for (j, to) in cards.iter().enumerate().filter(|(j, to)| is_pair(from, to, i == *j)) {
            let shared = families.iter().filter(|f| from.is_of(**f) && to.is_of(**f)).count();
            if shared == 0 || !choice.keeps(from, to) {
                continue;
            }
            let number = i * cards.len() + j;
            if !choice.all && !is_decided(from, to) {
                pairs.undecided.insert(number);
                continue;
            }
            let cell = row.get(&to.group).map_or(&[][..], Vec::as_slice);
            for link in merged(cell, shared) {
                pairs.put(link, number, cards.len());
            }
        }
    }
    pairs
}

/// Whether a connection is thinkable and ours to judge.
fn is_pair(from: &Card, to: &Card, same: bool) -> bool {
    let a_pod = from.namespace().is_some() || to.namespace().is_some();
    a_pod && !(same && from.is_single())
}

fn is_decided(from: &Card, to: &Card) -> bool {
    !from.isolating(Direction::Egress).is_empty() || !to.isolating(Direction::Ingress).is_empty()
}

fn row(certain: &Matrix, possible: &Matrix, from: GroupId) -> HashMap<GroupId, Cell> {
    let mut row: HashMap<GroupId, Cell> = HashMap::new();
    for family in certain.families() {
        let sure = by_group(certain, family, from);
        for (to, ports) in by_group(possible, family, from) {
            let certain = sure.get(&to).cloned().unwrap_or(PortSet::NONE);
            let open = ports.difference(&certain);
            row.entry(to).or_default().push(Link { family: Some(family), certain, open });
        }
    }
    row
}

fn by_group(matrix: &Matrix, family: Family, from: GroupId) -> HashMap<GroupId, PortSet> {
    let cells = |reached: crate::matrix::Reached| {
        let ports = reached.ports;
        reached.groups.into_iter().map(move |group| (group, ports.clone()))
    };
    matrix.row(family, from).into_iter().flat_map(cells).collect()
}

/// One link where the families that both ends have agree.
fn merged(cell: &[Link], shared: usize) -> Vec<Link> {
    match cell {
        [only] if shared == 1 => vec![Link { family: None, ..only.clone() }],
        [a, b] if (&a.certain, &a.open) == (&b.certain, &b.open) => vec![Link { family: None, ..a.clone() }],
        several => several.to_vec(),
    }
}

impl Pairs {
    /// Pairs of whom all that a link says is true, and more. What passes for certain is not called open to question.
    pub(super) fn wider(&self, link: &Link) -> FixedBitSet {
        let asks = !link.open.is_empty();
        let mut wider = if asks { FixedBitSet::default() } else { self.undecided.clone() };
        let fits = |other: &Link| other.covers(link) && (!asks || other.open.covers(&link.open));
        for (_, bits) in self.links.iter().filter(|(other, _)| *other != link && fits(other)) {
            wider.union_with(bits);
        }
        wider
    }

    fn put(&mut self, link: Link, number: usize, cards: usize) {
        let bits = || FixedBitSet::with_capacity(cards.pow(2));
        self.links.entry(link).or_insert_with(bits).insert(number);
    }

    /// The two cards of a pair.
    pub(super) fn ends(number: usize, cards: usize) -> (CardId, CardId) {
        (CardId::new(number / cards), CardId::new(number % cards))
    }
}
