//! Expected verdicts as data: a Markdown table of who reaches whom, which engine and kernel must both confirm.
//!
//! `verdicts.md` beside the manifests of a step tells a story in prose; its table `| from | to | on | outcome |` is read
//! ([`read`]), each row becomes the connections it is about ([`ask`]), a run tries them, and [`check`] compares. Nothing
//! here is a manifest, and only `lab run` reads it. Start with [`Row`].

mod ask;
mod cells;
mod check;
mod read;
mod ways;

use std::collections::BTreeSet;

use podfence_model::{Family, NamespacedName, Place, Port, Protocol};

pub use ask::{Ask, Question, ask};
pub use check::{breaking, check};
pub use read::read;

/// The file that a step's expected verdicts stand in.
pub const FILE: &str = "verdicts.md";

/// Something in a table that is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {message}")]
pub struct TableError {
    /// Where.
    pub place: Place,
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    pub help: String,
}

impl TableError {
    pub(crate) fn new(place: Place, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { place, message: message.into(), help: help.into() }
    }
}

/// One mistake of several rows is told once, where it is first, with the lines of the others.
fn folded(wrong: Vec<TableError>) -> Vec<TableError> {
    let mut folded: Vec<(TableError, BTreeSet<u32>)> = Vec::new();
    for error in wrong {
        let same = |known: &TableError| {
            (&known.place.file, &known.message, &known.help)
                == (&error.place.file, &error.message, &error.help)
        };
        match folded.iter_mut().find(|(known, _)| same(known)) {
            Some((first, lines)) if first.place.line != error.place.line => {
                lines.insert(error.place.line);
            }
            Some(_) => {}
            None => folded.push((error, BTreeSet::new())),
        }
    }
    let told = folded.into_iter().map(|(mut error, lines)| {
        let lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
        if !lines.is_empty() {
            let noun = if lines.len() == 1 { "line" } else { "lines" };
            error.message = format!("{}; the same in {noun} {}", error.message, lines.join(", "));
        }
        error
    });
    told.collect()
}

/// One row of a table: every one of `from` to every one of `to`, on every one of `on`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The row as it was written.
    pub cells: Cells,
    /// Who sends.
    pub from: Vec<Party>,
    /// To whom.
    pub to: Vec<Party>,
    /// On what.
    pub on: Vec<On>,
    /// The families it speaks about.
    pub families: Vec<Family>,
    /// What must come of it.
    pub outcome: Expected,
}

/// The places of a row's cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cells {
    /// The cell of who sends.
    pub from: Cell,
    /// The cell of who is reached.
    pub to: Cell,
    /// The cell of protocols and ports.
    pub on: Cell,
    /// The cell of what must come of it.
    pub outcome: Cell,
}

/// A cell's text and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// The text, without the spaces around it and without backticks.
    pub text: String,
    /// Where.
    pub place: Place,
}

/// One end of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Party {
    /// `NAMESPACE/NAME`: a pod, or the pods of a workload; `NAMESPACE/*`: all pods of a namespace.
    Pods(NamespacedName),
    /// `svc/NAMESPACE/NAME`: a Service, by its cluster addresses or another way ([`On::Entry`]).
    Service(NamespacedName),
    /// `ing/NAMESPACE/NAME`: an Ingress, by every way from outside to its controllers.
    Ingress(NamespacedName),
    /// `name NAME`: a name to be looked up, as a program in the pod would.
    Name(String),
    /// The sending pod.
    Itself,
    /// The node of the pod on the other end.
    ItsNode,
    /// Every node but that one.
    OtherNodes,
    /// An address of the world outside.
    Outside,
    /// The metadata server of the cloud.
    Metadata,
}

/// What a row asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum On {
    /// A port, declared or not.
    Port(Protocol, Port),
    /// A port of a Service by a way from the nodes' side.
    Entry(Protocol, Port, Door),
    /// A request for a host and a path, by an Ingress.
    Http {
        /// The host, as a browser would send it.
        host: String,
        /// The path, with its slash.
        path: String,
    },
    /// A ping.
    Icmp,
    /// A look-up.
    Dns,
}

/// A way into a Service, and the node that it leads by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Door {
    /// Which way.
    pub kind: DoorKind,
    /// By which node; `None` for each in turn.
    pub node: Option<String>,
}

/// The ways into a Service that lead by a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DoorKind {
    /// Its port at the nodes' addresses.
    NodePort,
    /// Its load balancer's addresses and its `externalIPs`.
    External,
}

/// What must come of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// It passes and is answered.
    Open,
    /// It passes, and nobody listens.
    Refused,
    /// It is dropped.
    TimesOut,
    /// The controller of an Ingress answers with this status of HTTP, having reached nobody.
    Status(u16),
    /// The name leads to addresses.
    Resolves,
    /// It does not: no answer comes, or there is no such name.
    DoesNotResolve,
}
