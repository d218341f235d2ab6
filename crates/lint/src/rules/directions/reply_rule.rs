//! # A rule for replies
//!
//! A policy has a rule for some peers, and in the other direction one for the same peers with the ports from which clients
//! connect: 1024 to 65535, or 32768 to 60999.
//!
//! ## Why is this bad?
//!
//! Replies need no rule: a connection is judged when it is opened, and what belongs to it passes both ways. The rule is not only
//! needless; it lets connections be opened to nearly every port in the wrong direction.
//!
//! ## Example
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: db, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: db}}
//!   policyTypes: [Ingress, Egress]
//!   ingress:
//!     - from: [{podSelector: {matchLabels: {app: web}}}]
//!       ports: [{port: 5432}]
//!   egress:
//!     - to: [{podSelector: {matchLabels: {app: web}}}]
//!       ports: [{port: 32768, endPort: 60999}]
//! ```
//!
//! ```text
//! note: replies need no rule: this one lets connections be opened for egress
//!   11:7 not needed
//!   8:7 the replies to these pass anyway
//!   help: take it out, unless connections are opened in this direction as well
//! ```
//!
//! Without it, the replies still pass:
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: db, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: db}}
//!   policyTypes: [Ingress, Egress]
//!   ingress:
//!     - from: [{podSelector: {matchLabels: {app: web}}}]
//!       ports: [{port: 5432}]
//!   egress: []
//! ```
//!
//! ## When it is silent
//!
//! When the peers of the two rules are not the same, or the range is another one.
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: db, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: db}}
//!   policyTypes: [Ingress, Egress]
//!   ingress:
//!     - from: [{podSelector: {matchLabels: {app: web}}}]
//!       ports: [{port: 5432}]
//!   egress:
//!     - to: [{podSelector: {matchLabels: {app: db}}}]
//!       ports: [{port: 32768, endPort: 60999}]
//! ```

use std::collections::BTreeSet;

use podfence_model::{Direction, PeerKind, PortMatch, PortSpec, Rule as PolicyText};
use podfence_source::Severity;

use crate::context::{Context, PolicyRule};
use crate::family::Family;
use crate::finding::Finding;
use crate::rule::{Check, Rule};

pub(super) static RULE: Rule = Rule {
    code: "reply-rule",
    family: Family::Directions,
    severity: Severity::Note,
    file: include_str!("reply_rule.rs"),
    check: Check::World(check),
};

/// Ports below are a server's.
const FIRST_OF_CLIENTS: u16 = 1024;
/// What Linux takes for clients unless told otherwise (`net.ipv4.ip_local_port_range`).
const USUAL: (u16, u16) = (32_768, 60_999);

fn check(context: &Context<'_>) -> Vec<Finding> {
    context.rules().filter_map(finding).collect()
}

fn finding(rule: PolicyRule<'_>) -> Option<Finding> {
    let back = match rule.direction {
        Direction::Ingress => Direction::Egress,
        Direction::Egress => Direction::Ingress,
    };
    let same = |other: &&PolicyText| {
        whom(other) == whom(rule.rule) && !other.ports.is_empty() && !is_for_clients(other)
    };
    if !is_for_clients(rule.rule) || !rule.policy.directions.contains(back) {
        return None;
    }
    let served = rule.policy.rules(back).iter().find(same)?;
    let message = format!("replies need no rule: this one lets connections be opened for {}", rule.direction);
    let finding = Finding::about(&RULE, rule.policy, message)
        .at(rule.rule.place.clone(), "not needed")
        .at(served.place.clone(), "the replies to these pass anyway");
    Some(finding.help("take it out, unless connections are opened in this direction as well"))
}

fn whom(rule: &PolicyText) -> BTreeSet<&PeerKind> {
    rule.peers.iter().map(|peer| &peer.kind).collect()
}

/// Whether all ports of a rule are the range from which clients connect.
fn is_for_clients(rule: &PolicyText) -> bool {
    let is_range = |item: &PortMatch| match &item.ports {
        PortSpec::Range(range) => {
            let (first, last) = (range.first().get(), range.last().get());
            (FIRST_OF_CLIENTS..=USUAL.0).contains(&first) && last >= USUAL.1
        }
        PortSpec::All | PortSpec::Named(_) => false,
    };
    !rule.ports.is_empty() && rule.ports.iter().all(is_range)
}
