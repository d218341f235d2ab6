//! The node agent: keeps the kernel of one node at what the engine says, and says what it did.
//!
//! Everything is heard by one loop ([`Agent`]), which alone owns engine, plan and kernel ([`Enforcer`]). Sources of objects,
//! the local socket and whoever watches the kernel are threads that send it messages; none of them decides anything. Start
//! with [`run()`].

pub mod about;
mod agent;
mod behind;
mod calendar;
pub mod cni;
pub mod config;
pub mod doctor;
mod dump;
mod enforcer;
pub mod flow;
mod guard;
mod kernel;
mod lent;
mod links;
mod listener;
pub mod local;
mod lock;
mod log;
mod memory;
mod message;
pub mod metrics;
mod pending;
mod place;
pub mod privileges;
mod progress;
mod resync;
mod run;
mod serve;
mod source;
mod status;
mod threads;
mod unwritten;

pub use agent::Agent;
pub use dump::{Dump, DumpedPod, DumpedProgram, DumpedUnion};
pub use enforcer::{Counts, Enforcer, Refused};
pub use kernel::Kernel;
pub use links::{Bypass, Links, Outlook, Plugged, Surveyed};
pub use lock::LockError;
pub use log::{LogControl, LogLevel};
pub use run::{RunError, Setup, clean_up, run, wait_for_end};
pub use source::Watch;
pub use status::{Done, PlanSize, Status};
