//! # A block in place of pods
//!
//! An `ipBlock` lies in the cluster's pod range, or is the address of a pod.
//!
//! ## Why is this bad?
//!
//! A pod gets another address whenever it is made anew, and its old one goes to some other pod. The block then admits a
//! stranger and not the pod that was meant. With Cilium, blocks do not match pods at all.
//!
//! ## Example
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
//!         - ipBlock: {cidr: 10.244.1.7/32}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web-5d9c7, namespace: shop, labels: {app: web}}
//! spec: {containers: [{name: web, image: web}]}
//! status: {podIPs: [{ip: 10.244.1.7}], phase: Running}
//! ```
//!
//! ```text
//! warning: 10.244.1.7 is the address of pod shop/web-5d9c7 today, and will be another pod's
//!   9:27 a pod's address
//!   help: name the pods by their labels
//! ```
//!
//! Name pods by their labels:
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
//!         - podSelector: {matchLabels: {app: web}}
//! ```
//!
//! ## Another example
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
//!         - ipBlock: {cidr: 10.244.1.0/24}
//! ```
//!
//! ```text
//! warning: 10.244.1.0/24 lies in the pod range 10.244.0.0/16, where addresses change hands
//!   9:27 addresses of pods
//!   help: name the pods by their labels
//! ```
//!
//! ## When it is silent
//!
//! The pod range is not known, and no pod in the input has the address.
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
//!         - ipBlock: {cidr: 10.244.1.0/24}
//! ```

use podfence_model::Cidr;
use podfence_source::Severity;

use crate::blocks::{BlockPeer, all};
use crate::context::Context;
use crate::family::Family;
use crate::finding::Finding;
use crate::rule::{Check, Rule};

pub(super) static RULE: Rule = Rule {
    code: "block-covers-pods",
    family: Family::Blocks,
    severity: Severity::Warning,
    file: include_str!("block_covers_pods.rs"),
    check: Check::World(check),
};

fn check(context: &Context<'_>) -> Vec<Finding> {
    let ranges: Vec<Cidr> = context.world.all_pod_ranges().collect();
    all(context).filter_map(|block| finding(context, &ranges, block)).collect()
}

fn finding(context: &Context<'_>, ranges: &[Cidr], peer: BlockPeer<'_>) -> Option<Finding> {
    let cidr = peer.block.cidr();
    let pod = (cidr == Cidr::host(cidr.first())).then(|| context.engine.pod_with_address(cidr.first()));
    let (message, label) = if let Some(id) = pod.flatten() {
        let pod = &context.engine.pod(id).meta.id;
        (
            format!("{} is the address of pod {pod} today, and will be another pod's", cidr.first()),
            "a pod's address",
        )
    } else {
        let range = ranges.iter().find(|range| range.covers(cidr))?;
        (format!("{cidr} lies in the pod range {range}, where addresses change hands"), "addresses of pods")
    };
    let finding = Finding::about(&RULE, peer.rule.policy, message);
    let finding = finding.at(peer.cidr_place(context), label);
    Some(if context.facts().cni.as_deref() == Some("cilium") {
        finding.help("name the pods by their labels; with Cilium this block matches no pod")
    } else {
        finding.help("name the pods by their labels")
    })
}
