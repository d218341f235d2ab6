//! What may come from pods that are not there yet and from outside, and who may send outside.
//!
//! The new pods stand in a copy of the world, and its matrix says what they reach: their own namespace's egress policies
//! count like anybody's. Their addresses are unknown, so what blocks say of them may be uncertain.

use std::collections::{BTreeSet, HashMap};

use fixedbitset::FixedBitSet;
use podfence_engine::Engine;
use podfence_model::{Family, NamespacedName, World};

use super::census::Census;
use super::lines::Piece;
use super::{Filter, Folding, Line, Overview, Row};
use crate::AddressSet;
use crate::ends::{EndName, Ends};
use crate::matrix::Members;
use crate::newcomers::{NewPlace, NewPod, Newcomers};

/// What a world is open to beside its own pods.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Exposure {
    /// Pods, with the new pods and addresses outside that reach them.
    pub rows: Vec<Row>,
    /// What is outside, with the pods that reach it.
    pub sends: Vec<Row>,
    /// The new pods that were asked about.
    pub new_pods: Vec<NewPod>,
    /// Places whose rules name so many labels that those of different rules were not tried together in one new pod.
    pub untried: Vec<NewPlace>,
}

impl Overview<'_> {
    /// What the pods that a filter names as destinations are open to, and what they reach outside; `world` is the overview's own.
    pub fn exposure(&self, world: &World, filter: &Filter, folding: Folding) -> Exposure {
        let newcomers = Newcomers::of(world);
        let wider = newcomers.added_to(world);
        let engine = Engine::new(&wider);
        let wider = Wider::new(Overview::new(&wider, &engine), &newcomers);
        let rows = self.exposed(&wider, filter, folding);
        let to = Ends { outside: everywhere(), ..Ends::default() };
        let from = Some(Ends { pods: self.own_pods(filter, filter.to.as_ref()), ..Ends::default() });
        let leaving = Filter { from, to: Some(to), namespace: None, ports: filter.ports.clone() };
        let sends = self.table(&leaving, folding).rows;
        Exposure { rows, sends, new_pods: newcomers.pods, untried: newcomers.untried }
    }

    fn exposed(&self, wider: &Wider<'_>, filter: &Filter, folding: Folding) -> Vec<Row> {
        let asked = self.own_pods(filter, filter.to.as_ref());
        let sources = wider.sources();
        let from = Census::new(&wider.overview, Some(&sources));
        let mut by_column: HashMap<Vec<Piece>, FixedBitSet> = HashMap::new();
        for (id, group) in wider.overview.certain.groups_with_ids() {
            let Members::Pods(pods) = &group.members else { continue };
            let names = pods.iter().map(|pod| &wider.overview.engine.pod(*pod).meta.id);
            let names = names.filter(|name| asked.contains(name));
            let places: Vec<usize> = names.filter_map(|name| self.directory.place(name)).collect();
            if !places.is_empty() {
                let column = wider.overview.column(id, &from, filter.ports.as_ref());
                by_column.entry(column).or_insert_with(|| self.directory.nobody()).extend(places);
            }
        }
        let mut columns: Vec<(Vec<Piece>, FixedBitSet)> = by_column.into_iter().collect();
        columns.sort_by_cached_key(|(_, places)| places.minimum());
        let named = columns.into_iter().flat_map(|(pieces, places)| {
            let lines: Vec<Line> = pieces.into_iter().map(|piece| wider.line(piece, &from)).collect();
            super::rows_of(folding.names(&self.directory, &places), lines, folding)
        });
        named.collect()
    }

    /// The pods that a filter asks about.
    fn own_pods(&self, filter: &Filter, asked: Option<&Ends>) -> BTreeSet<NamespacedName> {
        let all = self.directory.pods(&EndName::EveryPod { but: Vec::new() }).into_iter();
        let asked = all.filter(|id| asked.is_none_or(|ends| ends.pods.contains(id)));
        let here = asked.filter(|id| filter.namespace.as_ref().is_none_or(|own| *own == id.namespace));
        here.cloned().collect()
    }
}

fn everywhere() -> AddressSet {
    AddressSet::all(Family::V4).union(&AddressSet::all(Family::V6))
}

/// The world with its new pods.
struct Wider<'a> {
    overview: Overview<'a>,
    newcomers: &'a Newcomers,
    /// Per new pod, its group.
    groups: Vec<usize>,
}

impl<'a> Wider<'a> {
    fn new(overview: Overview<'a>, newcomers: &'a Newcomers) -> Self {
        let mut group_of: HashMap<&NamespacedName, usize> = HashMap::new();
        for (id, group) in overview.certain.groups_with_ids() {
            let Members::Pods(pods) = &group.members else { continue };
            group_of.extend(pods.iter().map(|pod| (&overview.engine.pod(*pod).meta.id, id.index())));
        }
        let groups = newcomers.ids().iter().filter_map(|id| group_of.get(id)).copied().collect();
        Self { overview, newcomers, groups }
    }

    fn sources(&self) -> Ends {
        let pods = self.newcomers.ids().iter().cloned().collect();
        Ends { pods, unknown: AddressSet::default(), outside: everywhere() }
    }

    fn line(&self, piece: Piece, census: &Census<'_>) -> Line {
        let Piece { ports, family, certain, from } = piece;
        let pods = self.newcomers.name(&self.new_pods(&from)).into_iter().map(EndName::NewPods);
        Line { ports, family, certain, from: pods.chain(census.name_addresses(&from)).collect() }
    }

    /// Which new pods are in some groups.
    fn new_pods(&self, groups: &FixedBitSet) -> FixedBitSet {
        let mut bits = FixedBitSet::with_capacity(self.groups.len());
        let chosen = self.groups.iter().enumerate().filter(|(_, group)| groups.contains(**group));
        bits.extend(chosen.map(|(number, _)| number));
        bits
    }
}
