//! What the loop answers when it is asked how things stand. Everything here only reads.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use podfence_dataplane_nft::Opening;
use podfence_model::{NamespacedName, ObjectKey};
use podfence_plan::NodePlan;

use super::{Agent, State};
use crate::about::{self, Comparisons, PodStatus, PolicyStatus, Question, Standing};
use crate::dump::Dump;
use crate::enforcer::{Counts, Enforcer};
use crate::kernel::Kernel;
use crate::metrics::{Sample, elements_of, policies_of};
use crate::status::{Done, PlanSize, Status, seconds, utc_of};

/// The answer to who asks too early.
const UNHEARD: &str = "the agent waits for its first state: its source says nothing yet";

impl<K: Kernel> Agent<K> {
    pub(super) fn dump(&self) -> Dump {
        match &self.state {
            State::Following(enforcer) => Dump::of(enforcer.live()),
            State::Waiting(_) => Dump::default(),
        }
    }

    pub(super) fn sample(&self) -> Sample {
        let enforcer = match &self.state {
            State::Following(enforcer) => Some(enforcer.live()),
            State::Waiting(_) => None,
        };
        Sample {
            status: self.status(),
            census: enforcer.map(|live| live.engine().census()).unwrap_or_default(),
            policies: enforcer.map_or(0, |live| policies_of(live.plan())),
            elements: enforcer.map_or(0, |live| elements_of(live.plan())),
            lag: self.lag(),
            latency: self.latency.clone(),
            age: self.age.clone(),
            refusals: self.refusals.clone(),
        }
    }

    pub(super) fn about_policy(&self, name: &NamespacedName) -> Result<PolicyStatus, String> {
        let enforcer = self.following()?;
        let standing = self.standing(enforcer, &[ObjectKey::Policy(name.clone())]);
        about::policy(enforcer.live().engine(), standing, name)
            .ok_or_else(|| format!("the agent of node {} knows no policy {name}", self.node))
    }

    pub(super) fn about_pod(&self, name: &NamespacedName) -> Result<PodStatus, String> {
        let enforcer = self.following()?;
        let of = [ObjectKey::Pod(name.clone()), ObjectKey::Namespace(name.namespace.clone())];
        let asked = (name, self.told.knows(name));
        about::pod(enforcer.live(), self.standing(enforcer, &of), asked, &self.seen.outlook.bypasses)
            .ok_or_else(|| format!("the agent of node {} knows no pod {name}", self.node))
    }

    pub(super) fn compare(&mut self, asked: &Question) -> Result<Comparisons, String> {
        let enforcer = self.following()?;
        let refused: Vec<ObjectKey> = enforcer.refused().keys().cloned().collect();
        let standing = self.standing(enforcer, &refused);
        let State::Following(enforcer) = &mut self.state else { return Err(UNHEARD.into()) };
        let (live, kernel) = enforcer.parts();
        let plan = live.plan();
        let mut trace = |packet: &Opening| kernel.trace(packet, plan);
        about::compare((live.engine(), plan), standing, (asked, &self.log), &mut trace)
    }

    fn following(&self) -> Result<&Enforcer<K>, String> {
        match &self.state {
            State::Following(enforcer) => Ok(enforcer),
            State::Waiting(_) => Err(UNHEARD.into()),
        }
    }

    /// How the agent stands to some objects.
    fn standing(&self, enforcer: &Enforcer<K>, objects: &[ObjectKey]) -> Standing {
        let refused = enforcer.refused().iter().map(|(key, refused)| (key, &refused.error));
        let closed = self.unclear.iter().chain(refused).filter(|(key, _)| objects.contains(key));
        Standing {
            node: self.node.clone(),
            as_of: self.as_of.map(|moment| utc_of(self.date(moment))),
            behind: enforcer.behind().map(|behind| behind.error.clone()),
            lag_milliseconds: self.lag().as_millis().try_into().unwrap_or(u64::MAX),
            refused: closed.map(|(key, why)| (key.to_string(), why.clone())).collect(),
        }
    }

    /// How long the oldest change waits.
    fn lag(&self) -> Duration {
        self.heard.first().map_or(Duration::ZERO, |(heard, _)| heard.elapsed())
    }

    pub(super) fn status(&self) -> Status {
        let enforcer = match &self.state {
            State::Following(enforcer) => Some(enforcer),
            State::Waiting(_) => None,
        };
        let refused = enforcer.map(|enforcer| enforcer.refused()).into_iter().flatten();
        let refused = refused.map(|(key, refused)| (key, &refused.error));
        let counts = enforcer.map(|enforcer| enforcer.counts()).unwrap_or_default();
        Status {
            node: self.node.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            ready: self.deaf.is_empty()
                && self.seen.outlook.bypasses.is_empty()
                && enforcer.is_some_and(|enforcer| enforcer.behind().is_none()),
            since: self.date(self.since),
            as_of: self.as_of.map(|moment| self.date(moment)),
            unreadable: self.unreadable.clone(),
            behind: enforcer.and_then(|enforcer| Some(enforcer.behind()?.error.clone())),
            deaf: self.deaf.iter().map(|(what, why)| (what.to_string(), why.clone())).collect(),
            checked: self.resync.last.map(|moment| self.date(moment)),
            unwritten: self.unwritten(),
            unserved: self.unserved.clone(),
            refused: self
                .unclear
                .iter()
                .chain(refused)
                .map(|(key, why)| (key.to_string(), why.clone()))
                .collect(),
            not_enforced: self.seen.outlook.bypasses.clone(),
            suspicions: self.seen.outlook.suspicions.clone(),
            stated_twice: self.stated_twice.clone(),
            open_at_first: self
                .open_at_first
                .then(|| open_at_first(enforcer.map(|enforcer| enforcer.live().plan()))),
            addressless: enforcer.map_or_else(Vec::new, |enforcer| addressless(enforcer.live().plan())),
            unlinked: enforcer.map_or_else(Vec::new, |enforcer| unlinked(enforcer.live().plan())),
            plan: enforcer.map_or_else(PlanSize::default, |enforcer| size(enforcer.live().plan())),
            done: self.done(counts),
        }
    }

    fn done(&self, counts: Counts) -> Done {
        Done {
            switches: counts.switches,
            errors: counts.errors,
            rejudged: counts.rejudged,
            drifts: self.drifts,
            checks: self.resync.checks,
            unchecked: self.resync.failures,
            refused: self.refused,
            untold: self.untold + self.log.lost(),
        }
    }
}

impl<K> Agent<K> {
    /// Seconds since 1970.
    fn date(&self, moment: Instant) -> u64 {
        seconds(self.calendar.date(moment))
    }

    fn unwritten(&self) -> BTreeMap<String, String> {
        let files =
            [("flow records", self.log.unwritten()), ("links for the next agent", self.told.unwritten())];
        files.into_iter().filter_map(|(what, why)| Some((what.to_owned(), why?))).collect()
    }
}

/// Why pods are open at first, and the mend, which names the ranges of this node where they are known.
fn open_at_first(plan: Option<&NodePlan>) -> String {
    let ranges: Vec<String> =
        plan.iter().flat_map(|plan| &plan.local_ranges).map(ToString::to_string).collect();
    let known = if ranges.is_empty() { String::new() } else { format!(": [{}]", ranges.join(", ")) };
    let since = if plan.is_some() { "after a boot " } else { "" };
    format!(
        "{since}pods are open until the first state is enforced: nothing says which they are\n\
         {:19}mend: set pod-ranges{known}, or pod-interfaces: [cni0] or what leads to pods here",
        ""
    )
}

/// The pods that have no address.
fn addressless(plan: &NodePlan) -> Vec<String> {
    let without = plan.pods.iter().filter(|(_, pod)| pod.addresses.is_empty());
    without.map(|(pod, _)| pod.to_string()).collect()
}

/// The pods whose link is not known.
fn unlinked(plan: &NodePlan) -> Vec<String> {
    let without = plan.pods.iter().filter(|(_, pod)| pod.link.is_none() && !pod.addresses.is_empty());
    without.map(|(pod, _)| pod.to_string()).collect()
}

fn size(plan: &NodePlan) -> PlanSize {
    PlanSize {
        pods: plan.pods.len(),
        linked: plan.pods.values().filter(|pod| pod.link.is_some()).count(),
        programs: plan.programs.len(),
        unions: plan.unions.len(),
        known: plan.known.len(),
    }
}
