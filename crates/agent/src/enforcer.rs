//! The one owner of engine, plan and kernel: follows changes, each batch in one transaction.
//!
//! When the kernel refuses a batch, the state before stays enforced. The batch is tried once more as a whole plan; then it
//! is taken back and, if the kernel takes the plan before it, halved until the objects at fault are found. Such an object is
//! replaced by its closed form, so that the others go in and its pods fail closed, and is tried again later. If the kernel
//! does not even take the plan before, no object is at fault: all stays as it was, and the whole is tried again later,
//! with whatever has come by then.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::{Duration, Instant};

use podfence_dataplane_nft::{DataplaneError, Difference};
use podfence_engine::Engine;
use podfence_model::{
    Addresses, Change, Namespace, NamespacedName, NetworkPolicy, Object, ObjectKey, Pod, World,
};
use podfence_plan::{Delta, Journal, Link, LivePlan};

use crate::kernel::Kernel;
use crate::links::Links;

/// Between two tries of what the kernel refused: doubled each time, up to the longest.
const FIRST_WAIT: Duration = Duration::from_millis(250);
/// For an object, whose fault it is.
pub const LONGEST_OF_OBJECT: Duration = Duration::from_mins(1);
/// For the whole plan, which nobody can mend but the kernel.
const LONGEST_OF_PLAN: Duration = Duration::from_secs(5);

/// Something the kernel refused, and when it is tried again.
#[derive(Debug, Clone)]
pub struct Refused {
    /// What was to happen; `None` for the plan as a whole.
    pub change: Option<Change>,
    /// What the kernel said last.
    pub error: String,
    /// When it is tried again.
    pub next: Instant,
    wait: Duration,
}

impl Refused {
    fn new(
        change: Option<Change>,
        error: &DataplaneError,
        (before, longest): (Option<&Self>, Duration),
    ) -> Self {
        let longest = if change.is_some() { longest } else { longest.min(LONGEST_OF_PLAN) };
        let wait = before.map_or(FIRST_WAIT, |before| (before.wait * 2).min(longest));
        Self { change, error: error.to_string(), next: Instant::now() + wait, wait }
    }
}

/// Counts of what was done since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Transactions that switched.
    pub switches: u64,
    /// Transactions that the kernel refused.
    pub errors: u64,
    /// Switches after which open connections were judged again.
    pub rejudged: u64,
}

/// Keeps a kernel at what an engine says of one node.
#[derive(Debug)]
pub struct Enforcer<K> {
    kernel: K,
    live: LivePlan,
    links: Links,
    /// Objects that are enforced in their closed form, or not yet gone.
    refused: BTreeMap<ObjectKey, Refused>,
    /// Changes that are in the plan and that the kernel has not taken yet, each with what takes it back.
    unproven: Vec<(Change, Change)>,
    /// Set while the kernel is not at the plan.
    behind: Option<Refused>,
    /// Between two tries of an object, at most.
    longest: Duration,
    counts: Counts,
}

impl<K: Kernel> Enforcer<K> {
    /// Brings the kernel to what a world says, in one transaction whatever was enforced before. If the kernel refuses that,
    /// to the same world with all policies closed, which then open one by one.
    pub fn begin(mut kernel: K, world: &World, node: &str, links: Links) -> Self {
        let known =
            world.pods.values().filter_map(|pod| Some((pod.meta.id.clone(), links.of(pod)?))).collect();
        kernel.distrust(); // whatever it has, closed pods for instance, is not this plan
        let mut enforcer = Self {
            kernel,
            live: LivePlan::new(Engine::new(world), node, known),
            links,
            refused: BTreeMap::new(),
            unproven: Vec::new(),
            behind: None,
            longest: LONGEST_OF_OBJECT,
            counts: Counts::default(),
        };
        if let Err(error) = enforcer.commit(&Delta::default()) {
            tracing::warn!(%error, "the kernel refuses the first state");
            let policies = world.policies.values().cloned();
            let policies: Vec<Change> =
                policies.map(|policy| Change::Put(Object::Policy(Box::new(policy)))).collect();
            enforcer.advance(policies.iter().filter_map(closed_form));
            enforcer.follow(policies);
        }
        enforcer
    }

    /// Waits no longer than this between two tries of an object that the kernel refuses.
    pub fn wait_at_most(&mut self, longest: Duration) {
        self.longest = longest;
    }

    /// The plan that the kernel is kept at, with refused objects in their closed form.
    pub fn live(&self) -> &LivePlan {
        &self.live
    }

    /// What was done since the start.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// The objects that the kernel refuses.
    pub fn refused(&self) -> &BTreeMap<ObjectKey, Refused> {
        &self.refused
    }

    /// Set while the kernel is not at the plan: why, and when it is tried again.
    pub fn behind(&self) -> Option<&Refused> {
        self.behind.as_ref()
    }

    /// When something has to be tried again.
    pub fn next_try(&self) -> Option<Instant> {
        self.refused.values().chain(&self.behind).map(|refused| refused.next).min()
    }

    /// Follows changes, all in one transaction if the kernel takes it.
    pub fn follow(&mut self, changes: Vec<Change>) {
        self.refused.retain(|key, refused| {
            let other = |change: &Change| change.key() == *key && Some(change) != refused.change.as_ref();
            !changes.iter().any(other)
        });
        let delta = self.enter(changes);
        if self.behind.is_none() {
            self.attempt(&delta);
        }
    }

    /// Learns the host's end of a pod's link.
    pub fn link(&mut self, pod: NamespacedName, link: Link) {
        self.links.told.insert(pod.clone(), link);
        self.refresh([pod]);
    }

    /// Forgets the host's end of a pod's link.
    pub fn unlink(&mut self, pod: NamespacedName) {
        if self.links.told.remove(&pod).is_some() {
            self.refresh([pod]);
        }
    }

    /// Learns where pods were found, by address, in place of what was found before.
    pub fn find(&mut self, found: BTreeMap<IpAddr, Link>) {
        let before = std::mem::replace(&mut self.links.found, found);
        let now = &self.links.found;
        let changed =
            now.keys().chain(before.keys()).filter(|address| now.get(address) != before.get(address));
        let engine = self.live.engine();
        let pods = changed.filter_map(|address| Some(engine.pod(engine.pod_with_address(*address)?)));
        let pods: BTreeSet<NamespacedName> = pods.map(|pod| pod.meta.id.clone()).collect();
        if !pods.is_empty() {
            self.refresh(pods);
        }
    }

    /// Tries again what is due at a moment.
    pub fn retry(&mut self, moment: Instant) {
        if self.behind.as_ref().is_some_and(|behind| behind.next <= moment) {
            self.attempt(&Delta::default());
        }
        let due = self.refused.values().filter(|refused| refused.next <= moment);
        let due: Vec<Change> = due.filter_map(|refused| refused.change.clone()).collect();
        for change in due {
            self.follow(vec![change]);
        }
    }

    /// Brings the kernel back to the plan after somebody else has touched our tables.
    pub fn heal(&mut self) {
        self.kernel.distrust();
        self.attempt(&Delta::default());
    }

    /// Compares the kernel with the plan and brings it back if it differs; where it did is returned. While the kernel is not at
    /// the plan anyway nothing is compared.
    ///
    /// # Errors
    /// When the kernel could not be read. Nothing is changed then.
    pub fn check(&mut self) -> Result<Option<Difference>, DataplaneError> {
        if self.behind.is_some() {
            return Ok(None);
        }
        let difference = self.kernel.verify(self.live.plan())?;
        if difference.is_some() {
            self.heal();
        }
        Ok(difference)
    }

    /// The dataplane, for questions.
    pub fn kernel(&mut self) -> &mut K {
        &mut self.kernel
    }

    /// The plan and the dataplane, for questions that need both.
    pub fn parts(&mut self) -> (&LivePlan, &mut K) {
        (&self.live, &mut self.kernel)
    }

    fn refresh(&mut self, pods: impl IntoIterator<Item = NamespacedName>) {
        let changes = pods.into_iter().filter_map(|pod| self.said(&ObjectKey::Pod(pod))).collect();
        self.follow(changes);
    }

    /// What was said last of an object, even if the kernel refuses it.
    pub fn said(&self, key: &ObjectKey) -> Option<Change> {
        let refused = self.refused.get(key).and_then(|refused| refused.change.clone());
        refused.or_else(|| self.live.engine().object(key).map(Change::Put))
    }

    /// Takes changes into the plan, and notes how to take them back.
    fn enter(&mut self, changes: Vec<Change>) -> Delta {
        let undo: Vec<Change> = changes.iter().map(|change| self.undoing(change)).collect();
        let delta = self.advance(changes.iter().cloned());
        self.unproven.extend(changes.into_iter().zip(undo));
        delta
    }

    /// Brings the kernel to the plan, or finds out what it refuses.
    fn attempt(&mut self, delta: &Delta) {
        let Err(error) = self.commit_stubbornly(delta) else { return self.succeed() };
        tracing::warn!(%error, objects = self.unproven.len(), "the kernel refuses a transaction");
        let unproven = std::mem::take(&mut self.unproven);
        self.advance(unproven.iter().rev().map(|(_, undo)| undo.clone()));
        let changes = unproven.into_iter().map(|(change, _)| change).collect();
        match self.commit(&Delta::default()) {
            Ok(()) => {
                self.behind = None;
                self.find_culprits(changes, &error);
            }
            Err(error) => {
                self.enter(changes);
                self.fall_behind(&error);
            }
        }
    }

    /// The kernel is at the plan.
    fn succeed(&mut self) {
        self.behind = None;
        for (change, _) in self.unproven.drain(..) {
            self.refused.remove(&change.key());
        }
    }

    fn fall_behind(&mut self, error: &DataplaneError) {
        tracing::error!(%error, "the kernel takes no plan; what was enforced before still is");
        self.kernel.distrust();
        self.behind = Some(Refused::new(None, error, (self.behind.as_ref(), self.longest)));
    }

    /// Takes changes into the plan.
    fn advance(&mut self, changes: impl IntoIterator<Item = Change>) -> Delta {
        let mut journal = Journal::default();
        for change in changes {
            journal.push(self.live.follow(change, |pod| self.links.of(pod)));
        }
        journal.finish(self.live.plan())
    }

    fn commit(&mut self, delta: &Delta) -> Result<(), DataplaneError> {
        match self.kernel.apply(delta, self.live.plan()) {
            Ok(enforced) => {
                self.counts.switches += u64::from(enforced.operations > 0);
                self.counts.rejudged += u64::from(enforced.rejudged);
                Ok(())
            }
            Err(error) => {
                self.counts.errors += 1;
                Err(error)
            }
        }
    }

    /// Commits a delta, or, when the kernel refuses it, the whole plan.
    fn commit_stubbornly(&mut self, delta: &Delta) -> Result<(), DataplaneError> {
        self.commit(delta).or_else(|_| self.commit(&Delta::default()))
    }

    /// Finds out which of the changes the kernel refuses, by halves.
    fn find_culprits(&mut self, mut changes: Vec<Change>, error: &DataplaneError) {
        if changes.len() > 1 {
            let rest = changes.split_off(changes.len() / 2);
            self.follow(changes);
            self.follow(rest);
        } else if let Some(change) = changes.pop() {
            self.isolate(change, error);
        }
    }

    /// Enforces the closed form of an object that the kernel refuses.
    fn isolate(&mut self, change: Change, error: &DataplaneError) {
        let key = change.key();
        tracing::error!(object = %key, %error, "the kernel refuses this object; it is enforced closed");
        if let Some(closed) = closed_form(&change) {
            let undo = self.undoing(&closed);
            let delta = self.advance([closed]);
            if self.commit_stubbornly(&delta).is_err() {
                self.advance([undo]);
                self.attempt(&Delta::default());
            }
        }
        let refused = Refused::new(Some(change), error, (self.refused.get(&key), self.longest));
        self.refused.insert(key, refused);
    }

    /// What takes a change back.
    fn undoing(&self, change: &Change) -> Change {
        let key = change.key();
        self.live.engine().object(&key).map_or(Change::Remove(key), Change::Put)
    }
}

/// An object as it is enforced while the kernel refuses it: nothing is allowed by it, and nothing to or from it. `None` where
/// leaving things as they are is that already.
fn closed_form(change: &Change) -> Option<Change> {
    let Change::Put(object) = change else { return None };
    let closed = match object {
        Object::Policy(policy) => Object::Policy(Box::new(NetworkPolicy {
            ingress: Vec::new(),
            egress: Vec::new(),
            ..(**policy).clone()
        })),
        // Its address is then one that no known pod has, which talks to nobody.
        Object::Pod(pod) => Object::Pod(Box::new(Pod { addresses: Addresses::NotYet, ..(**pod).clone() })),
        Object::Namespace(namespace) => Object::Namespace(Namespace::implied(&namespace.name)),
        Object::Node(_) | Object::Service(_) => return None,
    };
    Some(Change::Put(closed))
}
