//! A live cluster, as objects of the model: its API server read once, or followed. The only crate that knows Kubernetes' client.
//!
//! It decides nothing and writes nothing. What an object means is for `podfence-source`, which reads it as it reads manifests; here is
//! only how to come by it, and how never to lose one: what has gone is told when a list is complete and not before, and what cannot be
//! read is told as such. Start with [`Access`] (which server, as whom) and [`Follower`]; inside, `watch` is the life of one kind and
//! `fold` makes a world and its changes of what all watches tell, without any I/O.

mod access;
mod backoff;
mod failure;
mod fold;
mod follow;
mod hold;
mod kind;
mod line;
mod link;
mod manifest;
mod read;
mod sighting;
mod wanted;
mod watch;

pub use access::{Access, AccessError, Endpoint};
pub use fold::{Event, Told};
pub use follow::{Answer, FollowError, Follower, Wishes};
pub use read::{ReadError, Reading, Text, Unread, read_all};
pub use watch::Patience;
