//! Plans as atomic nftables transactions on our own table.
//!
//! One inet table holds everything. `frame` is what is always there, the base chains, and `judge` how they judge a
//! connection; `pod_set` is the sets of pods. `union` and `program` render what a plan adds, `pod` the elements that bind
//! pods to programs. [`Dataplane::apply`] turns what leads from one plan to the next into one transaction: all of it
//! takes effect, or nothing does and the state before stays enforced; [`Dataplane::enforce`] finds out by itself what
//! differs. Foreign tables are never touched or matched.
//!
//! The netlink codec belongs to `podfence-netlink`, what to enforce to `podfence-plan`.

mod apply;
mod bridge;
mod error;
mod fields;
mod frame;
mod generation;
mod judge;
mod ledger;
mod members;
mod names;
mod pod;
mod pod_interface;
mod pod_set;
mod prelude;
mod program;
mod refusal;
mod room;
mod settings;
mod sweep;
mod touch;
mod trace;
mod transaction;
mod union;
mod verify;

pub use apply::{Dataplane, Enforced};
pub use error::DataplaneError;
pub use pod_interface::{BadInterface, PodInterface};
pub use refusal::{Refusal, is_admission};
pub use settings::{Admissions, Settings};
pub use touch::{Touch, Touches};
pub use trace::{Asked, End, Hop, Opening, Step, Trace};
pub use verify::Difference;
