//! Who reaches whom, as a graph to draw: few nodes, few edges, nothing left out that a policy decides.
//!
//! A [`Card`] is what no policy tells apart in one namespace: the pods of a group of the [`Matrix`], listed by workload, or
//! addresses outside. An [`Edge`] leads from a [`Unit`] to another: a card, a whole namespace, every pod, or everybody, so that
//! "everyone reaches everyone" is one edge and not a square of them. `cards` makes the nodes, `pairs` finds which of them are
//! connected, `fold` joins pairs to edges, `trace` asks the engine about an edge. Words are `podfence-report`'s, and so is
//! any layout. Start with [`Graph::new`].

mod cards;
mod choice;
mod fold;
mod pairs;
mod trace;

use podfence_engine::{Engine, Reading};
use podfence_model::{Direction, Family, PortSet, World};

use crate::matrix::Matrix;

pub use self::cards::{Card, CardId, Member, Who};
pub use self::choice::{Choice, Ends};
pub use self::trace::{Trace, traces};

/// Cards above which no graph is made: nobody could read it, and the pairs of many cards fill memory.
const MOST_CARDS: usize = 1_000;

/// One end of an edge.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unit {
    /// A card.
    Card(CardId),
    /// Every pod of a namespace.
    Namespace(String),
    /// Every known pod of the cluster.
    EveryPod,
    /// Every known pod, and every address that no known pod has.
    Everybody,
    /// The known pods that nothing isolates in a direction: those free to send, or free to be reached.
    Free {
        /// Those of one namespace, or of all.
        namespace: Option<String>,
        /// Egress for those that open connections, ingress for those that accept them.
        direction: Direction,
    },
}

/// What passes along an edge.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Link {
    /// The family, where the ends have two and reach each other differently in them.
    pub family: Option<Family>,
    /// Ports that pass.
    pub certain: PortSet,
    /// Further ports of which it cannot be said, for a fact is missing.
    pub open: PortSet,
}

impl Link {
    /// Whether all that another says is true of it.
    fn covers(&self, other: &Self) -> bool {
        let possible = |link: &Self| link.certain.union(&link.open);
        let family = self.family.is_none() || self.family == other.family;
        family && self.certain.covers(&other.certain) && possible(self).covers(&possible(other))
    }
}

/// Whoever is in one unit reaches whoever is in another, on at least these ports: another edge may say more of some.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    /// Who opens connections.
    pub from: Unit,
    /// Who accepts them.
    pub to: Unit,
    /// On which ports.
    pub link: Link,
    /// The pairs of cards that it stands for, but for those that no policy decides; never empty.
    pub pairs: Vec<(CardId, CardId)>,
}

/// Nodes and edges.
#[derive(Debug, Clone)]
pub struct Graph {
    /// The nodes: pods first, by namespace and name.
    pub cards: Vec<Card>,
    /// The edges, by their ends.
    pub edges: Vec<Edge>,
    /// Pairs of cards that are left out, since both ends are open to each other and no policy says anything about it.
    pub undecided: usize,
    /// Pods that use their node's network: policies do not see them, and neither does the graph.
    pub on_host: usize,
}

/// A world too large to be drawn.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{cards} nodes are too many to be drawn (at most {MOST_CARDS}); choose some with --namespace, --from or --to"
)]
pub struct TooLarge {
    /// How many nodes the graph would have.
    pub cards: usize,
}

impl Graph {
    /// The graph of a world, as far as it is asked for. `engine` must be of the same world.
    pub fn new(world: &World, engine: &Engine, choice: &Choice) -> Result<Self, TooLarge> {
        let [certain, possible] = [Reading::Certain, Reading::Possible].map(|r| Matrix::new(engine, r));
        let cards = cards::of(world, engine, &certain, choice);
        if cards.len() > MOST_CARDS {
            return Err(TooLarge { cards: cards.len() });
        }
        let pairs = pairs::of(&cards, &certain, &possible, choice);
        let edges = fold::edges(&cards, &pairs);
        let mut graph = Self {
            cards,
            edges,
            undecided: pairs.undecided.count_ones(..),
            on_host: world.pods.values().filter(|pod| pod.host_network).count(),
        };
        graph.drop_strangers(choice);
        Ok(graph)
    }

    /// A card.
    pub fn card(&self, id: CardId) -> &Card {
        &self.cards[id.index()]
    }

    /// All cards with their numbers.
    pub fn cards_with_ids(&self) -> impl Iterator<Item = (CardId, &Card)> {
        self.cards.iter().enumerate().map(|(index, card)| (CardId::new(index), card))
    }

    /// The namespaces that have cards, in order of name.
    pub fn namespaces(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.cards.iter().filter_map(Card::namespace).collect();
        names.dedup();
        names
    }

    /// Whether a unit means a card, perhaps among others.
    pub fn holds(&self, unit: &Unit, id: CardId) -> bool {
        fold::holds(unit, id, self.card(id))
    }

    /// Takes out cards that were not asked for and that no edge leads to.
    fn drop_strangers(&mut self, choice: &Choice) {
        let mut stays: Vec<bool> = self.cards.iter().map(|card| choice.wants(card)).collect();
        let mut whole: Vec<String> = Vec::new();
        for unit in self.edges.iter().flat_map(|edge| [&edge.from, &edge.to]) {
            match unit {
                Unit::Card(id) => stays[id.index()] = true,
                Unit::Namespace(name) | Unit::Free { namespace: Some(name), .. } => whole.push(name.clone()),
                Unit::EveryPod | Unit::Everybody | Unit::Free { namespace: None, .. } => {}
            }
        }
        for (card, stays) in self.cards.iter().zip(&mut stays) {
            *stays |= card.namespace().is_some_and(|name| whole.iter().any(|other| other == name));
        }
        for (card, stays) in self.cards.iter_mut().zip(stays) {
            card.shown = stays;
        }
    }
}
