//! `allow`, `deny`, `permits` and `forbids`: every connection of a set comes to one thing.

use std::collections::BTreeMap;

use podfence_engine::PodId;
use podfence_model::{Connections, Endpoint, Family, Layer4, NamespacedName, Place, PortSet, Wanted, World};

use super::breach::{Outcome, Tally, nothing};
use super::judge::{Cell, Judge, Part, Row, Who};
use super::ports::{Ports, every_port};
use super::selection::{End, Selection};
use super::{Checked, Checker, Mistake, Result};
use crate::AddressSet;
use crate::ends::Ends;
use crate::service::backends;

/// Holds a claim against the world, or against some of its policies alone.
pub(super) fn check(checker: &Checker<'_>, claim: &Connections, place: &Place) -> Result<Checked> {
    if let Some(policies) = &claim.policies {
        let world = checker.only(policies)?;
        let alone = Checker::new(world, checker.namespace);
        return check(&alone, &Connections { policies: None, ..claim.clone() }, place);
    }
    let judge = &checker.judge;
    let from = judge.parts(&checker.select(&claim.from, End::From)?);
    let ports = Ports::read(&claim.ports)?;
    let to = targets(checker, &checker.select(&claim.to, End::To)?, &ports, place)?;
    let mut tally = Tally::default();
    let numbers: Vec<usize> = to.iter().map(|target| tally.part(&target.part.who)).collect();
    for family in judge.families(claim.family) {
        for from in &from {
            let number = tally.part(&from.who);
            let rows = judge.rows(family, from);
            for (target, to) in to.iter().zip(&numbers) {
                let pair = Pair { judge, family, from, rows: &rows, target };
                pair.check(claim.wanted, &mut tally, (number, *to));
            }
        }
    }
    tally.finish(judge, |_, trace| Some(trace)).ok_or_else(|| nothing(place))
}

/// Ends that accept connections, and the ports that are asked about.
pub(super) struct Target {
    pub part: Part,
    pub ports: PortSet,
}

/// The destinations of a claim, Services followed to their backends.
pub(super) fn targets(
    checker: &Checker<'_>,
    selection: &Selection,
    ports: &Ports,
    place: &Place,
) -> Result<Vec<Target>> {
    let judge = &checker.judge;
    let mut targets = Vec::new();
    for part in judge.parts(selection) {
        match &part.who {
            Who::Pods(pods) => targets.extend(by_ports(judge, &part, pods, ports)),
            _ => targets.push(Target { ports: ports.on_address().clone(), part }),
        }
    }
    for service in &selection.services {
        targets
            .extend(behind(checker, service, ports).map_err(|message| vec![Mistake::new(place, message)])?);
    }
    targets.retain(|target| !target.ports.is_empty());
    Ok(targets)
}

/// Pods of one group that give the same numbers to what is asked.
fn by_ports(judge: &Judge, part: &Part, pods: &[PodId], ports: &Ports) -> Vec<Target> {
    let mut by_ports: BTreeMap<PortSet, Vec<PodId>> = BTreeMap::new();
    for pod in pods {
        by_ports.entry(ports.on(judge.engine().pod(*pod))).or_default().push(*pod);
    }
    let target =
        |(ports, pods)| Target { part: Part { who: Who::Pods(pods), groups: part.groups.clone() }, ports };
    by_ports.into_iter().map(target).collect()
}

/// Where the ports of a Service lead, on the numbers that its backends listen on.
fn behind(
    checker: &Checker<'_>,
    id: &NamespacedName,
    ports: &Ports,
) -> std::result::Result<Vec<Target>, String> {
    let judge = &checker.judge;
    let world: &World = judge.world();
    let service = world.services.get(id).ok_or_else(|| format!("there is no Service {id}"))?;
    let mut targets = Vec::new();
    for port in service.ports.iter().filter(|port| ports.mean(port)) {
        for backend in backends(world, service, port) {
            let asked = asked(backend.layer4);
            let parts = judge.parts(&selection_of(checker, &backend.end)?);
            targets.extend(parts.into_iter().map(|part| Target { part, ports: asked.clone() }));
        }
    }
    if targets.is_empty() { Err(format!("Service {id} leads nowhere on these ports")) } else { Ok(targets) }
}

fn asked(layer4: Layer4) -> PortSet {
    PortSet::of(layer4)
}

fn selection_of(checker: &Checker<'_>, end: &Endpoint) -> std::result::Result<Selection, String> {
    match end {
        Endpoint::Pod { id, .. } => checker.of_pods(std::slice::from_ref(id)),
        Endpoint::Ip(ip) => {
            let address: AddressSet = [podfence_model::Cidr::host(*ip)].into_iter().collect();
            let ends = Ends { outside: address.clone(), unknown: address, ..Ends::default() };
            Ok(Selection { ends, ..Selection::default() })
        }
        Endpoint::Node { name, .. } => Err(format!("node {name} stands behind no Service")),
    }
}

/// Two parts, before they are looked at.
struct Pair<'a> {
    judge: &'a Judge,
    family: Family,
    from: &'a Part,
    rows: &'a [Row],
    target: &'a Target,
}

impl Pair<'_> {
    fn check(&self, wanted: Wanted, tally: &mut Tally, numbers: (usize, usize)) {
        let asked = self.target.ports.intersection(&every_port());
        for (pairs, cell) in cells(self.judge, self.family, (self.from, self.rows), &self.target.part) {
            if pairs == 0 {
                continue;
            }
            let is_open = asked.intersection(&cell.possible).difference(&cell.certain);
            let contrary = match wanted {
                Wanted::Allowed => (asked.difference(&cell.possible), Outcome::Denied),
                Wanted::Denied => (asked.intersection(&cell.certain), Outcome::Allowed),
            };
            tally.count(pairs);
            tally.note(numbers, contrary.0, Some(self.family), contrary.1, pairs);
            tally.note(numbers, is_open, Some(self.family), Outcome::Undecided, pairs);
        }
    }
}

/// What passes between two parts, and for how many pairs of ends; several answers where a node meets pods of its own.
pub(super) fn cells(
    judge: &Judge,
    family: Family,
    (from, rows): (&Part, &[Row]),
    to: &Part,
) -> Vec<(usize, Cell)> {
    let Some(cell) = judge.cell(family, rows, &to.groups) else { return Vec::new() };
    let (Who::Host(host), Who::Pods(pods)) = (&from.who, &to.who) else {
        return vec![(pairs(&from.who, &to.who), cell)];
    };
    // A node always reaches the pods that run on it.
    let (mut own, mut perhaps, mut others) = (0, 0, 0);
    for pod in pods {
        match (&host.node, &judge.engine().pod(*pod).node) {
            (Some(node), Some(home)) if node == home => own += 1,
            (Some(_), Some(_)) => others += 1,
            _ => perhaps += 1,
        }
    }
    let all = || Cell { certain: PortSet::all(), possible: PortSet::all() };
    let maybe = Cell { certain: cell.certain.clone(), possible: PortSet::all() };
    let cells = vec![(own, all()), (perhaps, maybe), (others, cell)];
    cells.into_iter().filter(|(pairs, _)| *pairs > 0).collect()
}

/// How many pairs two parts make; a pod and itself are none.
fn pairs(from: &Who, to: &Who) -> usize {
    let count = |who: &Who| if let Who::Pods(pods) = who { pods.len() } else { 1 };
    let itself = match (from, to) {
        (Who::Pods(from), Who::Pods(to)) => from.iter().filter(|pod| to.contains(pod)).count(),
        _ => 0,
    };
    count(from) * count(to) - itself
}
