//! Folds the findings of a run into a grid: pods of one workload, nodes and families become one where they agree.
//!
//! Nothing is left out of the comparison, only of the picture: pods with themselves, and what the lab itself added
//! (the cluster DNS, but for the way to it).

mod entries;

use std::collections::{BTreeMap, BTreeSet};

use podfence_engine::Outcome as Verdict;
use podfence_model::{Endpoint, Family, Flow, Layer4, NamespacedName, Origin, Pod, World};
use podfence_report::grid::{Cell, Grid, Row, Sign};

use crate::asked::ServiceQuestion;
use crate::check::Checked;
use crate::cluster::is_dns_flow;
use crate::dns::Lookup;
use crate::entry_check::EntryChecked;
use crate::flows::metadata;
use crate::probe::Outcome;
use crate::run::Findings;
use crate::service_check::{NameChecked, ServiceChecked};

pub(crate) use self::entries::{EntryRow, by_any_node, ingress};

/// A source as the grid names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Column {
    Pods(String),
    ItsNode,
    OtherNodes,
    Outside,
}

/// A destination as the grid names it; the order of the variants is that of the rows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Target {
    Names,
    Service(String, String),
    Entry(EntryRow),
    Pods(String, Layer4),
    ItsNode(Layer4),
    OtherNodes(Layer4),
    Outside(Layer4),
    Metadata(Layer4),
}

type Cells = BTreeMap<Column, Option<Cell>>;

/// The grid of a run.
pub fn grid(world: &World, findings: &Findings) -> Grid {
    let mut rows: BTreeMap<(Target, Option<Family>), BTreeMap<Column, Vec<Cell>>> = BTreeMap::new();
    let mut add = |target, family, column, cell| {
        rows.entry((target, family)).or_default().entry(column).or_default().push(cell);
    };
    for one in &findings.names {
        add(Target::Names, None, pods(world, &one.asked.source), name_cell(one));
    }
    for one in &findings.services {
        let ServiceQuestion { source, service, protocol, port, address } = &one.asked;
        let target = Target::Service(format!("svc {service}"), format!("{protocol} {port}"));
        add(target, Some(Family::of(*address)), pods(world, source), service_cell(one));
    }
    for one in &findings.entries {
        if let Some((target, column, cell)) = entry(world, one) {
            add(target, one.asked.source.address().map(Family::of), column, cell);
        }
    }
    for one in &findings.ingresses {
        let ((target, cell), family) = (ingress(one), one.asked.family());
        add(target, family, Column::Outside, cell);
    }
    for one in &findings.flows {
        if let Some((target, column)) = place(world, &one.flow) {
            add(target, one.flow.destination.address().map(Family::of), column, flow_cell(one));
        }
    }
    let folded = rows.into_iter().map(|(key, cells)| (key, fold_cells(cells))).collect();
    draw(&entries::fold_nodes(&merge_families(folded)))
}

/// The row and column of a flow; `None` for what the picture leaves out.
pub(crate) fn place(world: &World, flow: &Flow) -> Option<(Target, Column)> {
    let source = pod_of(world, &flow.source);
    let destination = pod_of(world, &flow.destination);
    let column = column(world, &flow.source, destination)?;
    let target = match (&flow.destination, destination) {
        (_, Some(pod)) if source.is_some_and(|s| s.meta.id == pod.meta.id) => return None,
        (_, Some(pod)) if is_assumed(pod) && !is_dns_flow(pod, flow.layer4) => return None,
        (_, Some(pod)) => Target::Pods(label(pod), flow.layer4),
        (Endpoint::Node { name, .. }, None) if source?.node.as_ref() == Some(name) => {
            Target::ItsNode(flow.layer4)
        }
        (Endpoint::Node { .. }, None) => Target::OtherNodes(flow.layer4),
        (Endpoint::Ip(ip), None) if *ip == metadata(Family::of(*ip)) => Target::Metadata(flow.layer4),
        (_, None) => Target::Outside(flow.layer4),
    };
    Some((target, column))
}

fn column(world: &World, source: &Endpoint, destination: Option<&Pod>) -> Option<Column> {
    match (source, pod_of(world, source)) {
        (_, Some(pod)) => (!is_assumed(pod)).then(|| Column::Pods(label(pod))),
        (Endpoint::Node { name, .. }, None) if destination?.node.as_ref() == Some(name) => {
            Some(Column::ItsNode)
        }
        (Endpoint::Node { .. }, None) => Some(Column::OtherNodes),
        (_, None) => Some(Column::Outside),
    }
}

fn pod_of<'w>(world: &'w World, end: &Endpoint) -> Option<&'w Pod> {
    let Endpoint::Pod { id, .. } = end else { return None };
    world.pods.get(id)
}

fn is_assumed(pod: &Pod) -> bool {
    matches!(pod.meta.origin, Origin::Assumed(_))
}

/// A pod's workload, or the pod itself where it has none.
fn label(pod: &Pod) -> String {
    let namespace = &pod.meta.id.namespace;
    pod.workload.as_ref().map_or_else(|| pod.meta.id.to_string(), |w| format!("{namespace}/{}", w.name))
}

pub(crate) fn pods(world: &World, id: &NamespacedName) -> Column {
    Column::Pods(world.pods.get(id).map_or_else(|| id.to_string(), label))
}

pub(crate) fn flow_cell(one: &Checked) -> Cell {
    let kernel = sign(&one.kernel);
    let engine = match &one.engine {
        Some(Verdict::Allowed) if kernel == Sign::Refused => Sign::Refused,
        Some(Verdict::Allowed) => Sign::Open,
        Some(Verdict::Denied) => Sign::Closed,
        Some(Verdict::Undecidable(_)) | None => Sign::Unknown,
    };
    Cell { engine, kernel, agree: one.agrees() }
}

fn sign(outcome: &Outcome) -> Sign {
    match outcome {
        Outcome::Open { .. } => Sign::Open,
        Outcome::Refused => Sign::Refused,
        Outcome::TimedOut => Sign::Closed,
        Outcome::Unreachable(_) | Outcome::Failed(_) => Sign::Unknown,
    }
}

/// The row, column and cell of a way into a Service; `None` for what the picture leaves out.
pub(crate) fn entry(world: &World, one: &EntryChecked) -> Option<(Target, Column, Cell)> {
    let (target, column) = entries::place(world, &one.asked)?;
    Some((target, column, through_cell(&one.engine, &one.kernel, one.agrees())))
}

pub(crate) fn service_cell(one: &ServiceChecked) -> Cell {
    through_cell(&one.engine, &one.kernel, one.agrees())
}

/// A refusal is an answer that policies allowed.
fn through_cell(engine: &[Verdict], kernel: &Outcome, agree: bool) -> Cell {
    let (engine, kernel) = (fold_verdicts(engine), sign(kernel));
    let refused = kernel == Sign::Refused && engine == Sign::Open;
    Cell { engine: if refused { kernel } else { engine }, kernel, agree }
}

pub(crate) fn name_cell(one: &NameChecked) -> Cell {
    let kernel = if one.kernel == Lookup::TimedOut { Sign::Closed } else { Sign::Open };
    Cell { engine: fold_verdicts(&one.engine), kernel, agree: one.agrees() }
}

/// What the engine says of all backends.
pub(crate) fn fold_verdicts(verdicts: &[Verdict]) -> Sign {
    let allowed = verdicts.iter().filter(|v| **v == Verdict::Allowed).count();
    match allowed {
        0 => Sign::Closed,
        n if n == verdicts.len() => Sign::Open,
        _ => Sign::Mixed,
    }
}

fn fold_cells(cells: BTreeMap<Column, Vec<Cell>>) -> Cells {
    let one = |list: &[Cell], of: fn(&Cell) -> Sign| {
        let signs: BTreeSet<Sign> = list.iter().map(of).collect();
        if signs.len() == 1 { list.first().map_or(Sign::Unknown, of) } else { Sign::Mixed }
    };
    let fold = |list: Vec<Cell>| Cell {
        engine: one(&list, |c| c.engine),
        kernel: one(&list, |c| c.kernel),
        agree: list.iter().all(|c| c.agree),
    };
    cells.into_iter().map(|(column, list)| (column, Some(fold(list)))).collect()
}

/// Rows of both families become one where they show the same.
fn merge_families(rows: BTreeMap<(Target, Option<Family>), Cells>) -> Vec<(Target, Option<Family>, Cells)> {
    let mut out: Vec<(Target, Option<Family>, Cells)> = Vec::new();
    for ((target, family), cells) in rows {
        match out.last_mut() {
            Some((before, merged, same)) if *before == target && *same == cells => *merged = None,
            _ => out.push((target, family, cells)),
        }
    }
    let alone: BTreeSet<Target> = out.iter().map(|(target, ..)| target.clone()).collect();
    let twice = |target: &Target| out.iter().filter(|(other, ..)| other == target).count() > 1;
    let twins: BTreeSet<Target> = alone.into_iter().filter(twice).collect();
    for (target, family, _) in &mut out {
        *family = family.filter(|_| twins.contains(target));
    }
    out
}

fn draw(rows: &[(Target, Option<Family>, Cells)]) -> Grid {
    let columns: BTreeSet<&Column> = rows.iter().flat_map(|(.., cells)| cells.keys()).collect();
    let row = |(target, family, cells): &(Target, Option<Family>, Cells)| {
        let (to, on) = texts(target);
        let on = family.map_or_else(|| on.clone(), |family| format!("{on} {family}"));
        Row { to, on, cells: columns.iter().map(|column| cells.get(*column).copied().flatten()).collect() }
    };
    Grid { rows: rows.iter().map(row).collect(), columns: columns.iter().map(|c| column_text(c)).collect() }
}

pub(crate) fn column_text(column: &Column) -> String {
    match column {
        Column::Pods(name) => name.clone(),
        Column::ItsNode => "its node".into(),
        Column::OtherNodes => "other nodes".into(),
        Column::Outside => "outside".into(),
    }
}

pub(crate) fn texts(target: &Target) -> (String, String) {
    match target {
        Target::Names => ("names of Services".into(), "DNS".into()),
        Target::Service(name, on) => (name.clone(), on.clone()),
        Target::Entry(row) => entries::texts(row),
        Target::Pods(name, layer4) => (name.clone(), layer4.to_string()),
        Target::ItsNode(layer4) => ("its node".into(), layer4.to_string()),
        Target::OtherNodes(layer4) => ("other nodes".into(), layer4.to_string()),
        Target::Outside(layer4) => ("outside".into(), layer4.to_string()),
        Target::Metadata(layer4) => ("metadata server".into(), layer4.to_string()),
    }
}
