//! # DNS to everybody
//!
//! A rule admits port 53, and nothing says to whom, or the block holds every address.
//!
//! ## Why is this bad?
//!
//! Pods need the cluster DNS only. A rule that leads to every server on the internet is a way out for data: questions can carry
//! it, and anything at all can be sent to port 53 of a server that plays along.
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
//!     - ports:
//!         - {port: 53, protocol: UDP}
//!         - {port: 53, protocol: TCP}
//! ```
//!
//! ```text
//! note: this admits DNS to every server in and out of the cluster: a way out for data
//!   9:11 no `to`: to everybody
//!   help: name the cluster DNS as the peer
//! ```
//!
//! Name the cluster DNS:
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
//! ```
//!
//! ## When it is silent
//!
//! The policy selects DNS servers of a DNS namespace, which ask others on behalf of the pods.
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: dns, namespace: kube-system}
//! spec:
//!   podSelector: {matchLabels: {k8s-app: kube-dns}}
//!   policyTypes: [Egress]
//!   egress:
//!     - ports:
//!         - {port: 53, protocol: UDP}
//!         - {port: 53, protocol: TCP}
//! ```

use podfence_analysis::assumed::is_dns_namespace;
use podfence_model::{Direction, Peer, PeerKind};
use podfence_source::Severity;

use crate::context::{Context, PolicyRule};
use crate::dns::{is_for_dns, items};
use crate::family::Family;
use crate::finding::Finding;
use crate::rule::{Check, Rule};

pub(super) static RULE: Rule = Rule {
    code: "dns-to-everywhere",
    family: Family::Dns,
    severity: Severity::Note,
    file: include_str!("dns_to_everywhere.rs"),
    check: Check::World(check),
};

fn check(context: &Context<'_>) -> Vec<Finding> {
    let egress = context.rules().filter(|rule| rule.direction == Direction::Egress);
    egress.filter(|rule| !is_dns_namespace(&rule.policy.meta.id.namespace)).filter_map(finding).collect()
}

fn finding(rule: PolicyRule<'_>) -> Option<Finding> {
    let only_dns = rule.rule.ports.iter().all(is_for_dns);
    let item = items(rule).next().filter(|_| only_dns)?;
    let whole = |peer: &&Peer| match &peer.kind {
        PeerKind::Block(block) => block.cidr().net().prefix_len() == 0,
        PeerKind::Pods { .. } => false,
    };
    let wide = rule.rule.peers.iter().find(whole);
    if wide.is_none() && !rule.rule.peers.is_empty() {
        return None;
    }
    let (place, label) = match wide {
        Some(peer) => (peer.place.clone(), "every server there is"),
        None => (item.place.clone(), "no `to`: to everybody"),
    };
    let message = "this admits DNS to every server in and out of the cluster: a way out for data";
    Some(
        Finding::about(&RULE, rule.policy, message).at(place, label).help("name the cluster DNS as the peer"),
    )
}
