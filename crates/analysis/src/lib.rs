//! Questions over the engine: what a user means by two names, and what the engine says about them.
//!
//! The engine judges one flow between known ends. This crate finds the flows behind a question: a
//! [`Target`] as typed becomes pods, a Service with its backends, a node or an address ([`resolve`]), and
//! [`explain`] asks the engine about every pair and folds equal answers. [`ask`] takes questions without a port, too. It prints nothing; the words for
//! people are `podfence-report`'s. Start with [`explain`] and [`Explanation`].

mod address_set;
mod alike;
mod ask;
pub mod assumed;
pub mod diff;
mod dns;
pub mod ends;
mod entry;
mod error;
mod every_port;
pub mod expect;
mod explain;
mod explanation;
mod folded;
pub mod graph;
mod idle;
mod ingress;
mod judge;
pub mod matrix;
pub mod mend;
mod newcomers;
mod notes;
pub mod overview;
pub mod parallel;
mod port;
mod portrait;
mod reach;
pub mod resolve;
mod service;
mod service_port;
mod service_ports;
mod target;
mod twins;
mod way;

pub use address_set::AddressSet;
pub use ask::{Reply, ask};
pub use dns::DnsStep;
pub use error::{AskError, Candidates, Suggestions};
pub use every_port::{EveryPort, PairPorts, PortsPart, explain_every_port};
pub use explain::explain;
pub use explanation::{Asked, Explanation, Question, Verdict};
pub use idle::{Idle, WhyIdle, idle_policies};
pub use ingress::{IngressAnswer, IngressRoute, backend_port, controllers, proxy_port, serves};
pub use judge::{Backend, Path};
pub use newcomers::{LabelSets, NewLabels, NewPlace, NewPlaces, NewPod, NewPods};
pub use notes::Note;
pub use port::{AskedProtocol, PortName};
pub use portrait::{Admitted, DnsReach, Peers, Portrait, PortraitSide, Subject, policy_ref, portrait};
pub use service::{LeftOut, ServiceStep, Via, WhyLeftOut, backends, served_at};
pub use service_ports::ServicePorts;
pub use target::{Target, TargetError, What, short_kind};
pub use way::{Front, Passage, Way, node_of, passage};
