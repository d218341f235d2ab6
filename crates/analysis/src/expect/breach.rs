//! What contradicts an expectation, folded, with the names of those concerned.

use std::collections::BTreeMap;

use podfence_model::{Direction, Family, PortSet};

use super::judge::{Judge, Who};
use super::trace::Trace;
use super::{Checked, Mistake};
use crate::AddressSet;
use crate::ends::{EndName, Ends};

/// How many breaches are named; the others are counted.
const NAMED: usize = 5;

/// What a connection comes to, or a pod is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// It passes.
    Allowed,
    /// It is refused.
    Denied,
    /// It hangs on missing facts.
    Undecided,
    /// No policy isolates the pod in this direction.
    NotIsolated(Direction),
    /// A pod has `hostNetwork`.
    OnHost,
    /// A pod has no `hostNetwork`.
    NotOnHost,
    /// Of two sets of policies the first alone admits it.
    FirstOnly,
    /// The second alone admits it.
    SecondOnly,
    /// Whether both admit it hangs on missing facts.
    Perhaps,
}

/// The ends on one side of a breach.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Side {
    /// Pods and addresses.
    pub names: Vec<EndName>,
    /// Nodes, and pods with hostNetwork, as they may be typed.
    pub hosts: Vec<String>,
}

/// Connections, or pods, that are not as expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// Who opens them; the pods themselves where no connection is meant.
    pub from: Side,
    /// Who is to accept them.
    pub to: Side,
    /// On which ports.
    pub ports: PortSet,
    /// In which family, where there are several.
    pub family: Option<Family>,
    /// What they come to.
    pub is: Outcome,
}

/// All that contradicts one expectation.
#[derive(Debug)]
pub struct Breaches {
    /// The first few, folded.
    pub shown: Vec<Breach>,
    /// How many more there are.
    pub more: usize,
    /// How many pairs of ends, or pods, are concerned; a pair counts in each family.
    pub pairs: usize,
    /// Of so many.
    pub of: usize,
    /// Why the first of them is as it is.
    pub trace: Option<Trace>,
}

/// One breach between two parts, by their numbers.
struct Raw {
    from: usize,
    to: usize,
    ports: PortSet,
    family: Option<Family>,
    is: Outcome,
    pairs: usize,
}

/// Breaches while they are found.
#[derive(Default)]
pub(super) struct Tally {
    parts: Vec<Who>,
    contrary: Vec<Raw>,
    open: Vec<Raw>,
    /// Pairs that were looked at.
    of: usize,
}

impl Tally {
    /// A part's number, for [`Self::note`].
    pub(super) fn part(&mut self, who: &Who) -> usize {
        self.parts.push(who.clone());
        self.parts.len() - 1
    }

    /// So many pairs were looked at.
    pub(super) fn count(&mut self, pairs: usize) {
        self.of += pairs;
    }

    /// Notes ports that come to something that is not expected; nothing for none.
    pub(super) fn note(
        &mut self,
        (from, to): (usize, usize),
        ports: PortSet,
        family: Option<Family>,
        is: Outcome,
        pairs: usize,
    ) {
        if ports.is_empty() {
            return;
        }
        let raw = Raw { from, to, ports, family, is, pairs };
        if matches!(is, Outcome::Undecided | Outcome::Perhaps) {
            self.open.push(raw);
        } else {
            self.contrary.push(raw);
        }
    }

    /// What came of it. `judge` gives names and the trace.
    pub(super) fn finish(
        self,
        judge: &Judge,
        trace: impl Fn(&Breach, Trace) -> Option<Trace>,
    ) -> Option<Checked> {
        if self.of == 0 {
            return None;
        }
        if self.contrary.is_empty() && self.open.is_empty() {
            return Some(Checked::Holds(self.of));
        }
        let fails = !self.contrary.is_empty();
        let raws = if fails { &self.contrary } else { &self.open };
        let breaches = self.breaches(judge, raws, trace);
        Some(if fails { Checked::Fails(breaches) } else { Checked::Undecided(breaches) })
    }

    fn breaches(
        &self,
        judge: &Judge,
        raws: &[Raw],
        trace: impl Fn(&Breach, Trace) -> Option<Trace>,
    ) -> Breaches {
        let folded = fold(raws);
        let side = |parts: &[usize]| self.side(judge, parts);
        let several = judge.families(None).len() > 1;
        let breach = |((family, is, ports, to), from): (&Key, &Vec<usize>)| Breach {
            from: side(from),
            to: side(to),
            ports: (*ports).clone(),
            family: family.filter(|_| several),
            is: *is,
        };
        let shown: Vec<Breach> = folded.iter().take(NAMED).map(breach).collect();
        let first = folded.iter().next().and_then(|((family, _, ports, to), from)| {
            Trace::new(judge, &self.parts[*from.first()?], &self.parts[*to.first()?], ports, *family)
        });
        Breaches {
            more: folded.len() - shown.len(),
            pairs: concerned(raws),
            of: self.of,
            trace: shown.first().zip(first).and_then(|(breach, first)| trace(breach, first)),
            shown,
        }
    }

    fn side(&self, judge: &Judge, parts: &[usize]) -> Side {
        let (mut ends, mut hosts) = (Ends::default(), Vec::new());
        for part in parts {
            match &self.parts[*part] {
                Who::Pods(pods) => {
                    ends.pods.extend(pods.iter().map(|id| judge.engine().pod(*id).meta.id.clone()));
                }
                Who::Unknown(set) => add(&mut ends.unknown, set),
                Who::Outside(set) => add(&mut ends.outside, set),
                Who::Host(host) => hosts.push(host.text.clone()),
            }
        }
        hosts.sort_unstable();
        hosts.dedup();
        Side { names: judge.directory().name(&ends), hosts }
    }
}

fn add(to: &mut AddressSet, set: &AddressSet) {
    *to = to.union(set);
}

/// How many pairs some breaches are about: a pair that is wrong in two ways counts once.
fn concerned(raws: &[Raw]) -> usize {
    let mut by_way: BTreeMap<(usize, usize, Option<Family>, Outcome), usize> = BTreeMap::new();
    for raw in raws {
        *by_way.entry((raw.from, raw.to, raw.family, raw.is)).or_default() += raw.pairs;
    }
    let mut pairs: BTreeMap<(usize, usize, Option<Family>), usize> = BTreeMap::new();
    for ((from, to, family, _), count) in by_way {
        let most = pairs.entry((from, to, family)).or_default();
        *most = count.max(*most);
    }
    pairs.values().sum()
}

/// What breaches have in common, and to whom.
type Key = (Option<Family>, Outcome, PortSet, Vec<usize>);

/// Breaches of one sender together, then of all senders to the same receivers.
fn fold(raws: &[Raw]) -> BTreeMap<Key, Vec<usize>> {
    let mut by_sender: BTreeMap<(Option<Family>, Outcome, &PortSet, usize), Vec<usize>> = BTreeMap::new();
    for raw in raws {
        by_sender.entry((raw.family, raw.is, &raw.ports, raw.from)).or_default().push(raw.to);
    }
    let mut by_receivers: BTreeMap<Key, Vec<usize>> = BTreeMap::new();
    for ((family, is, ports, from), to) in by_sender {
        by_receivers.entry((family, is, ports.clone(), to)).or_default().push(from);
    }
    by_receivers
}

/// Where nothing was asked about, nothing holds.
pub(super) fn nothing(place: &podfence_model::Place) -> Vec<Mistake> {
    let message = "no connection is meant: the two ends are one pod, declare none of these ports, or have no address family \
                   in common";
    vec![Mistake::new(place, message)]
}
