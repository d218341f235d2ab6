//! What one node must enforce, free of any dataplane: local pods, their programs, and the unions of peers.
//!
//! A [`NodePlan`] is made from the engine and compared with the one before by [`diff`]; a dataplane turns the
//! [`Delta`] into one transaction. Keys are canonical texts, so the same policies give the same keys in every
//! plan and on every node. How the kernel is told belongs to the dataplanes.
//!
//! Start with [`NodePlan::build`]; [`LivePlan`] follows pod events without looking at all pods again.

mod diff;
mod journal;
mod live;
mod narrow;
mod node;
mod roster;

pub use diff::{Change, Delta, MemberChange, diff};
pub use journal::Journal;
pub use live::LivePlan;
pub use narrow::narrows;
pub use node::{Link, LocalPod, NodePlan, PortRow, ProgramKey, ProgramPlan, UnionKey, UnionPlan};
