//! Where candidates are tried: a world and its engine, in which a policy is changed, asked about, and changed back.
//!
//! Putting a policy into an engine and taking it out again costs a small part of a new engine, so that every candidate can be
//! tried in large worlds, too.

use podfence_engine::Engine;
use podfence_model::{NamespacedName, NetworkPolicy, World};

use super::weigh::{Scales, Weight};
use super::{Candidate, Goal, Merit};
use crate::explain::explain;
use crate::explanation::{Explanation, Question};

/// What candidates are tried on.
pub(super) struct Trial<'a> {
    /// With the changes so far.
    pub world: World,
    engine: Engine,
    question: &'a Question,
    pub goal: Goal,
}

impl<'a> Trial<'a> {
    pub(super) fn new(world: &World, question: &'a Question, goal: Goal) -> Self {
        Self { world: world.clone(), engine: Engine::new(world), question, goal }
    }

    /// The answer as things stand; `None` where the question means nothing.
    pub(super) fn explain(&self) -> Option<Explanation<'_>> {
        explain(&self.world, &self.engine, self.question).ok()
    }

    /// Pairs that still stand against the goal: see [`Goal::left`].
    pub(super) fn left(&self) -> Option<usize> {
        Some(self.goal.left(&self.explain()?))
    }

    /// Enters a policy, and returns the one in whose place it comes.
    pub(super) fn put(&mut self, policy: NetworkPolicy) -> Option<NetworkPolicy> {
        self.engine.put_policy(policy.clone());
        self.world.policies.insert(policy.meta.id.clone(), policy)
    }

    fn remove(&mut self, name: &NamespacedName) {
        self.engine.remove_policy(name);
        self.world.policies.remove(name);
    }

    /// What holds while some policies are others.
    pub(super) fn with<R>(&mut self, policies: Vec<NetworkPolicy>, ask: impl FnOnce(&Self) -> R) -> R {
        let put = |policy: NetworkPolicy| (policy.meta.id.clone(), self.put(policy));
        let before: Vec<_> = policies.into_iter().map(put).collect();
        let answer = ask(self);
        for (name, policy) in before.into_iter().rev() {
            match policy {
                Some(policy) => drop(self.put(policy)),
                None => self.remove(&name),
            }
        }
        answer
    }

    /// The candidates that are good for something, the best first. `helps` says how many pairs a world leaves, where that is
    /// any good.
    pub(super) fn ranked(
        &mut self,
        candidates: Vec<Candidate>,
        helps: impl Fn(&Self) -> Option<usize>,
    ) -> Vec<(Merit, Candidate)> {
        let mut useful: Vec<(usize, Candidate, NetworkPolicy)> = Vec::new();
        for candidate in candidates {
            let Some(policy) = candidate.amendment.amended(&self.world) else { continue };
            if let Some(left) = self.with(vec![policy.clone()], &helps) {
                useful.push((left, candidate, policy));
            }
        }
        // Now the engine tells apart what any of them names, and what is compiled holds for all.
        let mut scales = Scales::new(&self.engine);
        let mut ranked: Vec<(Merit, Candidate)> = Vec::new();
        for (left, candidate, policy) in useful {
            let weight = self.weigh(&mut scales, &candidate, policy);
            ranked.push(((left, self.goal.beside(&candidate.amendment, weight), candidate.cost), candidate));
        }
        ranked.sort_by_key(|(merit, _)| *merit);
        ranked
    }

    fn weigh(&mut self, scales: &mut Scales, candidate: &Candidate, policy: NetworkPolicy) -> Weight {
        let direction = candidate.amendment.direction();
        let was = self.world.policies.get(&policy.meta.id);
        let selected = |pod: &podfence_model::Pod| {
            let takes = |policy: &NetworkPolicy| policy.subject.matches(&pod.meta.labels);
            takes(&policy) || was.is_some_and(takes)
        };
        let here = &policy.meta.id.namespace;
        let pods = self.engine.pod_ids().filter(|id| {
            let pod = self.engine.pod(*id);
            pod.meta.id.namespace == *here && selected(pod)
        });
        let subjects = scales.subjects(pods.collect(), direction);
        let weight = self.with(vec![policy], |trial| scales.weigh(&trial.engine, &subjects, direction));
        scales.restore(&self.engine, &subjects);
        weight
    }
}
