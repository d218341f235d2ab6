//! What came of expectations: lines for people, [`results`](crate::results) for build servers, and a world frozen as a file.
//!
//! [`Told`] puts one expectation and what came of it into words, once for all forms. Start there; `text` and `yaml` are the forms that
//! only expectations have.

mod text;
mod title;
mod yaml;

use podfence_analysis::expect::{Breach, Breaches, Checked, Outcome, Side, Trace};
use podfence_model::{Claim, Expectation};
use podfence_source::SourceMap;

use crate::results::{Case, Status, Suite, Trouble};
use crate::{ends, terminal};

pub use text::text;
pub use title::{claim, title};
pub use yaml::yaml;

/// How an expectation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It holds.
    Held,
    /// It does not.
    Failed,
    /// It hangs on missing facts.
    Undecidable,
    /// It means nothing in this world.
    Mistaken,
    /// It was not judged.
    Skipped,
}

impl Ended {
    /// One word for programs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Failed => "failed",
            Self::Undecidable => "undecidable",
            Self::Mistaken => "mistaken",
            Self::Skipped => "skipped",
        }
    }
}

/// An expectation and what came of it, in words.
#[derive(Debug)]
pub struct Told {
    /// What its author calls it, or else what it says.
    pub title: String,
    /// The word that it begins with: `deny`.
    pub claim: &'static str,
    /// Its file.
    pub file: String,
    /// Its line, from 1.
    pub line: u32,
    /// How it ended.
    pub ended: Ended,
    /// In one line, why; empty when it holds.
    pub summary: String,
    /// What is not as expected, line by line, folded.
    pub breaches: Vec<String>,
    /// Why the first connection of these is as it is.
    pub why: Option<Trace>,
}

impl Told {
    /// Puts into words what came of an expectation.
    pub fn new(expectation: &Expectation, checked: Checked) -> Self {
        let bare = |ended, summary: String, breaches| Self {
            title: expectation.name.clone().unwrap_or_else(|| title(&expectation.claim)),
            claim: claim(&expectation.claim),
            file: expectation.place.file.to_string(),
            line: expectation.place.line,
            ended,
            summary,
            breaches,
            why: None,
        };
        let broken = |ended, breaches: Breaches| Self {
            why: breaches.trace.clone(),
            ..bare(ended, summary(&breaches), lines(&breaches, &expectation.claim))
        };
        match checked {
            Checked::Holds(_) => bare(Ended::Held, String::new(), Vec::new()),
            Checked::Fails(breaches) => broken(Ended::Failed, breaches),
            Checked::Undecided(breaches) => broken(Ended::Undecidable, breaches),
            Checked::Skipped(reason) => bare(Ended::Skipped, reason, Vec::new()),
            Checked::Mistaken(mistakes) => {
                let lines: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
                let first = mistakes.first().map(|mistake| mistake.message.clone()).unwrap_or_default();
                bare(Ended::Mistaken, first, lines)
            }
        }
    }

    /// Why the first breach is as it is, as `explain` says it; styled.
    pub fn trace(&self, sources: &SourceMap) -> Option<String> {
        let explanation = self.why.as_ref()?.answer()?;
        Some(terminal::explain(&explanation, sources, None))
    }

    fn case(&self, sources: &SourceMap) -> Case {
        let trace = self.trace(sources).map(|text| anstream::adapter::strip_str(&text).to_string());
        let trace = trace.map(|text| format!("\n\n{text}")).unwrap_or_default();
        let details = self.breaches.join("\n") + &trace;
        let trouble =
            || Trouble { kind: self.ended.word().to_owned(), message: self.summary.clone(), details };
        let status = match self.ended {
            Ended::Held => Status::Passed,
            Ended::Failed | Ended::Undecidable => Status::Failed(trouble()),
            Ended::Mistaken => Status::Error(trouble()),
            Ended::Skipped => Status::Skipped(self.summary.clone()),
        };
        let place = Some((self.file.clone(), self.line));
        Case { name: self.title.clone(), class: self.file.clone(), place, status }
    }
}

/// Expectations as results, one suite for each file. What is undecidable has failed: nobody may take it for proven.
pub fn suites(told: &[Told], sources: &SourceMap) -> Vec<Suite> {
    let of_file = |told: &[Told]| Suite {
        name: told[0].file.clone(),
        properties: Vec::new(),
        cases: told.iter().map(|told| told.case(sources)).collect(),
    };
    told.chunk_by(|a, b| a.file == b.file).map(of_file).collect()
}

fn summary(breaches: &Breaches) -> String {
    let Some(first) = breaches.shown.first() else { return String::new() };
    let Breaches { pairs, of, .. } = breaches;
    let (noun, is_not, none_is) = match first.is {
        Outcome::NotIsolated(_) => ("pod", "not isolated", "isolated"),
        Outcome::OnHost | Outcome::NotOnHost => ("pod", "not as expected", "as expected"),
        Outcome::FirstOnly | Outcome::SecondOnly => ("pair", "treated differently", "treated alike"),
        Outcome::Perhaps | Outcome::Undecided => ("pair", "undecidable", "decidable"),
        Outcome::Allowed | Outcome::Denied => ("pair", "not as expected", "as expected"),
    };
    match (*pairs, *of) {
        (_, 1) => format!("the only {noun} is {is_not}"),
        (pairs, of) if pairs >= of => format!("none of {of} {noun}s is {none_is}"),
        (1, of) => format!("1 of {of} {noun}s is {is_not}"),
        (pairs, of) => format!("{pairs} of {of} {noun}s are {is_not}"),
    }
}

fn lines(breaches: &Breaches, claim: &Claim) -> Vec<String> {
    let more = (breaches.more > 0).then(|| format!("and {} more like these", breaches.more));
    breaches.shown.iter().map(|breach| line(breach, claim)).chain(more).collect()
}

fn line(breach: &Breach, claim: &Claim) -> String {
    let (from, to) = (side(&breach.from), side(&breach.to));
    let family = breach.family.map(|family| format!(" over {family}")).unwrap_or_default();
    let connection = format!("{from} → {to} on {}{family}", ports(breach));
    match breach.is {
        Outcome::Allowed => format!("{connection}: allowed"),
        Outcome::Denied => format!("{connection}: denied"),
        Outcome::Undecided => format!("{connection}: undecidable"),
        Outcome::FirstOnly => format!("{connection}: {}", title::difference(claim).0),
        Outcome::SecondOnly => format!("{connection}: {}", title::difference(claim).1),
        Outcome::Perhaps => format!("{connection}: whether there is a difference hangs on missing facts"),
        Outcome::OnHost => format!("{from}: has hostNetwork, so no policy isolates it"),
        Outcome::NotOnHost => format!("{from}: has no hostNetwork"),
        Outcome::NotIsolated(direction) => format!("{from}: no policy isolates for {direction}"),
    }
}

fn ports(breach: &Breach) -> String {
    let words = podfence_analysis::expect::port_words(&breach.ports);
    if words.is_empty() { "every port".to_owned() } else { words.join(", ") }
}

fn side(side: &Side) -> String {
    let mut parts: Vec<String> = side.names.iter().map(ends::name).collect();
    parts.extend(side.hosts.iter().cloned());
    parts.join(", ")
}
