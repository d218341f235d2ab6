//! # The DNS is selected by labels that its pods do not have
//!
//! A rule for port 53 selects the DNS pods by a label of their Service or Deployment, such as `kubernetes.io/name: CoreDNS`.
//!
//! ## Why is this bad?
//!
//! Policies compare the labels of pods. The rule admits nobody, so the pods that it is for cannot resolve a name.
//!
//! ## Example
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
//!           podSelector:
//!             matchLabels:
//!               kubernetes.io/name: CoreDNS
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
//! warning: 1 pod (deploy/web) cannot ask the cluster DNS: kubernetes.io/name=CoreDNS is a label of its Service, not of its pods
//!   12:35 no DNS pod has it
//!   help: select the pods by `k8s-app: kube-dns`
//! ```
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
//!           podSelector:
//!             matchLabels:
//!               k8s-app: kube-dns
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
//! opened    every pod → every pod TCP 53; UDP 53
//! ```
//!
//! ## When it is silent
//!
//! The DNS pods in the input have the label, or another rule admits them.
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
//!           podSelector:
//!             matchLabels:
//!               kubernetes.io/name: CoreDNS
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
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata:
//!   name: coredns
//!   namespace: kube-system
//!   labels: {k8s-app: kube-dns, kubernetes.io/name: CoreDNS}
//! spec: {containers: [{name: coredns, image: coredns, ports: [{containerPort: 53, protocol: UDP}]}]}
//! ```

use podfence_model::{Peer, Requirement};
use podfence_source::{Edit, Severity};

use crate::context::{Context, label_view};
use crate::dns::{Case, Servers, Trouble, cases};
use crate::family::Family;
use crate::finding::Finding;
use crate::rule::{Check, Rule};

pub(super) static RULE: Rule = Rule {
    code: "dns-service-labels",
    family: Family::Dns,
    severity: Severity::Error,
    file: include_str!("dns_service_labels.rs"),
    check: Check::World(check),
};

fn check(context: &Context<'_>) -> Vec<Finding> {
    let labels = |case: &Case<'_>| match case.trouble {
        Trouble::ServiceLabels(peer, requirement) => Some(finding(context, case, peer, requirement)),
        _ => None,
    };
    cases(context).iter().filter_map(labels).collect()
}

fn finding(context: &Context<'_>, case: &Case<'_>, peer: &Peer, requirement: &Requirement) -> Finding {
    let message = format!(
        "{} cannot ask the cluster DNS: {requirement} is a label of its Service, not of its pods",
        case.whose()
    );
    let selector = context.view(peer.place.as_ref()).and_then(|peer| peer.get(&["podSelector"]));
    let label = selector.and_then(|selector| Some(label_view(selector, &requirement.key)?.place()));
    let own = Servers::of(context).label();
    Finding::about(&RULE, case.rule.policy, message)
        .severity(if case.sure { case.severity() } else { Severity::Warning })
        .at(label.or_else(|| peer.place.clone()), "no DNS pod has it")
        .help(format!("select the pods by `{own}`"))
        .suggest(edit(context, peer, &own))
}

fn edit(context: &Context<'_>, peer: &Peer, label: &str) -> Option<Vec<Edit>> {
    let selector = context.view(peer.place.as_ref())?.field("podSelector")?;
    Some(vec![selector.set(&format!("\n  matchLabels:\n    {label}"))?])
}
