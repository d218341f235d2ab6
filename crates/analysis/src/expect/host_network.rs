//! `hostNetwork`: these pods have it, and no others.
//!
//! To policies such a pod is its node: none selects it, and words with wildcards do not mean it. So that it comes to a pod
//! is seen by no claim about connections.

use std::collections::BTreeSet;

use podfence_model::{Life, Pod, PortSet, Word};

use super::breach::{Outcome, Tally};
use super::judge::Who;
use super::selection::{End, Host, Selection};
use super::{Checked, Checker, Mistake, Result};
use crate::ends::Ends;

/// Holds a claim against the world.
pub(super) fn check(checker: &Checker<'_>, pods: &[Word]) -> Result<Checked> {
    let judge = &checker.judge;
    let listed = checker.select(pods, End::From)?;
    if !listed.ends.unknown.is_empty() || !listed.ends.outside.is_empty() {
        let word = pods.iter().take(1);
        return Err(word
            .map(|word| Mistake::new(&word.place, "pods have hostNetwork, not addresses"))
            .collect());
    }
    let world = judge.world();
    let on_host = world.pods.values().filter(|pod| is_on_host(pod)).map(|pod| Host::pod(world, pod));
    let (known, unlisted): (BTreeSet<Host>, BTreeSet<Host>) =
        on_host.partition(|host| listed.hosts.contains(host));
    let mut tally = Tally::default();
    tally.count(known.len());
    let hosts = Selection { hosts: unlisted, ..Selection::default() };
    let others =
        Selection { ends: Ends { pods: listed.ends.pods, ..Ends::default() }, ..Selection::default() };
    for (selection, is) in [(hosts, Outcome::OnHost), (others, Outcome::NotOnHost)] {
        for part in judge.parts(&selection) {
            let members = if let Who::Pods(pods) = &part.who { pods.len() } else { 1 };
            let number = tally.part(&part.who);
            tally.count(members);
            tally.note((number, number), PortSet::all(), None, is, members);
        }
    }
    Ok(tally.finish(judge, |_, _| None).unwrap_or(Checked::Holds(0)))
}

/// Whether a pod is its node to policies.
pub(super) fn is_on_host(pod: &Pod) -> bool {
    pod.host_network && pod.life != Life::Finished
}
