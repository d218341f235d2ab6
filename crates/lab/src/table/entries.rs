//! Rows for the ways into Services, and by them to Ingresses: one for each node that connections enter by, or one for all where they agree.

use std::collections::BTreeSet;

use podfence_analysis::Front;
use podfence_model::{Endpoint, Family, World};
use podfence_report::grid::{Cell, Sign};

use super::{Cells, Column, Target, column};
use crate::entry_check::EntryQuestion;
use crate::ingress::check::{IngressChecked, IngressQuestion, Reply, Way};

/// A way into a port of a Service.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct EntryRow {
    service: String,
    on: String,
    node: By,
}

/// By which node.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum By {
    /// The source's own.
    Own,
    This(String),
    Any,
}

/// The row and column of a way; `None` for what the picture leaves out: nodes at cluster and external addresses, which they
/// translate themselves.
pub(super) fn place(world: &World, asked: &EntryQuestion) -> Option<(Target, Column)> {
    let front = front(asked)?;
    let node = asked.entry().map_or(By::Own, |node| By::This(node.to_owned()));
    let column = match (&asked.source, &node) {
        (Endpoint::Node { .. }, By::Own | By::Any) => return None,
        (Endpoint::Node { name, .. }, By::This(entry)) if name == entry => Column::ItsNode,
        (Endpoint::Node { .. }, By::This(_)) => Column::OtherNodes,
        (source, _) => column(world, source, None)?,
    };
    let on = format!("{} {} {front}", asked.protocol, asked.port);
    Some((Target::Entry(EntryRow { service: format!("svc {}", asked.service), on, node }), column))
}

fn front(asked: &EntryQuestion) -> Option<&'static str> {
    match &asked.front {
        Front::Cluster(_) => None,
        Front::External(..) => Some("external address"),
        Front::NodePort(..) => Some("nodePort"),
    }
}

/// The row of an Ingress by a way to its controller, and what it shows.
pub(crate) fn ingress(one: &IngressChecked) -> (Target, Cell) {
    let IngressQuestion { ingress, host, path, way } = &one.asked;
    let (by, node) = match way {
        Way::Pod(..) => ("", By::Own),
        Way::Service(asked) => {
            let node = asked.entry().map_or(By::Own, |node| By::This(node.to_owned()));
            (front(asked).unwrap_or_default(), node)
        }
    };
    let on = format!("HTTP {host}{path} {by}").trim_end().to_owned();
    let row = EntryRow { service: format!("ing {ingress}"), on, node };
    let signs: BTreeSet<Sign> = one.engine.iter().map(sign).collect();
    let engine = if signs.len() > 1 { Sign::Mixed } else { signs.first().copied().unwrap_or(Sign::Unknown) };
    let kernel = sign(&one.kernel);
    let engine = if one.agrees() && kernel == Sign::Refused { kernel } else { engine };
    (Target::Entry(row), Cell { engine, kernel, agree: one.agrees() })
}

fn sign(reply: &Reply) -> Sign {
    match reply {
        Reply::Answered(_) => Sign::Open,
        Reply::Status(504) | Reply::TimedOut => Sign::Closed,
        Reply::Status(404 | 502 | 503) | Reply::Refused => Sign::Refused,
        Reply::Status(_) | Reply::Failed(_) => Sign::Unknown,
    }
}

/// The row of all nodes that a row of one node is part of.
pub(crate) fn by_any_node(target: &Target) -> Option<Target> {
    match target {
        Target::Entry(row) if matches!(row.node, By::This(_)) => {
            Some(Target::Entry(EntryRow { node: By::Any, ..row.clone() }))
        }
        _ => None,
    }
}

/// Rows that show the same for every node become one.
pub(super) fn fold_nodes(rows: &[(Target, Option<Family>, Cells)]) -> Vec<(Target, Option<Family>, Cells)> {
    let mut out: Vec<(Target, Option<Family>, Cells)> = Vec::new();
    for (target, family, cells) in rows {
        let any = by_any_node(target);
        let twins = rows.iter().filter(|(other, ..)| any.is_some() && by_any_node(other) == any);
        let alike = any.is_some() && twins.clone().count() > 1 && twins.clone().all(|(.., c)| c == cells);
        let folded = (any.filter(|_| alike).unwrap_or_else(|| target.clone()), *family, cells.clone());
        if !alike || !out.contains(&folded) {
            out.push(folded);
        }
    }
    out
}

/// What the row says it is about.
pub(super) fn texts(row: &EntryRow) -> (String, String) {
    let by = match &row.node {
        By::Own => String::new(),
        By::This(node) => format!(" by {node}"),
        By::Any => " by any node".into(),
    };
    (row.service.clone(), format!("{}{by}", row.on))
}
