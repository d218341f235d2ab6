//! Workloads: the objects that make pods.

use crate::labels::Labels;
use crate::meta::{Kind, Meta, NamespacedName, ObjectRef, Origin};
use crate::pod::{Addresses, ContainerPort, Life, Pod};
use crate::shared::Shared;

/// How many pods a workload makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Copies {
    /// This many.
    Count(u32),
    /// One on every node (DaemonSet).
    PerNode,
}

/// The network part of a pod template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodTemplate {
    /// Labels of the pods it makes.
    pub labels: Labels,
    /// `spec.nodeName`, or the node that `nodeSelector` names by `kubernetes.io/hostname`.
    pub node: Option<String>,
    /// `spec.hostNetwork`.
    pub host_network: bool,
    /// Declared ports of all containers.
    pub ports: Shared<Vec<ContainerPort>>,
}

/// A Deployment, StatefulSet, DaemonSet, ReplicaSet, ReplicationController, Job, CronJob, or an
/// operator's object that is known to make pods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workload {
    /// Kind and name.
    pub id: ObjectRef,
    /// Where it was read.
    pub origin: Origin,
    /// How many pods.
    pub copies: Copies,
    /// What they look like.
    pub template: PodTemplate,
}

impl Workload {
    /// The pods this workload makes, named `NAME-0`, `NAME-1` and so on: real names are random for
    /// most kinds. Those of an operator's object are named as the operator does: `KIND-NAME-0`. `nodes` says where a DaemonSet's pods are; without nodes it makes one pod.
    pub fn pods(&self, nodes: &[&str]) -> Vec<Pod> {
        match self.copies {
            Copies::Count(n) => (0..n).map(|i| self.pod(i as usize, self.template.node.clone())).collect(),
            Copies::PerNode if nodes.is_empty() => vec![self.pod(0, None)],
            Copies::PerNode => {
                let on = |(i, node): (usize, &&str)| self.pod(i, Some((*node).to_owned()));
                nodes.iter().enumerate().map(on).collect()
            }
        }
    }

    fn pod(&self, index: usize, node: Option<String>) -> Pod {
        let prefix = match &self.id.kind {
            Kind::Other(kind) => format!("{}-", kind.to_lowercase()),
            _ => String::new(),
        };
        let id = NamespacedName::new(&self.id.namespace, format!("{prefix}{}-{index}", self.id.name));
        Pod {
            meta: Meta { id, labels: self.template.labels.clone(), origin: self.origin.clone() },
            workload: Some(self.id.clone()),
            node,
            addresses: Addresses::Unstated,
            host_network: self.template.host_network,
            life: Life::Present,
            ready: true,
            ports: self.template.ports.clone(),
        }
    }
}
