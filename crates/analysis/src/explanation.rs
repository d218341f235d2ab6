//! The question "can SRC reach DST, and why?" and its answer, as plain values.

use podfence_engine::{Fact, Outcome};
use podfence_model::World;

use crate::dns::DnsStep;
use crate::judge::Path;
use crate::notes::Note;
use crate::port::{AskedProtocol, PortName};
use crate::resolve::Resolved;
use crate::service::ServiceStep;
use crate::target::Target;

/// What a user asks.
#[derive(Debug, Clone)]
pub struct Question {
    /// Who opens the connection.
    pub source: Target,
    /// Who is to accept it.
    pub destination: Target,
    /// `--port`.
    pub port: Option<PortName>,
    /// `--protocol`.
    pub protocol: Option<AskedProtocol>,
    /// Where names without a namespace are looked for; `None` = everywhere.
    pub namespace: Option<String>,
}

/// One end of a question: as typed, and what it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// What was typed.
    pub text: String,
    /// What it means.
    pub means: Resolved,
}

/// The outcome over all sources and backends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Every path passes.
    Allowed,
    /// Every path is refused.
    Denied,
    /// Some paths are refused, others pass.
    Depends,
    /// Whether all paths pass, or all are refused, hangs on facts that are missing.
    Undecidable,
}

impl From<&Outcome> for Verdict {
    fn from(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Allowed => Self::Allowed,
            Outcome::Denied => Self::Denied,
            Outcome::Undecidable(_) => Self::Undecidable,
        }
    }
}

impl Verdict {
    /// What several come to; undecidable where there are none.
    pub(crate) fn together(verdicts: impl IntoIterator<Item = Self>) -> Self {
        let (mut open, mut unknown, mut refused) = (false, false, false);
        for verdict in verdicts {
            match verdict {
                Self::Allowed => open = true,
                Self::Denied => refused = true,
                Self::Undecidable => unknown = true,
                Self::Depends => (open, refused) = (true, true),
            }
        }
        match (open, unknown, refused) {
            (true, _, true) => Self::Depends,
            (true, false, false) => Self::Allowed,
            (false, false, true) => Self::Denied,
            (_, true, _) | (false, false, false) => Self::Undecidable,
        }
    }
}

/// The answer to a [`Question`].
#[derive(Debug, Clone)]
pub struct Explanation<'w> {
    /// The world that was asked about.
    pub world: &'w World,
    /// The source.
    pub source: Asked,
    /// The destination.
    pub destination: Asked,
    /// How the Service leads to its backends, if the destination is one.
    pub service: Option<ServiceStep>,
    /// Whether the source may ask the DNS, where that matters.
    pub dns: Option<DnsStep>,
    /// The answers, folded; empty only behind an alias.
    pub paths: Vec<Path>,
    /// All paths together.
    pub verdict: Verdict,
    /// What else is worth knowing.
    pub notes: Vec<Note>,
}

impl Explanation<'_> {
    /// The facts that an undecidable answer hangs on, sorted.
    pub fn missing(&self) -> Vec<&Fact> {
        let mut facts: Vec<&Fact> = self.paths.iter().flat_map(|p| &p.missing).collect();
        facts.sort_unstable();
        facts.dedup();
        facts
    }
}
