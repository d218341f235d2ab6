//! What the engine says, asked in the words of rules. They evaluate nothing themselves.

use podfence_engine::{Outcome, PodId};
use podfence_model::{Direction, Endpoint, Flow, Layer4, NetworkPolicy, Pod};

use super::Context;

impl<'a> Context<'a> {
    /// Whether a direction of a pod is isolated.
    pub(crate) fn is_isolated(&self, pod: PodId, direction: Direction) -> bool {
        !self.engine.isolating(pod, direction).is_empty()
    }

    /// The pod that an end is.
    pub(crate) fn pod(&self, end: &Endpoint) -> Option<&'a Pod> {
        match end {
            Endpoint::Pod { id, .. } => self.world.pods.get(id),
            Endpoint::Node { .. } | Endpoint::Ip(_) => None,
        }
    }

    /// The policies that isolate an end in a direction; none where it is no pod that they can select.
    pub(crate) fn isolating(&self, end: &Endpoint, direction: Direction) -> Vec<&'a NetworkPolicy> {
        let policed = self.pod(end).filter(|pod| pod.is_policed());
        let id = policed.and_then(|pod| self.engine.pod_id(&pod.meta.id));
        let ids = id.map(|id| self.engine.isolating(id, direction)).unwrap_or_default();
        ids.into_iter().map(|id| self.engine.policy(id)).collect()
    }

    /// What becomes of a connection between two pods; `None` where it cannot be asked (no common family).
    pub(crate) fn between(&self, from: &Pod, to: &Pod, layer4: Layer4) -> Option<Outcome> {
        let end = |pod: &Pod| Endpoint::Pod { id: pod.meta.id.clone(), address: None };
        self.outcome(end(from), end(to), layer4)
    }

    /// What becomes of a connection between two ends; `None` where it cannot be asked.
    pub(crate) fn outcome(&self, source: Endpoint, destination: Endpoint, layer4: Layer4) -> Option<Outcome> {
        Some(self.engine.answer(&Flow { source, destination, layer4 }).ok()?.outcome)
    }

    /// What a pod's own policies say of a connection that it opens; `None` where it cannot be asked.
    pub(crate) fn let_out(&self, from: &Pod, destination: Endpoint, layer4: Layer4) -> Option<Outcome> {
        let source = Endpoint::Pod { id: from.meta.id.clone(), address: None };
        let answer = self.engine.answer(&Flow { source, destination, layer4 }).ok()?;
        Some(answer.egress.map_or(Outcome::Allowed, |side| side.outcome))
    }
}
