//! # A wide block that holds all pods
//!
//! An `ipBlock` such as `10.0.0.0/8` holds the cluster's whole pod range.
//!
//! ## Why is this bad?
//!
//! It admits every pod of every namespace, those that are to come included. If it was written to admit pods, labels say which;
//! if it was written for a network beside the cluster, the pods are in by accident.
//!
//! ## Example
//!
//! ```yaml cluster
//! apiVersion: podfence.dev/v1alpha1
//! kind: ClusterFacts
//! podCIDRs: [10.244.0.0/16]
//! ```
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
//!         - ipBlock:
//!             cidr: 10.0.0.0/8
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: db, namespace: shop, labels: {app: db}}
//! spec: {containers: [{name: db, image: db}]}
//! ```
//!
//! ```text
//! warning: 10.0.0.0/8 holds all pods of the cluster, 10.244.0.0/16
//!   10:19 every pod of every namespace
//!   help: for pods, name their labels; for a network beside them, add `except: [10.244.0.0/16]`
//! ```
//!
//! For the network beside the cluster:
//!
//! ```yaml fixed
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: db, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: db}}
//!   policyTypes: [Ingress]
//!   ingress:
//!     - from:
//!         - ipBlock:
//!             cidr: 10.0.0.0/8
//!             except:
//!               - 10.244.0.0/16
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: db, namespace: shop, labels: {app: db}}
//! spec: {containers: [{name: db, image: db}]}
//! ```
//!
//! ```text
//! closed    unknown pods, kube-system/deploy/coredns → every pod all ports
//! ```
//!
//! ## When it is silent
//!
//! The pod range is not known, an exception holds it, or the same rule names every pod anyway.
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
//!         - ipBlock:
//!             cidr: 10.0.0.0/8
//! ```

use podfence_model::{Cidr, NamespaceScope, Peer, PeerKind};
use podfence_source::Severity;

use crate::blocks::{BlockPeer, all};
use crate::context::Context;
use crate::family::Family;
use crate::finding::Finding;
use crate::rule::{Check, Rule};

pub(super) static RULE: Rule = Rule {
    code: "private-ranges-for-pods",
    family: Family::Blocks,
    severity: Severity::Warning,
    file: include_str!("private_ranges_for_pods.rs"),
    check: Check::World(check),
};

fn check(context: &Context<'_>) -> Vec<Finding> {
    let ranges: Vec<Cidr> = context.world.pod_ranges.clone();
    let wide = all(context).filter(|peer| !peer.is_whole() && !names_every_pod(peer));
    wide.filter_map(|peer| finding(context, &ranges, peer)).collect()
}

fn names_every_pod(peer: &BlockPeer<'_>) -> bool {
    let every = |peer: &Peer| match &peer.kind {
        PeerKind::Pods { namespaces: NamespaceScope::Matching(namespaces), pods } => {
            namespaces.is_everything() && pods.is_everything()
        }
        _ => false,
    };
    peer.rule.rule.peers.iter().any(every)
}

fn finding(context: &Context<'_>, ranges: &[Cidr], peer: BlockPeer<'_>) -> Option<Finding> {
    let cidr = peer.block.cidr();
    let holds = |range: &&Cidr| {
        let apart = |except: &Cidr| !except.covers(**range) && !range.covers(*except);
        cidr != **range && cidr.covers(**range) && peer.block.except().iter().all(apart)
    };
    let range = ranges.iter().find(holds)?;
    let message = format!("{cidr} holds all pods of the cluster, {range}");
    Some(
        Finding::about(&RULE, peer.rule.policy, message)
            .at(peer.cidr_place(context), "every pod of every namespace")
            .help(format!("for pods, name their labels; for a network beside them, add `except: [{range}]`"))
            .suggest(peer.add_except(context, &range.to_string())),
    )
}
