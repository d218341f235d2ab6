//! Pods, nodes, services and an outside world as network namespaces, with real servers and real probes.
//!
//! Read `sandbox` (how a process gets a private network without root), then `topology` (the geography), `serve` and `probe`
//! (who answers, who asks), `dns` and `services` (names and cluster addresses). Nothing here knows policies.

pub mod dns;
mod exchange;
mod limits;
pub mod netns;
pub mod probe;
mod rtnl;
pub mod sandbox;
mod sctp;
pub mod serve;
pub mod services;
mod sockets;
pub mod sysctl;
pub mod topology;
mod wire;

pub use rtnl::RtnlError;
pub use sockets::Transport;
