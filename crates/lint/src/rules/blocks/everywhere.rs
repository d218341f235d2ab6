//! # A block that holds every address
//!
//! An `ipBlock` is `0.0.0.0/0` or `::/0`, without exceptions.
//!
//! ## Why is this bad?
//!
//! It is not "the internet": it holds every pod and node of the cluster, too, and whatever else is in your networks. Who means
//! everybody had better leave the list of peers out; who means the internet needs exceptions.
//!
//! ## Example
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: web}}
//!   policyTypes: [Ingress]
//!   ingress:
//!     - from:
//!         - ipBlock: {cidr: 0.0.0.0/0}
//!       ports:
//!         - port: 8443
//! ```
//!
//! ```text
//! note: 0.0.0.0/0 is not only the internet: it holds all pods and nodes, too
//!   9:27 everybody
//!   help: for everybody, leave `from` out; for the internet, add the private ranges as `except`
//! ```
//!
//! For everybody:
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: web}}
//!   policyTypes: [Ingress]
//!   ingress:
//!     - ports:
//!         - port: 8443
//! ```
//!
//! ## When it is silent
//!
//! The block has exceptions, or `dns-to-everywhere` or `metadata-address-open` tells of it.
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: web}}
//!   policyTypes: [Ingress]
//!   ingress:
//!     - from:
//!         - ipBlock:
//!             cidr: 0.0.0.0/0
//!             except: [10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16]
//! ```

use podfence_source::Severity;

use crate::blocks::{BlockPeer, all};
use crate::context::Context;
use crate::dns::is_for_dns;
use crate::family::Family;
use crate::finding::Finding;
use crate::metadata;
use crate::rule::{Check, Rule};

pub(super) static RULE: Rule = Rule {
    code: "everywhere",
    family: Family::Blocks,
    severity: Severity::Note,
    file: include_str!("everywhere.rs"),
    check: Check::World(check),
};

fn check(context: &Context<'_>) -> Vec<Finding> {
    let whole = all(context).filter(|peer| peer.is_whole() && peer.block.except().is_empty());
    whole.filter(|peer| !is_told_elsewhere(peer)).map(|peer| finding(context, peer)).collect()
}

fn is_told_elsewhere(peer: &BlockPeer<'_>) -> bool {
    let ports = &peer.rule.rule.ports;
    let dns = !ports.is_empty() && ports.iter().all(is_for_dns);
    dns || metadata::is_opened_by(peer)
}

fn finding(context: &Context<'_>, peer: BlockPeer<'_>) -> Finding {
    let message = format!("{} is not only the internet: it holds all pods and nodes, too", peer.block.cidr());
    let list = if peer.is_egress() { "to" } else { "from" };
    Finding::about(&RULE, peer.rule.policy, message).at(peer.cidr_place(context), "everybody").help(format!(
        "for everybody, leave `{list}` out; for the internet, add the private ranges as `except`"
    ))
}
