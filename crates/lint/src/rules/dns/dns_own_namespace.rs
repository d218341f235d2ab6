//! # The DNS is looked for in the policy's own namespace
//!
//! A rule for port 53 has a peer with a `podSelector` for the DNS pods, and no `namespaceSelector`. Such a peer means pods of
//! the policy's own namespace, and the DNS is not there.
//!
//! ## Why is this bad?
//!
//! The rule admits nobody, so the pods cannot resolve a name.
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
//!         - podSelector:
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
//! error: 1 pod (deploy/web) cannot ask the cluster DNS: without a `namespaceSelector` this peer means pods of shop
//!   9:11 no such pods in shop
//!   help: the DNS lives in kube-system: name it in the same item of the list
//! ```
//!
//! Name the namespace in the same item of the list:
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
//!         - podSelector:
//!             matchLabels:
//!               k8s-app: kube-dns
//!           namespaceSelector:
//!             matchLabels:
//!               kubernetes.io/metadata.name: kube-system
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
//! - The namespace has such pods itself, or an object of an unknown kind that may make them.
//! - Another rule or policy admits the DNS.
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: dns, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: web}}
//!   policyTypes: [Egress]
//!   egress:
//!     - to:
//!         - podSelector:
//!             matchLabels:
//!               app: own-dns
//!       ports:
//!         - {port: 53, protocol: UDP}
//!         - {port: 53, protocol: TCP}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: dns, namespace: shop, labels: {app: own-dns}}
//! spec: {containers: [{name: dns, image: dns, ports: [{containerPort: 53, protocol: UDP}]}]}
//! ```

use podfence_model::{METADATA_NAME, Peer};
use podfence_source::{Edit, Severity};

use crate::context::Context;
use crate::dns::{Case, Servers, Trouble, cases};
use crate::family::Family;
use crate::finding::Finding;
use crate::rule::{Check, Rule};

pub(super) static RULE: Rule = Rule {
    code: "dns-own-namespace",
    family: Family::Dns,
    severity: Severity::Error,
    file: include_str!("dns_own_namespace.rs"),
    check: Check::World(check),
};

fn check(context: &Context<'_>) -> Vec<Finding> {
    let own = |case: &Case<'_>| match case.trouble {
        Trouble::OwnNamespace(peer) => Some(finding(context, case, peer)),
        _ => None,
    };
    cases(context).iter().filter_map(own).collect()
}

fn finding(context: &Context<'_>, case: &Case<'_>, peer: &Peer) -> Finding {
    let home = &case.rule.policy.meta.id.namespace;
    let namespace = Servers::of(context).namespace();
    let message = format!(
        "{} cannot ask the cluster DNS: without a `namespaceSelector` this peer means pods of {home}",
        case.whose()
    );
    Finding::about(&RULE, case.rule.policy, message)
        .severity(case.severity())
        .at(peer.place.clone(), format!("no such pods in {home}"))
        .help(format!("the DNS lives in {namespace}: name it in the same item of the list"))
        .suggest(edit(context, peer, namespace))
}

fn edit(context: &Context<'_>, peer: &Peer, namespace: &str) -> Option<Vec<Edit>> {
    let selector = format!("namespaceSelector:\n  matchLabels:\n    {METADATA_NAME}: {namespace}");
    Some(vec![context.view(peer.place.as_ref())?.add_field(&selector)?])
}
