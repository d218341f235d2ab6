//! What a dataplane enforces: programs, port rows and unions of classes.
//!
//! A *program* is a direction, the set of policies that isolate a pod in it, and (for ingress) the numbers the pod
//! gives to the port names those policies mention. Per protocol the program cuts 0 to 65535 where its rules say
//! something new; each row of ports admits one *union* of classes. Equal unions are one object, however many
//! rules, policies and pods wrote them. This file holds the results; `compiler` makes them from `cells`, and
//! `learn` adds classes that came later.

mod cells;
mod compiler;
mod learn;

use std::collections::{BTreeMap, HashMap};

use podfence_model::{Direction, Layer4, NamespacedName, Port, PortSet, Protocol};
use rustc_hash::FxHashMap;

use self::cells::{Given, ProgramKey, Term};
pub use self::learn::Stale;
use crate::ids::{ClassId, PodId, ProgramId, UnionId};

/// Ports from `first` to `last`, both included, and the peers that may use them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PortRow {
    /// The lowest port.
    pub first: u16,
    /// The highest port.
    pub last: u16,
    /// Who is admitted.
    pub union: UnionId,
}

/// A program: what one set of policies admits in one direction.
#[derive(Debug, Clone)]
pub struct Program {
    /// Ingress or egress.
    pub direction: Direction,
    /// The policies it comes from, in order of name.
    pub policies: Vec<NamespacedName>,
    /// For ingress: the named ports the policies mention and the numbers that the pod gives them.
    pub named: Vec<(String, Protocol, Vec<Port>)>,
    /// Rows of admitted ports in rising order, disjoint; what is in no row is refused.
    pub ports: BTreeMap<Protocol, Vec<PortRow>>,
    /// Who is admitted on protocols without ports, ICMP among them; `None` = nobody.
    pub portless: Option<UnionId>,
}

impl Program {
    /// The unions it refers to, as often as it does.
    pub fn unions(&self) -> impl Iterator<Item = UnionId> {
        self.ports.values().flatten().map(|row| row.union).chain(self.portless)
    }
}

/// A set of peer classes that some row admits; never empty.
#[derive(Debug, Clone)]
pub struct Union {
    /// The classes, in rising order.
    pub classes: Vec<ClassId>,
    /// The peers as rules name them: canonical, the same whenever the same rules are compiled.
    pub expression: String,
    /// Whether it holds every class there can be.
    pub everyone: bool,
}

/// How a peer counts that may belong to what a rule names: a fact about it is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// As if it did not: what is admitted, is for certain. What a dataplane enforces.
    Certain,
    /// As if it did: what is not admitted, is refused for certain.
    Possible,
}

/// Programs and unions of some pods. It can follow the engine: pods may be bound and let go, and classes learnt.
#[derive(Debug)]
pub struct Compiled {
    reading: Reading,
    programs: Vec<Program>,
    program_ids: HashMap<ProgramKey, ProgramId>,
    of_pod: FxHashMap<(PodId, Direction), ProgramId>,
    unions: Vec<Union>,
    /// Per expression its union; `None` while no class meets it.
    expressions: FxHashMap<Vec<Term>, Option<UnionId>>,
    contents: FxHashMap<Vec<ClassId>, UnionId>,
    /// Per atom, the classes in it.
    of_atom: Vec<Vec<ClassId>>,
    /// How many port names were mentioned when it last learnt.
    names: usize,
    given: Given,
    /// Per class, the unions that hold it.
    of_class: Vec<Vec<UnionId>>,
}

impl Compiled {
    /// All programs.
    pub fn programs(&self) -> impl Iterator<Item = (ProgramId, &Program)> {
        self.programs.iter().enumerate().map(|(i, p)| (ProgramId::new(i), p))
    }

    /// All unions.
    pub fn unions(&self) -> impl Iterator<Item = (UnionId, &Union)> {
        self.unions.iter().enumerate().map(|(i, u)| (UnionId::new(i), u))
    }

    /// The program of a pod; `None` when nothing isolates it in that direction.
    pub fn program_of(&self, pod: PodId, direction: Direction) -> Option<ProgramId> {
        self.of_pod.get(&(pod, direction)).copied()
    }

    /// A program.
    pub fn program(&self, id: ProgramId) -> &Program {
        &self.programs[id.index()]
    }

    /// A union.
    pub fn union(&self, id: UnionId) -> &Union {
        &self.unions[id.index()]
    }

    /// Whether a program admits a class.
    pub fn admits(&self, program: ProgramId, class: ClassId, layer4: Layer4) -> bool {
        let program = self.program(program);
        let union = match layer4 {
            Layer4::Icmp => program.portless,
            Layer4::Port(protocol, port) => {
                let rows = program.ports.get(&protocol).map_or(&[][..], Vec::as_slice);
                let row = rows.iter().find(|r| (r.first..=r.last).contains(&port.get()));
                row.map(|r| r.union)
            }
        };
        union.is_some_and(|id| self.union(id).classes.binary_search(&class).is_ok())
    }

    /// The ports on which a program admits a class.
    pub fn ports_to(&self, program: ProgramId, class: ClassId) -> PortSet {
        let program = self.program(program);
        let holds = |union: UnionId| self.union(union).classes.binary_search(&class).is_ok();
        let rows =
            program.ports.iter().flat_map(|(protocol, rows)| rows.iter().map(move |row| (*protocol, row)));
        let admitted = rows.filter(|(_, row)| holds(row.union));
        let portless =
            program.portless.filter(|union| holds(*union)).map_or(PortSet::NONE, |_| PortSet::portless());
        admitted
            .fold(portless, |all, (protocol, row)| all.union(&PortSet::range(protocol, row.first, row.last)))
    }

    /// The unions that hold a class.
    pub fn unions_with(&self, class: ClassId) -> &[UnionId] {
        self.of_class.get(class.index()).map_or(&[], Vec::as_slice)
    }
}
