//! The rows and columns of a matrix in one family: whom a group's own program admits, met with whose programs admit the group.

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
    /// The groups of each class, by its number.
    of_class: Vec<Vec<u32>>,
    egress: Side,
    ingress: Side,
}

/// Some groups, and what they are admitted on, or admit others on. Most are few, so they are a list and not bits.
type Admitted = (PortSet, Vec<u32>);

/// What the programs of one direction say in a family.
#[derive(Debug)]
struct Side {
    /// Groups that nothing isolates in this direction.
    open: FixedBitSet,
    /// Per program, by its number, its unions with all their ports; nothing for those of the other direction.
    said: Vec<Vec<(UnionId, PortSet)>>,
    /// Per union, by its number, which groups admit its classes, and on what.
    admitted: Vec<Vec<Admitted>>,
}

impl Plane {
    pub(super) fn new(family: Family, compiled: &Compiled, groups: &[Group]) -> Self {
        let side = |direction| Side::new(direction, family, compiled, groups);
        Self {
            family,
            groups: groups.len(),
            of_class: by_number(groups, |group| group.class(family).map(ClassId::index)),
            egress: side(Direction::Egress),
            ingress: side(Direction::Ingress),
        }
    }

    /// Whom a group reaches.
    pub(super) fn row(&self, compiled: &Compiled, from: &Group) -> Spread {
        self.meet((&self.egress, &self.ingress), compiled, from.class(self.family), from.egress)
    }

    /// Who reaches a group.
    pub(super) fn column(&self, compiled: &Compiled, to: &Group) -> Spread {
        self.meet((&self.ingress, &self.egress), compiled, to.class(self.family), to.ingress)
    }

    /// What a program admits and the other side admits, too.
    fn meet(
        &self,
        (own, others): (&Side, &Side),
        compiled: &Compiled,
        class: Option<ClassId>,
        program: Option<ProgramId>,
    ) -> Spread {
        let Some(class) = class else { return Spread::default() };
        let Some(program) = program else { return self.admitting(others, compiled, class, None) };
        let admitted = self.admitted_by(own, compiled, program);
        admitted.intersection(&self.admitting(others, compiled, class, Some(&admitted.groups())))
    }

    /// Whom a program admits.
    fn admitted_by(&self, side: &Side, compiled: &Compiled, program: ProgramId) -> Spread {
        let mut layers = Layers::default();
        for (union, ports) in &side.said[program.index()] {
            let classes = compiled.union(*union).classes.iter();
            let groups = classes.filter_map(|class| self.of_class.get(class.index())).flatten();
            layers.add(ports, groups.map(|group| *group as usize), self.groups);
        }
        layers.spread()
    }

    /// Who admits a class, whatever its own side says; of these groups only, if some are given.
    fn admitting(
        &self,
        side: &Side,
        compiled: &Compiled,
        class: ClassId,
        among: Option<&FixedBitSet>,
    ) -> Spread {
        let mut layers = Layers::default();
        layers.put(PortSet::all(), among.map_or_else(|| side.open.clone(), |among| among & &side.open));
        for (ports, groups) in compiled.unions_with(class).iter().flat_map(|id| &side.admitted[id.index()]) {
            let groups = groups.iter().map(|group| *group as usize);
            let meant = groups.filter(|group| among.is_none_or(|among| among.contains(*group)));
            layers.add(ports, meant, self.groups);
        }
        layers.spread()
    }
}

impl Side {
    fn new(direction: Direction, family: Family, compiled: &Compiled, groups: &[Group]) -> Self {
        let is_open = |group: &Group| group.is_of(family) && group.program(direction).is_none();
        let mut open = FixedBitSet::with_capacity(groups.len());
        open.extend(groups.iter().enumerate().filter(|(_, group)| is_open(group)).map(|(index, _)| index));
        let said = said(direction, compiled);
        let subjects = by_number(groups, |group| {
            group.program(direction).filter(|_| group.is_of(family)).map(ProgramId::index)
        });
        Self { open, admitted: admitted(compiled, &said, &subjects), said }
    }
}

fn said(direction: Direction, compiled: &Compiled) -> Vec<Vec<(UnionId, PortSet)>> {
    let of = |program: &Program| (program.direction == direction).then(|| ports_by_union(program));
    compiled.programs().map(|(_, program)| of(program).unwrap_or_default()).collect()
}

/// What a program says, by union: each with all its ports.
fn ports_by_union(program: &Program) -> Vec<(UnionId, PortSet)> {
    let rows = program.ports.iter().flat_map(|(protocol, rows)| {
        let ports = |row: &PortRow| PortSet::range(*protocol, row.first, row.last);
        rows.iter().map(move |row| (row.union, ports(row)))
    });
    let portless = program.portless.map(|union| (union, PortSet::portless()));
    let mut all: Vec<(UnionId, PortSet)> = rows.chain(portless).collect();
    all.sort_by_key(|(union, _)| *union);
    all.dedup_by(|(union, more), (kept, ports)| {
        let is_same = union == kept;
        if is_same {
            *ports = ports.union(more);
        }
        is_same
    });
    all
}

/// Who admits the classes of each union: `subjects` are the groups of each program.
fn admitted(
    compiled: &Compiled,
    said: &[Vec<(UnionId, PortSet)>],
    subjects: &[Vec<u32>],
) -> Vec<Vec<Admitted>> {
    let mut admitted: Vec<Vec<Admitted>> = vec![Vec::new(); compiled.unions().count()];
    for (said, subjects) in said.iter().zip(subjects).filter(|(_, subjects)| !subjects.is_empty()) {
        for (union, ports) in said {
            let of_union = &mut admitted[union.index()];
            match of_union.iter_mut().find(|(known, _)| known == ports) {
                Some((_, groups)) => groups.extend(subjects),
                None => of_union.push((ports.clone(), subjects.clone())),
            }
        }
    }
    admitted
}

/// The groups that have each number; a group has one at most.
fn by_number(groups: &[Group], number: impl Fn(&Group) -> Option<usize>) -> Vec<Vec<u32>> {
    let mut found: Vec<Vec<u32>> = Vec::new();
    for (index, group) in (0..).zip(groups) {
        if let Some(number) = number(group) {
            if found.len() <= number {
                found.resize_with(number + 1, Vec::new);
            }
            found[number].push(index);
        }
    }
    found
}
