//! Facts about a cluster that no manifest of Kubernetes states. They are told, by a small file or by who reads a live cluster,
//! and never guessed.

use std::net::IpAddr;

use crate::net::Cidr;

/// What answers the cluster's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DnsKind {
    /// Pods `k8s-app=kube-dns` in `kube-system` that listen on port 53.
    CoreDns,
    /// Pods `dns.operator.openshift.io/daemonset-dns=default` in `openshift-dns` that listen on port 5353.
    OpenShift,
    /// No pods: the metadata server 169.254.169.254 answers (Cloud DNS for GKE).
    GkeCloudDns,
}

/// What is known of a cluster beside its objects. Empty lists and `None` mean that nobody has said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClusterFacts {
    /// The ranges of Services' virtual addresses.
    pub service_ranges: Vec<Cidr>,
    /// The ranges of nodes' addresses.
    pub node_ranges: Vec<Cidr>,
    /// What answers names.
    pub dns: Option<DnsKind>,
    /// The addresses of a DNS cache on every node, which pods ask instead of the Service (usually 169.254.20.10).
    pub node_local_dns: Vec<IpAddr>,
    /// The addresses of the API servers themselves, not of the Service before them.
    pub api_servers: Vec<IpAddr>,
    /// The network plugin, in small letters: `calico`, `cilium`, `flannel` and so on.
    pub cni: Option<String>,
    /// The input states every object of the cluster, so that what is not in it does not exist.
    pub complete: bool,
}
