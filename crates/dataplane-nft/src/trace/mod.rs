//! What becomes of one packet in the tables that the kernel holds now, told step by step.
//!
//! No packet is sent. The packet that opens a connection is led through the chains as the kernel would lead it: a chain counts
//! only if the kernel lists just the rules that were written, whose operands are known here, and every set is asked in the
//! kernel for the one key that matters. So the answer is that of the tables, whoever has written to them, and costs the same
//! on a node of any size. Not led through is the source check of bridge ports, a table of its own.

mod follow;
mod opening;
mod registers;

pub(crate) use self::follow::follow;
pub use self::opening::{Hop, Opening};
use crate::refusal::Refusal;
use crate::verify::Difference;

/// The way of a packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// The chains it came to, in order.
    pub steps: Vec<Step>,
    /// What became of it.
    pub end: End,
}

/// A chain that the packet came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its name.
    pub chain: String,
    /// What it says of itself: of a program its policies.
    pub about: Option<String>,
    /// The sets that were asked, in order.
    pub asked: Vec<Asked>,
}

/// A set or map that was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Its name.
    pub set: String,
    /// Whether the packet's key is in it.
    pub holds: bool,
}

/// What became of a packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// Nothing of ours holds it up.
    Passed,
    /// It is dropped.
    Dropped {
        /// Why; `None` for what is dropped in silence.
        why: Option<Refusal>,
        /// How many packets, of any connection, were dropped by the same rule since it was written.
        counted: u64,
    },
    /// The tables are not as they were written, so that nobody can say.
    Altered(Difference),
}
