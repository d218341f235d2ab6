//! Pods, nodes, services and an outside world as network namespaces, with real servers and real probes.
//!
//! Two floors. Below: `sandbox` (how a process gets a private network without root), `topology` (the geography), `serve` and
//! `probe` (who answers, who asks), `dns` and `services` (names and cluster addresses); nothing there knows policies. Above:
//! [`place`] fills in what manifests leave to the cluster, [`cluster::Cluster`] builds and enforces it, [`asked`] says what
//! to try, [`check`] compares the kernel with the engine, and [`expect`] both with what a table of verdicts says. Start reading
//! at [`cluster`].

pub mod agents;
pub mod asked;
pub mod changes;
pub mod check;
pub mod clock;
pub mod cluster;
pub mod dns;
pub mod entry_check;
mod exchange;
pub mod expect;
pub mod flows;
mod foreseen;
pub mod ingress;
pub mod inside;
mod limits;
mod memory;
mod named_ports;
pub mod netns;
pub mod objects;
pub mod place;
pub mod probe;
pub mod record;
mod rtnl;
pub mod run;
pub mod sandbox;
pub mod scenario;
mod sctp;
pub mod serve;
pub mod service_check;
pub mod services;
pub mod session;
pub mod setup;
mod sockets;
pub mod sysctl;
pub mod table;
pub mod topology;
pub mod verdict_changes;
mod wire;

pub use rtnl::RtnlError;
pub use sockets::Transport;
