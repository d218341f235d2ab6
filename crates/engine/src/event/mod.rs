//! Objects come, go and change, and the engine follows without looking at all others again.
//!
//! A pod's addresses move from one class to another (`pods`). A policy that names a peer no policy named before parts the
//! classes in which only some belong to that peer (`policies`, `part`); what it names no more goes on to part them, which is
//! finer than need be and right, until [`Engine::renew`] clears it away. A namespace that gets other labels moves its pods
//! (`cluster`). Whoever reads whole worlds is told what is other (`whole`). Nodes cut the address space: when their addresses or ranges change, everything is indexed anew.

mod cluster;
mod part;
mod pods;
mod policies;
mod whole;

#[cfg(doc)]
use crate::index::Engine;
pub use pods::Move;
