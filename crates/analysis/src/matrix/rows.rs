//! The rows of a matrix in one family: whom the sender's program lets out to, met with whose programs let the sender in.

use std::collections::HashMap;

use fixedbitset::FixedBitSet;
use podfence_engine::{ClassId, Compiled, PortRow, Program, ProgramId, UnionId};
use podfence_model::{Direction, Family, PortSet};

use super::Reached;
use super::groups::{Group, GroupId};
use super::spread::{Layers, Spread};

/// What the rows of one family are made of.
#[derive(Debug)]
pub(super) struct Plane {
    pub(super) family: Family,
    /// Per egress program, whom it lets out to.
    out: HashMap<ProgramId, Spread>,
    /// Groups that nothing isolates for ingress.
    open: FixedBitSet,
    /// Per union, whom its classes may enter: what the programs that go to it say.
    into: HashMap<UnionId, Layers>,
}

impl Plane {
    pub(super) fn new(family: Family, compiled: &Compiled, groups: &[Group]) -> Self {
        let of_family = |group: &Group| group.is_of(family);
        let open = bits(groups, |group| of_family(group) && group.ingress.is_none());
        let out = outgoing(family, compiled, groups);
        Self { family, out, open, into: incoming(family, compiled, groups) }
    }

    /// Whom a group reaches.
    pub(super) fn row(&self, compiled: &Compiled, from: &Group) -> Vec<Reached> {
        let Some(class) = from.class(self.family) else { return Vec::new() };
        let lets_in = self.lets_in(compiled, class);
        let row = match from.egress.and_then(|program| self.out.get(&program)) {
            None if from.egress.is_some() => Spread::default(),
            None => lets_in,
            Some(out) => out.intersection(&lets_in),
        };
        row.iter().map(|(ports, groups)| reached(ports, groups)).collect()
    }

    /// Who lets a class in, whatever its own side says.
    fn lets_in(&self, compiled: &Compiled, class: ClassId) -> Spread {
        let mut layers = Layers::default();
        layers.add(&PortSet::all(), &self.open);
        for union in compiled.unions_with(class) {
            self.into.get(union).into_iter().for_each(|into| layers.add_all(into));
        }
        layers.spread()
    }
}

fn reached(ports: &PortSet, groups: &FixedBitSet) -> Reached {
    Reached { ports: ports.clone(), groups: groups.ones().map(GroupId::new).collect() }
}

fn bits(groups: &[Group], is_in: impl Fn(&Group) -> bool) -> FixedBitSet {
    let mut bits = FixedBitSet::with_capacity(groups.len());
    bits.extend(groups.iter().enumerate().filter(|(_, group)| is_in(group)).map(|(index, _)| index));
    bits
}

/// What a program says, by union: each with all its ports.
fn ports_by_union(program: &Program) -> HashMap<UnionId, PortSet> {
    let mut by_union: HashMap<UnionId, PortSet> = HashMap::new();
    for (protocol, rows) in &program.ports {
        for PortRow { first, last, union } in rows {
            let ports = by_union.entry(*union).or_default();
            *ports = ports.union(&PortSet::range(*protocol, *first, *last));
        }
    }
    if let Some(union) = program.portless {
        let ports = by_union.entry(union).or_default();
        *ports = ports.union(&PortSet::portless());
    }
    by_union
}

fn outgoing(family: Family, compiled: &Compiled, groups: &[Group]) -> HashMap<ProgramId, Spread> {
    let of_class = by_class(family, groups);
    let mut reach: HashMap<UnionId, FixedBitSet> = HashMap::new();
    let mut out = HashMap::new();
    for (id, program) in compiled.programs().filter(|(_, p)| p.direction == Direction::Egress) {
        let mut layers = Layers::default();
        for (union, ports) in ports_by_union(program) {
            let reach = reach.entry(union).or_insert_with(|| {
                let mut bits = FixedBitSet::with_capacity(groups.len());
                let classes = compiled.union(union).classes.iter();
                bits.extend(classes.filter_map(|class| of_class.get(class)).flatten().copied());
                bits
            });
            layers.add(&ports, reach);
        }
        out.insert(id, layers.spread());
    }
    out
}

fn incoming(family: Family, compiled: &Compiled, groups: &[Group]) -> HashMap<UnionId, Layers> {
    let mut subjects: HashMap<ProgramId, FixedBitSet> = HashMap::new();
    for (index, group) in groups.iter().enumerate().filter(|(_, group)| group.is_of(family)) {
        let Some(program) = group.ingress else { continue };
        let bits = subjects.entry(program).or_insert_with(|| FixedBitSet::with_capacity(groups.len()));
        bits.insert(index);
    }
    let mut into: HashMap<UnionId, Layers> = HashMap::new();
    for (program, subjects) in &subjects {
        for (union, ports) in ports_by_union(compiled.program(*program)) {
            into.entry(union).or_default().add(&ports, subjects);
        }
    }
    into
}

/// The groups of each class.
fn by_class(family: Family, groups: &[Group]) -> HashMap<ClassId, Vec<usize>> {
    let mut of_class: HashMap<ClassId, Vec<usize>> = HashMap::new();
    for (index, group) in groups.iter().enumerate() {
        group.class(family).into_iter().for_each(|class| of_class.entry(class).or_default().push(index));
    }
    of_class
}
