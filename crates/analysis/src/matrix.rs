//! Who may open connections to whom, on which ports: all pairs at once, by groups and not by pods.
//!
//! Pods that no policy tells apart, neither as peers nor as subjects, are one [`Group`]; so are the addresses outside that
//! no block tells apart. A row of the matrix is a few sets of ports, each with the groups that it holds for, as bits. So a row
//! costs what its unions cost, not what its groups do. `groups` finds the groups, `spread` holds what a row is made of, and
//! `rows` makes it. Start with [`Matrix::new`] and [`Matrix::row`].

mod groups;
mod rows;
pub(crate) mod spread;

use fixedbitset::FixedBitSet;
use podfence_engine::{Compiled, Engine, Reading};
use podfence_model::{Family, PortSet};

use self::rows::Plane;
use self::spread::Spread;

pub use self::groups::{Group, GroupId, Members, families};

/// All groups, and who of them reaches whom.
#[derive(Debug)]
pub struct Matrix {
    compiled: Compiled,
    groups: Vec<Group>,
    planes: Vec<Plane>,
}

/// Some groups, and the ports on which all of them are reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reached {
    /// The ports; never empty.
    pub ports: PortSet,
    /// Who, in rising order; never empty.
    pub groups: Vec<GroupId>,
}

impl Matrix {
    /// The matrix of a world, with missing facts read in one way.
    pub fn new(engine: &Engine, reading: Reading) -> Self {
        Self::in_families(engine, reading, families(engine))
    }

    /// The same with rows in these families, whatever addresses the world's pods have: for worlds that are to be compared.
    pub fn in_families(
        engine: &Engine,
        reading: Reading,
        families: impl IntoIterator<Item = Family>,
    ) -> Self {
        let compiled = engine.compile_as(engine.pod_ids(), reading);
        let groups = groups::of(engine, &compiled);
        let planes = families.into_iter().map(|family| Plane::new(family, &compiled, &groups)).collect();
        Self { compiled, groups, planes }
    }

    /// All groups: those of pods first, in the order of their first members.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// All groups with their numbers.
    pub fn groups_with_ids(&self) -> impl Iterator<Item = (GroupId, &Group)> {
        self.groups.iter().enumerate().map(|(index, group)| (GroupId::new(index), group))
    }

    /// A group.
    pub fn group(&self, id: GroupId) -> &Group {
        &self.groups[id.index()]
    }

    /// The families that it has rows in.
    pub fn families(&self) -> impl Iterator<Item = Family> + '_ {
        self.planes.iter().map(|plane| plane.family)
    }

    /// Whom a group reaches in a family, each group at most once. A group in its own row stands for *another* member:
    /// everybody reaches itself.
    pub fn row(&self, family: Family, from: GroupId) -> Vec<Reached> {
        let row = self.plane(family).map(|plane| plane.row(&self.compiled, self.group(from)));
        reached(&row.unwrap_or_default())
    }

    /// Who reaches a group in a family, each group at most once: the other way to read [`Matrix::row`].
    pub fn column(&self, family: Family, to: GroupId) -> Vec<Reached> {
        reached(&self.column_bits(family, to))
    }

    pub(crate) fn column_bits(&self, family: Family, to: GroupId) -> Spread {
        let column = self.plane(family).map(|plane| plane.column(&self.compiled, self.group(to)));
        column.unwrap_or_default()
    }

    fn plane(&self, family: Family) -> Option<&Plane> {
        self.planes.iter().find(|plane| plane.family == family)
    }

    /// The ports on which one group reaches another in a family.
    pub fn cell(&self, family: Family, from: GroupId, to: GroupId) -> PortSet {
        let (sender, receiver) = (self.group(from), self.group(to));
        let (Some(_), Some(source), Some(destination)) =
            (self.plane(family), sender.class(family), receiver.class(family))
        else {
            return PortSet::NONE;
        };
        let out =
            sender.egress.map_or_else(PortSet::all, |program| self.compiled.ports_to(program, destination));
        let into =
            receiver.ingress.map_or_else(PortSet::all, |program| self.compiled.ports_to(program, source));
        out.intersection(&into)
    }
}

fn reached(spread: &Spread) -> Vec<Reached> {
    let one = |(ports, groups): (&PortSet, &FixedBitSet)| Reached {
        ports: ports.clone(),
        groups: groups.ones().map(GroupId::new).collect(),
    };
    spread.iter().map(one).collect()
}
