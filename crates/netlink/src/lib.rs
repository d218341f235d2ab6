//! Netlink: nftables transactions, connection tracking entries and NFLOG; links and routes, to read.
//!
//! This crate speaks the kernel's wire formats and nothing else: it knows no policy, pod or plan. It blocks, starts no thread and
//! runs no program. Every socket belongs to the network namespace of the thread that opens it, for its whole life.
//!
//! Start reading at [`nft::Nftables`] (transactions and dumps) with [`nft::Batch`] and [`nft::Rule`]; then [`conntrack::Conntrack`]
//! and [`nflog::Receiver`]; [`route::Routing`] reads links and routes. The shared codec is in `wire` (attributes), `message` (headers) and `socket`.

pub mod conntrack;
mod error;
pub mod headers;
mod message;
pub mod nflog;
pub mod nft;
pub mod route;
mod socket;
mod wire;

pub use error::{Error, Refusal};
pub use nix::errno::Errno;
