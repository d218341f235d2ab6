//! Why packets were dropped, and if wished who was admitted: what the kernel logs, folded, explained by the engine that made the
//! rules, and written down.
//!
//! The kernel logs each refused packet to an NFLOG group, and packets that open admitted connections to another. A thread for
//! each reads them (`watch`), and tells the loop of each kind of packets once, and again when it has gone on (`fold`), so that
//! a flood costs a look-up a packet and the log is quiet. The loop asks its engine (`record`), and the answers go to whoever reads them (`log`).

mod fold;
mod kind;
mod log;
mod record;
mod rotated;
mod watch;

pub use self::kind::{Kind, Noted, Why};
pub use self::log::Log;
pub use self::record::{FlowEnd, FlowRecord};
pub(crate) use self::record::{end, miss, outcome, record};

pub(crate) use self::watch::{Heard, watch};
