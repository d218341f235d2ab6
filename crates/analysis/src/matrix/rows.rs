//! The rows and columns of a matrix in one family: whom a group's own program admits, met with whose programs admit the group.

use std::collections::HashMap;

use fixedbitset::FixedBitSet;
use podfence_engine::{ClassId, Compiled, PortRow, Program, ProgramId, UnionId};
use podfence_model::{Direction, Family, PortSet};

use super::groups::Group;
use super::spread::{Layers, Spread};

/// What the rows and columns of one family are made of.
#[derive(Debug)]
pub(super) struct Plane {
    pub(super) family: Family,
    groups: usize,
    /// The groups of each class.
    of_class: HashMap<ClassId, Vec<usize>>,
    egress: Side,
    ingress: Side,
}

/// What the programs of one direction say in a family.
#[derive(Debug)]
struct Side {
    /// Groups that nothing isolates in this direction.
    open: FixedBitSet,
    /// Per union, which groups admit its classes, and on what. Most are few, so they are lists and not bits.
    admitted: HashMap<UnionId, Vec<(PortSet, Vec<usize>)>>,
}

impl Plane {
    pub(super) fn new(family: Family, compiled: &Compiled, groups: &[Group]) -> Self {
        let side = |direction| Side::new(direction, family, compiled, groups);
        Self {
            family,
            groups: groups.len(),
            of_class: by_class(family, groups),
            egress: side(Direction::Egress),
            ingress: side(Direction::Ingress),
        }
    }

    /// Whom a group reaches.
    pub(super) fn row(&self, compiled: &Compiled, from: &Group) -> Spread {
        self.meet(&self.ingress, compiled, from.class(self.family), from.egress)
    }

    /// Who reaches a group.
    pub(super) fn column(&self, compiled: &Compiled, to: &Group) -> Spread {
        self.meet(&self.egress, compiled, to.class(self.family), to.ingress)
    }

    /// What a program admits and the other side admits, too.
    fn meet(
        &self,
        others: &Side,
        compiled: &Compiled,
        class: Option<ClassId>,
        own: Option<ProgramId>,
    ) -> Spread {
        let Some(class) = class else { return Spread::default() };
        let welcome = self.admitting(others, compiled, class);
        own.map_or_else(|| welcome.clone(), |own| self.admitted_by(compiled, own).intersection(&welcome))
    }

    /// Whom a program admits.
    fn admitted_by(&self, compiled: &Compiled, program: ProgramId) -> Spread {
        let mut layers = Layers::default();
        for (union, ports) in ports_by_union(compiled.program(program)) {
            for groups in compiled.union(union).classes.iter().filter_map(|class| self.of_class.get(class)) {
                layers.add_few(&ports, groups, self.groups);
            }
        }
        layers.spread()
    }

    /// Who admits a class, whatever its own side says.
    fn admitting(&self, side: &Side, compiled: &Compiled, class: ClassId) -> Spread {
        let mut layers = Layers::default();
        layers.add(&PortSet::all(), &side.open);
        for (ports, groups) in
            compiled.unions_with(class).iter().filter_map(|union| side.admitted.get(union)).flatten()
        {
            layers.add_few(ports, groups, self.groups);
        }
        layers.spread()
    }
}

impl Side {
    fn new(direction: Direction, family: Family, compiled: &Compiled, groups: &[Group]) -> Self {
        let is_open = |group: &Group| group.is_of(family) && group.program(direction).is_none();
        let mut open = FixedBitSet::with_capacity(groups.len());
        open.extend(groups.iter().enumerate().filter(|(_, group)| is_open(group)).map(|(index, _)| index));
        Self { open, admitted: admitted(direction, family, compiled, groups) }
    }
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

fn admitted(
    direction: Direction,
    family: Family,
    compiled: &Compiled,
    groups: &[Group],
) -> HashMap<UnionId, Vec<(PortSet, Vec<usize>)>> {
    let mut subjects: HashMap<ProgramId, Vec<usize>> = HashMap::new();
    for (index, group) in groups.iter().enumerate().filter(|(_, group)| group.is_of(family)) {
        group
            .program(direction)
            .into_iter()
            .for_each(|program| subjects.entry(program).or_default().push(index));
    }
    let mut admitted: HashMap<UnionId, Vec<(PortSet, Vec<usize>)>> = HashMap::new();
    for (program, subjects) in &subjects {
        for (union, ports) in ports_by_union(compiled.program(*program)) {
            let of_union = admitted.entry(union).or_default();
            match of_union.iter_mut().find(|(known, _)| *known == ports) {
                Some((_, groups)) => groups.extend(subjects),
                None => of_union.push((ports, subjects.clone())),
            }
        }
    }
    admitted
}

/// The groups of each class.
fn by_class(family: Family, groups: &[Group]) -> HashMap<ClassId, Vec<usize>> {
    let mut of_class: HashMap<ClassId, Vec<usize>> = HashMap::new();
    for (index, group) in groups.iter().enumerate() {
        group.class(family).into_iter().for_each(|class| of_class.entry(class).or_default().push(index));
    }
    of_class
}
