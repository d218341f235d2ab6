//! Plans as atomic nftables transactions on our own table.
//!
//! One inet table holds everything. [`frame`] is what is always there: base chains, the way of a packet, the sets of
//! pods. [`union`] and [`program`] render what a plan adds; `pod` the elements that bind pods to programs.
//! [`Dataplane::enforce`] turns the difference between two plans into one transaction: all of it takes effect, or
//! nothing does and the state before stays enforced. Foreign tables are never touched, never matched.
//!
//! The netlink codec belongs to `podfence-netlink`, what to enforce to `podfence-plan`.

mod apply;
mod error;
mod frame;
mod generation;
mod ledger;
mod names;
mod pod;
mod program;
mod refusal;
mod settings;
mod transaction;
mod union;

pub use apply::{Dataplane, Enforced};
pub use error::DataplaneError;
pub use refusal::Refusal;
pub use settings::Settings;
