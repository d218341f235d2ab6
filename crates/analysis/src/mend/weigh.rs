//! How much a candidate opens and closes, in one figure each way, to choose by.
//!
//! A candidate changes the programs of the pods that one policy selects, in one direction. So only these are compiled anew, and
//! only classes are looked at on which the programs before and after differ.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use podfence_engine::{ClassId, Compiled, Engine, PodId, Program, ProgramId, Reading, UnionId};
use podfence_model::{Direction, Family, PortSet};

use crate::diff::{count, size_of_range};
use crate::matrix::families;

/// Connections that open and close: pairs of ends times ports, summed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Weight {
    pub opened: u128,
    pub closed: u128,
}

/// What is compiled of a world, by reading; the second where facts are missing.
pub(super) struct Scales {
    readings: Vec<Compiled>,
    families: BTreeSet<Family>,
    /// The classes of each pod.
    of_pod: HashMap<PodId, BTreeSet<ClassId>>,
}

/// The programs of a pod in one direction, by reading.
type Programs = Vec<Option<ProgramId>>;

/// Pods whose programs a candidate changes, and what they are before.
pub(super) type Subjects = Vec<(PodId, Programs)>;

/// Pods that are alike as subjects, with their programs before and after.
type Alike = BTreeMap<(Programs, Programs, BTreeSet<ClassId>), Vec<PodId>>;

/// Ports by reading.
type Said = Vec<PortSet>;

impl Scales {
    pub(super) fn new(engine: &Engine) -> Self {
        let compile = |reading| engine.compile_as(engine.pod_ids(), reading);
        let mut readings = vec![compile(Reading::Certain)];
        readings.extend((!engine.is_certain()).then(|| compile(Reading::Possible)));
        let mut of_pod: HashMap<PodId, BTreeSet<ClassId>> = HashMap::new();
        for (id, class) in engine.classes_with_ids() {
            for member in &class.members {
                of_pod.entry(member.pod).or_default().insert(id);
            }
        }
        Self { readings, families: families(engine), of_pod }
    }

    /// The programs of some pods as they are.
    pub(super) fn subjects(&self, pods: Vec<PodId>, direction: Direction) -> Subjects {
        pods.into_iter().map(|pod| (pod, self.programs(pod, direction))).collect()
    }

    fn programs(&self, pod: PodId, direction: Direction) -> Programs {
        self.readings.iter().map(|compiled| compiled.program_of(pod, direction)).collect()
    }

    /// Compiles these pods as they are again.
    pub(super) fn restore(&mut self, engine: &Engine, subjects: &Subjects) {
        for (pod, _) in subjects {
            self.readings.iter_mut().for_each(|compiled| compiled.bind(engine, *pod));
        }
    }

    /// What the engine's policies open and close for some pods.
    pub(super) fn weigh(&mut self, engine: &Engine, subjects: &Subjects, direction: Direction) -> Weight {
        self.restore(engine, subjects);
        let mut alike = Alike::new();
        for (pod, before) in subjects {
            let after = self.programs(*pod, direction);
            let classes = self.of_pod.get(pod).cloned().unwrap_or_default();
            alike.entry((before.clone(), after, classes)).or_default().push(*pod);
        }
        let mut weight = Weight::default();
        for ((before, after, own), pods) in &alike {
            let differing = self.differing(engine, before, after);
            for class in differing {
                let turns = Turns {
                    before: self.said(before, class),
                    after: self.said(after, class),
                    own,
                    pods,
                    direction,
                };
                self.add(engine, class, &turns, &mut weight);
            }
        }
        weight
    }

    /// The classes that some rows hold which only one of two programs has.
    fn differing(&self, engine: &Engine, before: &Programs, after: &Programs) -> BTreeSet<ClassId> {
        let mut classes = BTreeSet::new();
        for ((compiled, before), after) in self.readings.iter().zip(before).zip(after) {
            match (before, after) {
                _ if before == after => {}
                (Some(before), Some(after)) => {
                    let [before, after] = [before, after].map(|id| compiled.program(*id));
                    for union in only_in(before, after).chain(only_in(after, before)) {
                        classes.extend(&compiled.union(union).classes);
                    }
                }
                _ => classes.extend(engine.classes_with_ids().map(|(id, _)| id)),
            }
        }
        classes
    }

    fn said(&self, programs: &Programs, class: ClassId) -> Said {
        let ports = |(compiled, program): (&Compiled, &Option<ProgramId>)| {
            program.map_or_else(PortSet::all, |program| compiled.ports_to(program, class))
        };
        self.readings.iter().zip(programs).map(ports).collect()
    }

    /// Adds the connections of some pods with the members of a class.
    fn add(&self, engine: &Engine, class: ClassId, turns: &Turns<'_>, weight: &mut Weight) {
        if turns.before == turns.after {
            return;
        }
        let free: u128 = engine
            .class(class)
            .ranges
            .iter()
            .filter(|range| self.families.contains(&range.family))
            .map(|range| size_of_range(range.first(), range.last()))
            .sum();
        turns.add(free.saturating_mul(turns.pods.len() as u128), None, weight);
        let mut others: BTreeMap<Programs, BTreeSet<PodId>> = BTreeMap::new();
        for member in &engine.class(class).members {
            let programs = self.programs(member.pod, other(turns.direction));
            others.entry(programs).or_default().insert(member.pod);
        }
        for (programs, pods) in others {
            let itself = turns.pods.iter().filter(|pod| pods.contains(pod)).count();
            let pairs = (turns.pods.len() * pods.len() - itself) as u128;
            let theirs: Said = turns
                .own
                .iter()
                .map(|own| self.said(&programs, *own))
                .fold(vec![PortSet::NONE; self.readings.len()], |all, one| {
                    all.iter().zip(&one).map(|(all, one)| all.union(one)).collect()
                });
            turns.add(pairs, Some(&theirs), weight);
        }
    }
}

fn other(direction: Direction) -> Direction {
    match direction {
        Direction::Egress => Direction::Ingress,
        Direction::Ingress => Direction::Egress,
    }
}

/// The unions of rows that only one program has.
fn only_in<'p>(one: &'p Program, other: &'p Program) -> impl Iterator<Item = UnionId> + 'p {
    let rows = one.ports.iter().flat_map(|(protocol, rows)| rows.iter().map(move |row| (protocol, row)));
    let alone =
        rows.filter(|(protocol, row)| !other.ports.get(protocol).is_some_and(|rows| rows.contains(row)));
    alone.map(|(_, row)| row.union).chain(one.portless.filter(|_| one.portless != other.portless))
}

/// What some pods' own side says of a class, before and after.
struct Turns<'a> {
    before: Said,
    after: Said,
    own: &'a BTreeSet<ClassId>,
    pods: &'a [PodId],
    direction: Direction,
}

impl Turns<'_> {
    /// Adds some pairs, as far as the other side lets them.
    fn add(&self, pairs: u128, others: Option<&Said>, weight: &mut Weight) {
        for reading in 0..self.before.len() {
            let met = |ports: &PortSet| match others {
                Some(others) => count(&ports.intersection(&others[reading])),
                None => count(ports),
            };
            let (before, after) = (&self.before[reading], &self.after[reading]);
            let times = |ports: u32| pairs.saturating_mul(u128::from(ports));
            weight.opened = weight.opened.saturating_add(times(met(&after.difference(before))));
            weight.closed = weight.closed.saturating_add(times(met(&before.difference(after))));
        }
    }
}
