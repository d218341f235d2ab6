//! Cluster DNS: a server that truly answers, and a client that asks as a pod's resolver does.
//!
//! `zone` holds what names mean and can be replaced while the server runs; `server` answers from it over UDP and TCP; `client` expands
//! names by the search list of resolv.conf, retries, and falls back to TCP. Which names exist is for the caller to say.

mod client;
mod server;
mod zone;

pub use client::{Lookup, RecordKind, Resolution, Resolver};
pub use server::serve;
#[cfg(test)]
pub(crate) use zone::Found;
pub use zone::{NameError, SharedZone, Zone};
