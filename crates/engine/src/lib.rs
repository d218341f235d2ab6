//! Who may talk to whom: model values in, verdicts and traces out.
//!
//! The engine never works on pods one by one. It cuts all addresses into *peer classes*, the coarsest parts
//! that the active selectors and blocks respect (`class`), cuts ports per program (`compile`), and shares
//! *programs* between pods and *unions* of classes between programs. [`Engine::answer`] walks the rules of one
//! flow over the same classes and keeps the trace; [`Engine::compile`] is what a dataplane enforces. Both rest
//! on one signature per class, and a property test holds them to each other.
//!
//! No I/O, no clock, no panic on any world. Start with [`Engine`] and [`Answer`].

mod answer;
mod atoms;
mod blocks;
mod census;
mod class;
mod compile;
mod event;
mod ids;
mod index;
mod miss;
mod peers;
mod pod_names;
mod policies;
mod ports;
mod residents;
mod resolve;
mod truth;
mod walk;

pub use answer::{
    Always, Answer, Fact, FlowError, NearestMiss, Outcome, RuleRef, Side, Tier, TierEnd, TierTrace,
};
pub use blocks::AddressRange;
pub use census::Census;
pub use class::{Class, ClassKind, Member};
pub use compile::{Compiled, PortRow, Program, Reading, Stale, Union};
pub use event::Move;
pub use ids::{ClassId, PodId, PolicyId, ProgramId, UnionId};
pub use index::Engine;
pub use miss::{Hint, Miss, PeerMiss, PortMiss};
pub use peers::Peers;
pub use resolve::Party;
