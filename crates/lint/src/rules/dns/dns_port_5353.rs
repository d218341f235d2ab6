//! # The DNS pods listen on another port than 53
//!
//! A rule admits port 53 to DNS pods that listen on another one. On OpenShift that is 5353; the DNS Service translates 53
//! to it.
//!
//! ## Why is this bad?
//!
//! Policies see packets after the Service has translated them. The rule never matches, and no name is resolved.
//!
//! ## Example
//!
//! On a cluster of which is told:
//!
//! ```yaml cluster
//! apiVersion: podfence.dev/v1alpha1
//! kind: ClusterFacts
//! dns: openshift
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
//!         - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: openshift-dns}}
//!       ports:
//!         - protocol: UDP
//!           port: 53
//!         - protocol: TCP
//!           port: 53
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
//! error: 1 pod (deploy/web) cannot ask the cluster DNS: its pods listen on 5353
//!   11:11 the Service translates this to 5353
//!   help: name the pods' port, 5353
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
//!         - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: openshift-dns}}
//!       ports:
//!         - protocol: UDP
//!           port: 5353
//!         - protocol: TCP
//!           port: 5353
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
//! opened    every pod → every pod TCP 5353; UDP 5353
//! closed    every pod → every pod TCP 53; UDP 53
//! ```
//!
//! ## When it is silent
//!
//! The rule admits the pods' port, too.
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
//!         - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: openshift-dns}}
//!       ports:
//!         - {port: 53, protocol: UDP}
//!         - {port: 5353, protocol: UDP}
//!         - {port: 5353, protocol: TCP}
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

use podfence_analysis::assumed::DNS_PORT;
use podfence_model::{Port, PortMatch, PortRange, PortSpec};
use podfence_source::{Edit, Severity};

use crate::context::{Context, PolicyRule};
use crate::dns::{Case, Trouble, cases, items};
use crate::family::Family;
use crate::finding::Finding;
use crate::rule::{Check, Rule};

pub(super) static RULE: Rule = Rule {
    code: "dns-port-5353",
    family: Family::Dns,
    severity: Severity::Error,
    file: include_str!("dns_port_5353.rs"),
    check: Check::World(check),
};

fn check(context: &Context<'_>) -> Vec<Finding> {
    let port = |case: &Case<'_>| match case.trouble {
        Trouble::Listens(port) => Some(finding(context, case, port)),
        _ => None,
    };
    cases(context).iter().filter_map(port).collect()
}

fn finding(context: &Context<'_>, case: &Case<'_>, listens: Port) -> Finding {
    let message = format!("{} cannot ask the cluster DNS: its pods listen on {listens}", case.whose());
    let item = items(case.rule).next().and_then(|item| item.place.clone());
    Finding::about(&RULE, case.rule.policy, message)
        .at(item, format!("the Service translates this to {listens}"))
        .help(format!("name the pods' port, {listens}"))
        .suggest(edits(context, case.rule, listens))
}

fn edits(context: &Context<'_>, rule: PolicyRule<'_>, listens: Port) -> Option<Vec<Edit>> {
    let is_53 = |item: &&PortMatch| item.ports == PortSpec::Range(PortRange::single(DNS_PORT));
    let edit = |item: &PortMatch| {
        context.view(item.place.as_ref())?.get(&["port"])?.replace_scalar(&listens.to_string())
    };
    rule.rule.ports.iter().filter(is_53).map(edit).collect()
}
