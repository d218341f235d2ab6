//! Why packets were dropped: what the kernel logs, folded, explained by the engine that made the rules, and written down.
//!
//! The kernel logs each refused packet to an NFLOG group. A thread of its own reads them (`watch`), and tells the loop of each
//! kind of refusal once, and again when it has gone on (`fold`), so that a flood costs a look-up a packet and the log is
//! quiet. The loop asks its engine (`record`), and the answers go to whoever reads them (`log`).

mod fold;
mod log;
mod record;
mod refused;
mod rotated;
mod watch;

pub use self::log::Log;
pub(crate) use self::record::record;
pub use self::record::{FlowEnd, FlowRecord};
pub use self::refused::{Noted, Refused};
pub(crate) use self::watch::watch;
