//! Plain values of the Kubernetes network world: what a cluster holds that decides who may talk to whom.
//!
//! Everything here is already valid: a [`Cidr`] is masked, a [`PortRange`] is ordered, a selector operator
//! has the values it needs. Reading text and reporting what is wrong with it belongs to `podfence-source`;
//! deciding anything belongs to `podfence-engine`. No I/O, no YAML, no Kubernetes client.
//!
//! Start with [`World`], then [`NetworkPolicy`] and [`Pod`].

mod caller;
mod change;
mod expectation;
mod facts;
mod flow;
mod ingress;
mod labels;
mod meta;
mod namespace;
mod nearest;
mod net;
mod node;
mod pod;
mod policy;
mod port_set;
mod service;
mod shared;
pub mod words;
mod workload;
mod world;

pub use caller::{Callback, Monitor, MonitorScope};
pub use change::{Change, Object, ObjectKey};
pub use expectation::{Claim, Connections, Exactly, Expectation, Reach, Wanted, Word};
pub use facts::{ClusterFacts, DnsKind};
pub use flow::{Endpoint, Flow, Layer4};
pub use ingress::{Ingress, IngressBackend};
pub use labels::{LabelSelector, Labels, Operator, Requirement};
pub use meta::{Kind, Meta, NamespacedName, ObjectRef, Origin, Place};
pub use namespace::{METADATA_NAME, Namespace};
pub use nearest::nearest;
pub use net::{BlockError, Cidr, CidrError, Family, IpBlock, Port, PortRange, PortRangeError, Protocol};
pub use node::Node;
pub use pod::{Addresses, Alike, ContainerPort, Life, Pod};
pub use policy::{
    Direction, Directions, NamespaceScope, NetworkPolicy, Peer, PeerKind, PortMatch, PortSpec, Rule,
};
pub use port_set::PortSet;
pub use service::{
    EndpointAddress, EndpointPort, EndpointSlice, Service, ServiceAddress, ServicePort, ServiceType,
    SessionAffinity, TargetPort, TrafficPolicy,
};
pub use shared::{Pool, Shared};
pub use workload::{Copies, PodTemplate, Workload};
pub use world::{UnknownObject, World};
