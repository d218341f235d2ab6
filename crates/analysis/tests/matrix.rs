//! The matrix says of every pair what the engine says of its flows.

use std::net::IpAddr;

use podfence_analysis::matrix::{GroupId, Matrix, Members, Reached};
use podfence_analysis::{Question, Target, explain_every_port};
use podfence_engine::{Engine, Outcome, PodId, Reading};
use podfence_model::{Endpoint, Family, Flow, Layer4, PortSet, Protocol, World};
use podfence_testkit::describe;
use podfence_testkit::generate::{self, Rng};

const WORLDS: u64 = 600;
const FLOWS: usize = 150;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    Denied,
    Allowed,
    Undecidable,
}

/// A matrix for certain, and one of what is possible.
struct Readings {
    certain: Matrix,
    possible: Matrix,
}

impl Readings {
    fn new(engine: &Engine) -> Self {
        Self {
            certain: Matrix::new(engine, Reading::Certain),
            possible: Matrix::new(engine, Reading::Possible),
        }
    }

    fn says(&self, family: Family, from: GroupId, to: GroupId, layer4: Layer4) -> Said {
        let [certain, possible] =
            [&self.certain, &self.possible].map(|matrix| matrix.cell(family, from, to).contains(layer4));
        assert!(possible || !certain, "what is certain is possible");
        match (certain, possible) {
            (true, _) => Said::Allowed,
            (false, true) => Said::Undecidable,
            (false, false) => Said::Denied,
        }
    }
}

/// The group of an end; none for nodes, for they may have several addresses.
fn group_of(engine: &Engine, matrix: &Matrix, end: &Endpoint) -> Option<GroupId> {
    let holds = |members: &Members| match (members, end) {
        (Members::Pods(pods), Endpoint::Pod { id, .. }) => {
            engine.pod_id(id).is_some_and(|pod: PodId| pods.contains(&pod))
        }
        (Members::UnknownPods(ranges) | Members::Outside(ranges), Endpoint::Ip(ip)) => {
            engine.pod_with_address(*ip).is_none() && ranges.iter().any(|range| range.contains(*ip))
        }
        _ => false,
    };
    matrix.groups_with_ids().find(|(_, group)| holds(&group.members)).map(|(id, _)| id)
}

#[test]
fn cells_say_what_the_engine_says() {
    let mut compared = [0_usize; 3];
    for seed in 0..WORLDS {
        let world = generate::world(seed);
        let engine = Engine::new(&world);
        let readings = Readings::new(&engine);
        for flow in generate::flows(&world, &mut Rng::with_seed(seed), FLOWS) {
            let Some(said) = by_matrix(&engine, &readings, &flow) else { continue };
            let Ok(answer) = engine.answer(&flow) else { continue };
            if answer.always.is_some() {
                continue;
            }
            let wanted = match answer.outcome {
                Outcome::Denied => Said::Denied,
                Outcome::Allowed => Said::Allowed,
                Outcome::Undecidable(_) => Said::Undecidable,
            };
            assert_eq!(said, wanted, "seed {seed}\n{}", describe::failure(&world, &flow));
            compared[said as usize] += 1;
        }
    }
    println!("denied, allowed, undecidable: {compared:?}");
    assert!(compared[0] > 5_000 && compared[1] > 5_000, "{compared:?}");
}

#[test]
fn rows_and_columns_are_made_of_the_same_cells() {
    for seed in 0..WORLDS / 4 {
        let engine = Engine::new(&generate::world(seed));
        let matrix = Matrix::new(&engine, Reading::Possible);
        let ids: Vec<GroupId> = matrix.groups_with_ids().map(|(id, _)| id).collect();
        for family in matrix.families() {
            let of = |reached: Vec<Reached>, other: GroupId| {
                let mut found = reached.into_iter().filter(|one| one.groups.contains(&other));
                let ports = found.next().map_or(PortSet::NONE, |one| one.ports);
                assert!(found.next().is_none(), "seed {seed}: a group stands twice");
                ports
            };
            for (from, to) in ids.iter().flat_map(|from| ids.iter().map(move |to| (*from, *to))) {
                let cell = matrix.cell(family, from, to);
                assert_eq!(of(matrix.row(family, from), to), cell, "seed {seed}: row {from:?} {to:?}");
                assert_eq!(of(matrix.column(family, to), from), cell, "seed {seed}: column {from:?} {to:?}");
            }
        }
    }
}

/// What is open for sure between two addresses, and what may be; `None` where policies are not asked.
fn every_port(world: &World, engine: &Engine, [from, to]: [IpAddr; 2]) -> Option<[PortSet; 2]> {
    let target = |ip: IpAddr| Target::parse(&ip.to_string(), world).expect("an address");
    let question = Question {
        source: target(from),
        destination: target(to),
        port: None,
        protocol: None,
        namespace: None,
    };
    let answer = explain_every_port(world, engine, &question).ok()?;
    let [pair] = answer.pairs.as_slice() else { panic!("two addresses are one pair") };
    let mut sets = [PortSet::NONE, PortSet::NONE];
    let mut all = PortSet::NONE;
    for part in &pair.parts {
        let answer = &part.path.answer;
        if answer.always.is_some() {
            return None;
        }
        assert!(all.intersection(&part.ports).is_empty(), "a port stands twice");
        all = all.union(&part.ports);
        let [certain, possible] = &mut sets;
        if answer.outcome == Outcome::Allowed {
            *certain = certain.union(&part.ports);
        }
        if answer.outcome != Outcome::Denied {
            *possible = possible.union(&part.ports);
        }
    }
    assert_eq!(all.union(&nobodys()), PortSet::all(), "a port is missing");
    Some(sets)
}

/// Port 0, which nobody can ask about.
fn nobodys() -> PortSet {
    let zero = |set: PortSet, protocol| set.union(&PortSet::range(protocol, 0, 0));
    Protocol::ALL.into_iter().fold(PortSet::NONE, zero)
}

#[test]
fn every_port_is_open_that_the_cells_say() {
    let mut compared = [0_usize; 2];
    for seed in 0..WORLDS / 4 {
        let world = generate::world(seed);
        let engine = Engine::new(&world);
        let readings = Readings::new(&engine);
        for flow in generate::flows(&world, &mut Rng::with_seed(seed), FLOWS / 5) {
            let ends = [&flow.source, &flow.destination];
            let [Some(from), Some(to)] = ends.map(Endpoint::address) else { continue };
            let Some(groups) = [&readings.certain, &readings.possible]
                .map(|matrix| ends.map(|end| group_of(&engine, matrix, end)))
                .map(|[from, to]| Some((from?, to?)))
                .into_iter()
                .collect::<Option<Vec<_>>>()
            else {
                continue;
            };
            let family = Family::of(from);
            if readings.certain.families().all(|one| one != family) {
                continue;
            }
            let Some(sets) = every_port(&world, &engine, [from, to]) else { continue };
            let cells = [(&readings.certain, groups[0]), (&readings.possible, groups[1])]
                .map(|(matrix, (from, to))| matrix.cell(family, from, to));
            for (set, cell) in sets.iter().zip(&cells) {
                let told = describe::failure(&world, &flow);
                assert_eq!(set.difference(&nobodys()), cell.difference(&nobodys()), "seed {seed}\n{told}");
                compared[usize::from(!set.is_empty() && set.difference(&nobodys()) != PortSet::all())] += 1;
            }
        }
    }
    println!("all or nothing, in between: {compared:?}");
    assert!(compared[0] > 200 && compared[1] > 200, "{compared:?}");
}

/// `None` where the matrix has no such ends.
fn by_matrix(engine: &Engine, readings: &Readings, flow: &Flow) -> Option<Said> {
    let families = [flow.source.address(), flow.destination.address()];
    let family = families.into_iter().flatten().map(Family::of).next().unwrap_or(Family::V4);
    readings.certain.families().find(|one| *one == family)?;
    let from = group_of(engine, &readings.certain, &flow.source)?;
    let to = group_of(engine, &readings.certain, &flow.destination)?;
    Some(readings.says(family, from, to, flow.layer4))
}
