//! Connection tracking entries: read, deleted, marked.
//!
//! [`Conntrack`] is the connection to the kernel, [`Entry`] an entry as it was at the time of the dump, [`Tuple`] what an entry is
//! found by. Message formats are those of `nfnetlink_conntrack.h` and `net/netfilter/nf_conntrack_netlink.c`.

mod client;
mod constants;
mod entry;
mod tuple;

pub use client::{Conntrack, Filter};
pub use entry::{Entry, TcpState};
pub use tuple::{Transport, Tuple};
