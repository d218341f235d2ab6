//! Services and the EndpointSlices that say who stands behind them.

use std::net::IpAddr;

use crate::labels::Labels;
use crate::meta::Meta;
use crate::net::{Port, Protocol};

/// `spec.type`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServiceType {
    /// `ClusterIP`, the default.
    ClusterIp,
    /// `NodePort`.
    NodePort,
    /// `LoadBalancer`.
    LoadBalancer,
    /// `ExternalName`: a DNS alias of this name, no traffic of its own.
    ExternalName(String),
}

/// `spec.clusterIP`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServiceAddress {
    /// These virtual addresses.
    Ips(Vec<IpAddr>),
    /// `None`: the name resolves to the pods themselves.
    Headless,
    /// From a manifest: the cluster will give it addresses, but nobody knows them yet.
    Unstated,
}

/// `targetPort`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TargetPort {
    /// A number; the Service's own port when absent.
    Number(Port),
    /// A container port's name, resolved by each pod.
    Named(String),
}

/// `spec.ports[]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServicePort {
    /// `name`, if any.
    pub name: Option<String>,
    /// `protocol`, TCP by default.
    pub protocol: Protocol,
    /// `port`.
    pub port: Port,
    /// `targetPort`.
    pub target: TargetPort,
    /// `nodePort`, if any.
    pub node_port: Option<Port>,
}

/// `externalTrafficPolicy` and `internalTrafficPolicy`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TrafficPolicy {
    /// Any backend; the source may be rewritten on the way.
    #[default]
    Cluster,
    /// Only backends on the node that the packet enters.
    Local,
}

/// `sessionAffinity`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SessionAffinity {
    /// None.
    #[default]
    None,
    /// One client address stays with one backend.
    ClientIp,
}

/// A Service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Name, labels and origin.
    pub meta: Meta,
    /// `spec.type`.
    pub kind: ServiceType,
    /// `spec.clusterIP(s)`.
    pub address: ServiceAddress,
    /// `spec.externalIPs`.
    pub external_ips: Vec<IpAddr>,
    /// `status.loadBalancer.ingress[].ip`.
    pub load_balancer_ips: Vec<IpAddr>,
    /// `spec.selector`; `None` when absent or empty: endpoints come from EndpointSlices.
    pub selector: Option<Labels>,
    /// `spec.ports`.
    pub ports: Vec<ServicePort>,
    /// `spec.externalTrafficPolicy`.
    pub external_traffic: TrafficPolicy,
    /// `spec.internalTrafficPolicy`.
    pub internal_traffic: TrafficPolicy,
    /// `spec.sessionAffinity`.
    pub affinity: SessionAffinity,
    /// `spec.publishNotReadyAddresses`.
    pub publish_not_ready: bool,
}

impl Service {
    /// The port of this protocol and number. The API allows a Service only one.
    pub fn port(&self, protocol: Protocol, number: Port) -> Option<&ServicePort> {
        self.ports.iter().find(|port| (port.protocol, port.port) == (protocol, number))
    }
}

/// One endpoint of an EndpointSlice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointAddress {
    /// `addresses`; consumers use the first.
    pub addresses: Vec<IpAddr>,
    /// `conditions.ready`; true when absent.
    pub ready: bool,
    /// `nodeName`.
    pub node: Option<String>,
    /// `targetRef.name` when it names a Pod of the slice's namespace.
    pub pod: Option<String>,
}

/// One port of an EndpointSlice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointPort {
    /// `name`; matches the Service port's.
    pub name: Option<String>,
    /// `protocol`, TCP by default.
    pub protocol: Protocol,
    /// `port`; `None` = every port.
    pub port: Option<Port>,
}

/// An EndpointSlice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointSlice {
    /// Name, labels and origin.
    pub meta: Meta,
    /// The Service it belongs to: label `kubernetes.io/service-name`.
    pub service: Option<String>,
    /// `endpoints`.
    pub endpoints: Vec<EndpointAddress>,
    /// `ports`.
    pub ports: Vec<EndpointPort>,
}
