//! # Pods ask the DNS cache of their node
//!
//! The cluster runs NodeLocal DNSCache, so pods ask an address of their own node, usually 169.254.20.10. The rules for port 53
//! admit the DNS pods only.
//!
//! ## Why is this bad?
//!
//! The cache runs with `hostNetwork`: no `podSelector` ever means it. Where policies are enforced for its address, no name
//! is resolved.
//!
//! ## Example
//!
//! ```yaml cluster
//! apiVersion: podfence.dev/v1alpha1
//! kind: ClusterFacts
//! nodeLocalDNS: [169.254.20.10]
//! ```
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: dns, namespace: shop}
//! spec:
//!   podSelector: {}
//!   policyTypes: [Egress]
//!   egress:
//!     - to:
//!         - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}
//!           podSelector: {matchLabels: {k8s-app: kube-dns}}
//!       ports:
//!         - {port: 53, protocol: UDP}
//!         - {port: 53, protocol: TCP}
//! ---
//! apiVersion: apps/v1
//! kind: Deployment
//! metadata: {name: web, namespace: shop}
//! spec:
//!   selector: {matchLabels: {app: web}}
//!   template:
//!     metadata: {labels: {app: web}}
//!     spec: {containers: [{name: web, image: web}]}
//! ```
//!
//! ```text
//! error: 1 pod (deploy/web) cannot ask the cache of the node, 169.254.20.10, which answers names here
//!   12:11 not to this address
//!   help: add the peer `169.254.20.10/32`
//! ```
//!
//! Name the address, too:
//!
//! ```yaml fixed
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: dns, namespace: shop}
//! spec:
//!   podSelector: {}
//!   policyTypes: [Egress]
//!   egress:
//!     - to:
//!         - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}
//!           podSelector: {matchLabels: {k8s-app: kube-dns}}
//!         - ipBlock:
//!             cidr: 169.254.20.10/32
//!       ports:
//!         - {port: 53, protocol: UDP}
//!         - {port: 53, protocol: TCP}
//! ---
//! apiVersion: apps/v1
//! kind: Deployment
//! metadata: {name: web, namespace: shop}
//! spec:
//!   selector: {matchLabels: {app: web}}
//!   template:
//!     metadata: {labels: {app: web}}
//!     spec: {containers: [{name: web, image: web}]}
//! ```
//!
//! ```text
//! opened    shop/deploy/web → 169.254.20.10/32 TCP 53; UDP 53
//! ```
//!
//! ## When it is silent
//!
//! Without the fact that the cluster has such a cache.
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: dns, namespace: shop}
//! spec:
//!   podSelector: {}
//!   policyTypes: [Egress]
//!   egress:
//!     - to:
//!         - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}
//!           podSelector: {matchLabels: {k8s-app: kube-dns}}
//!       ports:
//!         - {port: 53, protocol: UDP}
//!         - {port: 53, protocol: TCP}
//! ---
//! apiVersion: apps/v1
//! kind: Deployment
//! metadata: {name: web, namespace: shop}
//! spec:
//!   selector: {matchLabels: {app: web}}
//!   template:
//!     metadata: {labels: {app: web}}
//!     spec: {containers: [{name: web, image: web}]}
//! ```

use podfence_source::Severity;

use crate::context::Context;
use crate::dns::{CLOUD_DNS, address_findings};
use crate::family::Family;
use crate::finding::Finding;
use crate::rule::{Check, Rule};

pub(super) static RULE: Rule = Rule {
    code: "node-local-dns",
    family: Family::Dns,
    severity: Severity::Error,
    file: include_str!("node_local_dns.rs"),
    check: Check::World(check),
};

fn check(context: &Context<'_>) -> Vec<Finding> {
    address_findings(&RULE, context, |ip| ip != CLOUD_DNS, "the cache of the node")
}
