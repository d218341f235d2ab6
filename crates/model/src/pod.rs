//! Pods, as far as the network sees them.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::meta::{Meta, ObjectRef};
use crate::net::{Family, Port, Protocol};
use crate::shared::{Pool, Shared};

/// A container port: `spec.containers[].ports[]`, sidecar init containers included.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContainerPort {
    /// `name`, if any.
    pub name: Option<String>,
    /// `protocol`, TCP by default.
    pub protocol: Protocol,
    /// `containerPort`.
    pub number: Port,
}

/// What is known of a pod's addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Addresses {
    /// The pod runs and has these addresses, at most one a family; never empty.
    Known(Vec<IpAddr>),
    /// The pod comes from a manifest: it will have addresses, but nobody knows them yet.
    Unstated,
    /// The pod exists in a cluster but has no address yet: a subject, and nobody's peer.
    NotYet,
}

/// Where a pod is in its life, as far as policies care.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// Pending or running.
    Present,
    /// Being deleted: still subject and peer until it is gone.
    Terminating,
    /// Phase Succeeded or Failed: gone, its addresses free for others.
    Finished,
}

/// What pods have alike, kept once for all of them: a workload's pods differ in names and addresses only.
#[derive(Debug, Default)]
pub struct Alike {
    labels: Pool<BTreeMap<String, String>>,
    ports: Pool<Vec<ContainerPort>>,
}

impl Alike {
    /// Lets a pod hold what others have too together with them.
    pub fn share(&mut self, pod: &mut Pod) {
        pod.meta.labels = self.labels.share(pod.meta.labels.clone());
        pod.ports = self.ports.share(pod.ports.clone());
    }
}

/// A pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pod {
    /// Name, labels and origin.
    pub meta: Meta,
    /// The workload that makes it, if known.
    pub workload: Option<ObjectRef>,
    /// `spec.nodeName`.
    pub node: Option<String>,
    /// `status.podIPs`.
    pub addresses: Addresses,
    /// `spec.hostNetwork`: the pod's traffic is its node's.
    pub host_network: bool,
    /// Present, terminating or finished.
    pub life: Life,
    /// Whether Services send to it: the Ready condition; true when read from a manifest.
    pub ready: bool,
    /// Declared ports of all containers.
    pub ports: Shared<Vec<ContainerPort>>,
}

impl Pod {
    /// Whether policies can select it, as subject or as peer.
    pub fn is_policed(&self) -> bool {
        !self.host_network && self.life != Life::Finished
    }

    /// Its known addresses; empty when none is known.
    pub fn ips(&self) -> &[IpAddr] {
        match &self.addresses {
            Addresses::Known(ips) => ips,
            Addresses::Unstated | Addresses::NotYet => &[],
        }
    }

    /// Its address of a family, if known.
    pub fn ip(&self, family: Family) -> Option<IpAddr> {
        self.ips().iter().copied().find(|ip| Family::of(*ip) == family)
    }

    /// The numbers it gives to a named port; several containers may use the name.
    pub fn named_port<'a>(&'a self, name: &'a str, protocol: Protocol) -> impl Iterator<Item = Port> + 'a {
        self.ports
            .iter()
            .filter(move |p| p.protocol == protocol && p.name.as_deref() == Some(name))
            .map(|p| p.number)
    }
}
