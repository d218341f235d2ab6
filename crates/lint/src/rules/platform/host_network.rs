//! # Pods on the host's network
//!
//! A policy, or a peer in it, selects pods with `hostNetwork: true`.
//!
//! ## Why is this bad?
//!
//! Such a pod has no address of its own: its packets are its node's. Policies have no effect on it, and no selector means it as
//! a peer. A policy that selects only such pods does nothing, and a peer that names only such pods admits nobody.
//!
//! ## Example
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: node-exporter, namespace: monitoring}
//! spec:
//!   podSelector: {matchLabels: {app: node-exporter}}
//!   policyTypes: [Ingress]
//! ---
//! apiVersion: apps/v1
//! kind: DaemonSet
//! metadata: {name: node-exporter, namespace: monitoring}
//! spec:
//!   selector: {matchLabels: {app: node-exporter}}
//!   template:
//!     metadata: {labels: {app: node-exporter}}
//!     spec:
//!       hostNetwork: true
//!       containers: [{name: node-exporter, image: node-exporter}]
//! ```
//!
//! ```text
//! error: this policy has no effect: it selects only pods on the host's network, 1 pod (ds/node-exporter)
//!   5:3 nobody that policies hold for
//!   16:7 its packets are its node's
//!   help: a policy cannot restrict them: use the node's own firewall
//! ```
//!
//! A policy for every pod holds for those to come:
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: deny, namespace: monitoring}
//! spec:
//!   podSelector: {}
//!   policyTypes: [Ingress, Egress]
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: node-exporter, namespace: monitoring, labels: {app: node-exporter}}
//! spec:
//!   hostNetwork: true
//!   containers: [{name: node-exporter, image: node-exporter}]
//! ```
//!
//! ```text
//! note: all that it selects today is on the host's network, 1 pod (node-exporter): no policy holds for such pods
//!   5:3 holds for other pods, once there are some
//!   12:3 its packets are its node's
//! ```
//!
//! As a peer:
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: db, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: db}}
//!   policyTypes: [Ingress]
//!   ingress:
//!     - from:
//!         - podSelector: {matchLabels: {app: backup}}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: backup, namespace: shop, labels: {app: backup}}
//! spec:
//!   hostNetwork: true
//!   containers: [{name: backup, image: backup}]
//! ```
//!
//! ```text
//! error: this peer names only pods on the host's network, 1 pod (backup): no selector means them
//!   9:11 admits nobody
//!   15:3 its packets are its node's
//!   help: name the addresses of their nodes by `ipBlock`
//! ```
//!
//! ## When it is silent
//!
//! As a peer, such pods among others are not told of. As subjects they are, with a note; so are they where the policy selects
//! every pod of its namespace, because it holds for those to come.
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: db, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: db}}
//!   policyTypes: [Ingress]
//!   ingress:
//!     - from:
//!         - podSelector: {}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: backup, namespace: shop, labels: {app: backup}}
//! spec:
//!   hostNetwork: true
//!   containers: [{name: backup, image: backup}]
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop, labels: {app: web}}
//! spec: {containers: [{name: web, image: web}]}
//! ```

use podfence_model::{NamespaceScope, NetworkPolicy, Peer, PeerKind, Place, Pod};
use podfence_source::Severity;

use crate::context::{Context, PolicyRule};
use crate::family::Family;
use crate::finding::Finding;
use crate::rule::{Check, Rule};
use crate::words;

pub(super) static RULE: Rule = Rule {
    code: "host-network",
    family: Family::Platform,
    severity: Severity::Error,
    file: include_str!("host_network.rs"),
    check: Check::World(check),
};

fn check(context: &Context<'_>) -> Vec<Finding> {
    let subjects = context.policies().filter_map(|policy| subject(context, policy));
    let peers = context.rules().flat_map(|rule| rule.rule.peers.iter().map(move |peer| (rule, peer)));
    let peers = peers.filter_map(|(rule, item)| peer(context, rule, item));
    subjects.chain(peers).collect()
}

fn subject(context: &Context<'_>, policy: &NetworkPolicy) -> Option<Finding> {
    let selected = context.selected(policy);
    let hosted: Vec<&Pod> = selected.iter().filter(|pod| pod.host_network).copied().collect();
    let first = hosted.first()?;
    let what = words::pods(hosted.iter().copied());
    let place = context.subject_place(policy);
    let finding = if hosted.len() < selected.len() {
        let message = format!(
            "{what} of the {} it selects are on the host's network: no policy holds for them",
            selected.len()
        );
        Finding::about(&RULE, policy, message).severity(Severity::Note).at(place, "selects them, too")
    } else if policy.subject.is_everything() {
        let message = format!(
            "all that it selects today is on the host's network, {what}: no policy holds for such pods"
        );
        Finding::about(&RULE, policy, message)
            .severity(Severity::Note)
            .at(place, "holds for other pods, once there are some")
    } else {
        idle(context, policy, &what).at(place, "nobody that policies hold for")
    };
    Some(finding.at(host_network(context, first), "its packets are its node's"))
}

fn idle(context: &Context<'_>, policy: &NetworkPolicy, what: &str) -> Finding {
    let message = format!("this policy has no effect: it selects only pods on the host's network, {what}");
    let is_sure = context.knows_pods_of(&policy.meta.id.namespace);
    let severity = if is_sure { Severity::Error } else { Severity::Warning };
    let finding = Finding::about(&RULE, policy, message).severity(severity);
    finding.help("a policy cannot restrict them: use the node's own firewall")
}

fn peer(context: &Context<'_>, rule: PolicyRule<'_>, peer: &Peer) -> Option<Finding> {
    let PeerKind::Pods { namespaces, .. } = &peer.kind else { return None };
    let named = context.peer_pods(rule.policy, peer);
    let first = named.first().filter(|_| named.iter().all(|pod| pod.host_network))?;
    let home = &rule.policy.meta.id.namespace;
    let is_sure = *namespaces == NamespaceScope::Own && context.knows_pods_of(home);
    let what = words::pods(named.iter().copied());
    let message = format!("this peer names only pods on the host's network, {what}: no selector means them");
    let finding = Finding::about(&RULE, rule.policy, message)
        .at(peer.place.clone(), "admits nobody")
        .at(host_network(context, first), "its packets are its node's")
        .help("name the addresses of their nodes by `ipBlock`");
    Some(if is_sure { finding } else { finding.severity(Severity::Warning) })
}

fn host_network(context: &Context<'_>, pod: &Pod) -> Option<Place> {
    Some(context.pod_spec(pod)?.field("hostNetwork")?.place())
}
