//! What the agent asks of a dataplane. Tests put one in its place that refuses what they say.

use podfence_dataplane_nft::{Dataplane, DataplaneError, Difference, Enforced, Opening, Trace};
use podfence_plan::{Delta, NodePlan};

/// Something that enforces plans, each in one transaction.
pub trait Kernel {
    /// Brings what is enforced by `delta` to `plan`. After an error the state before stays enforced, and the next call builds
    /// `plan` whole, whatever its delta.
    fn apply(&mut self, delta: &Delta, plan: &NodePlan) -> Result<Enforced, DataplaneError>;

    /// Forgets what it believes to be enforced: the next call of [`Self::apply`] builds its plan whole.
    fn distrust(&mut self);

    /// The first place where what is enforced is not `plan`, which must be the one enforced last.
    fn verify(&mut self, plan: &NodePlan) -> Result<Option<Difference>, DataplaneError>;

    /// What becomes of a packet in what is enforced; `plan` must be the one enforced last.
    fn trace(&mut self, packet: &Opening, plan: &NodePlan) -> Result<Trace, DataplaneError>;
}

impl Kernel for Dataplane {
    fn apply(&mut self, delta: &Delta, plan: &NodePlan) -> Result<Enforced, DataplaneError> {
        Self::apply(self, delta, plan)
    }

    fn distrust(&mut self) {
        Self::distrust(self);
    }

    fn verify(&mut self, plan: &NodePlan) -> Result<Option<Difference>, DataplaneError> {
        Self::verify(self, plan)
    }

    fn trace(&mut self, packet: &Opening, plan: &NodePlan) -> Result<Trace, DataplaneError> {
        Self::trace(self, packet, plan)
    }
}
