//! From pairs of cards to edges between units, so that a rule for everybody is one edge.
//!
//! Every link is folded for itself: first the sources of each target become units (everybody, every pod, those that nothing
//! isolates, whole namespaces, and single cards for the rest), then the targets of each such unit do. The same is tried the other way round, and the
//! shorter list is taken. Nothing is lost or added: an edge holds for every pair of its units, but for a single pod and itself.
//! It says "at least": a pair of whom other edges say more may lie in a unit, too, or one exception would break a fold to pieces.

use std::collections::{BTreeMap, BTreeSet};

use fixedbitset::FixedBitSet;
use podfence_model::Direction;

use crate::graph::cards::{Card, CardId};
use crate::graph::pairs::Pairs;
use crate::graph::{Edge, Link, Unit};

pub(super) fn edges(cards: &[Card], pairs: &Pairs) -> Vec<Edge> {
    let units = Units::of(cards);
    let mut edges: Vec<Edge> = Vec::new();
    for (link, bits) in &pairs.links {
        edges.extend(units.shortest(link, bits, &pairs.wider(link)));
    }
    edges.sort_by(|a, b| (&a.from, &a.to, &a.link).cmp(&(&b.from, &b.to, &b.link)));
    edges
}

/// Whether a unit means a card.
pub(super) fn holds(unit: &Unit, id: CardId, card: &Card) -> bool {
    match unit {
        Unit::Card(other) => *other == id,
        Unit::Namespace(name) => card.namespace() == Some(name),
        Unit::EveryPod => card.namespace().is_some(),
        Unit::Everybody => true,
        Unit::Free { namespace, direction } => {
            let here = namespace.as_deref().is_none_or(|name| card.namespace() == Some(name));
            here && card.namespace().is_some() && card.isolating(*direction).is_empty()
        }
    }
}

/// Units of more than one card, the largest first.
struct Units<'c> {
    cards: &'c [Card],
    /// Those that may be sources, and those that may be targets.
    large: [Vec<(Unit, FixedBitSet)>; 2],
}

/// The sides of an edge, as places in [`Units::large`].
const SOURCE: usize = 0;
const TARGET: usize = 1;

/// A relation between cards: for each card of one side, those of the other.
type Relation = Vec<FixedBitSet>;

/// Pairs of units, the side that was folded first in front.
type Pieces = BTreeSet<(Unit, Unit)>;

impl<'c> Units<'c> {
    fn of(cards: &'c [Card]) -> Self {
        let mut names: Vec<&str> = cards.iter().filter_map(Card::namespace).collect();
        names.dedup();
        let large = |direction| {
            let free = |namespace| Unit::Free { namespace, direction };
            let of_namespace =
                |name: &&str| [Unit::Namespace((*name).to_owned()), free(Some((*name).to_owned()))];
            let wide = [Unit::Everybody, Unit::EveryPod, free(None)];
            let units = wide.into_iter().chain(names.iter().flat_map(of_namespace));
            units
                .map(|unit| (unit.clone(), members(cards, &unit)))
                .filter(|(_, bits)| bits.count_ones(..) > 1)
                .collect()
        };
        Self { cards, large: [large(Direction::Egress), large(Direction::Ingress)] }
    }

    fn shortest(&self, link: &Link, bits: &FixedBitSet, wider: &FixedBitSet) -> Vec<Edge> {
        let by_target = self.pieces(bits, wider, SOURCE, |from, to| (from, to));
        let by_source = self.pieces(bits, wider, TARGET, |from, to| (to, from));
        let turned = by_source.len() < by_target.len();
        let pieces = if turned { by_source } else { by_target };
        let ends = pieces.into_iter().map(|(a, b)| if turned { (b, a) } else { (a, b) });
        ends.map(|(from, to)| self.edge(link, bits, from, to)).collect()
    }

    fn edge(&self, link: &Link, bits: &FixedBitSet, from: Unit, to: Unit) -> Edge {
        let count = self.cards.len();
        let (sources, targets) = (members(self.cards, &from), members(self.cards, &to));
        let pairs = sources.ones().flat_map(|i| targets.ones().map(move |j| i * count + j));
        let pairs = pairs.filter(|number| bits.contains(*number)).map(|number| Pairs::ends(number, count));
        Edge { pairs: pairs.collect(), link: link.clone(), from, to }
    }

    /// Folds one side, then the other. `ends` says of a pair which card is on which side.
    fn pieces(
        &self,
        bits: &FixedBitSet,
        wider: &FixedBitSet,
        side: usize,
        ends: impl Fn(usize, usize) -> (usize, usize),
    ) -> Pieces {
        let mut seconds: BTreeMap<Unit, FixedBitSet> = BTreeMap::new();
        let (has, wider) = (self.relation(bits, &ends), self.relation(wider, &ends));
        for second in 0..self.cards.len() {
            let mut may = wider[second].clone();
            may.set(second, may.contains(second) || self.cards[second].is_single());
            for unit in self.split(side, &has[second], &may) {
                seconds.entry(unit).or_insert_with(|| self.none()).insert(second);
            }
        }
        let mut pieces = Pieces::new();
        for (first, seconds) in seconds {
            let mut may = self.none();
            if let Unit::Card(id) = first {
                may.set(id.index(), self.cards[id.index()].is_single());
            }
            pieces.extend(
                self.split(1 - side, &seconds, &may).into_iter().map(|second| (first.clone(), second)),
            );
        }
        pieces
    }

    /// For each card of the second side, those of the first.
    fn relation(&self, bits: &FixedBitSet, ends: impl Fn(usize, usize) -> (usize, usize)) -> Relation {
        let count = self.cards.len();
        let mut relation = vec![self.none(); count];
        for number in bits.ones() {
            let (first, second) = ends(number / count, number % count);
            relation[second].insert(first);
        }
        relation
    }

    fn none(&self) -> FixedBitSet {
        FixedBitSet::with_capacity(self.cards.len())
    }

    /// The fewest units that hold these cards and no others but those that they may.
    fn split(&self, side: usize, cards: &FixedBitSet, may: &FixedBitSet) -> Vec<Unit> {
        let mut units = Vec::new();
        let mut left = cards.clone();
        let mut all = cards.clone();
        all.union_with(may);
        for (unit, bits) in &self.large[side] {
            let new = left.intersection_count(bits);
            if new > 1 && bits.is_subset(&all) {
                left.difference_with(bits);
                units.push(unit.clone());
            }
        }
        units.extend(left.ones().map(|index| Unit::Card(CardId::new(index))));
        units
    }
}

fn members(cards: &[Card], unit: &Unit) -> FixedBitSet {
    let mut bits = FixedBitSet::with_capacity(cards.len());
    let ids = cards.iter().enumerate().map(|(index, card)| (CardId::new(index), card));
    bits.extend(ids.filter(|(id, card)| holds(unit, *id, card)).map(|(id, _)| id.index()));
    bits
}
