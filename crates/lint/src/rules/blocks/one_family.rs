//! # Every address of one family only
//!
//! In a cluster with IPv4 and IPv6, a policy admits `0.0.0.0/0`, and no block of the other family (or `::/0` alone).
//!
//! ## Why is this bad?
//!
//! A block never matches addresses of the other family. A client that gets both kinds of address for a name tries IPv6 first
//! and waits until that fails; one that gets only an IPv6 address fails.
//!
//! ## Example
//!
//! ```yaml cluster
//! apiVersion: podfence.dev/v1alpha1
//! kind: ClusterFacts
//! podCIDRs: [10.244.0.0/16, "fd00:10:244::/56"]
//! ```
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {}
//!   policyTypes: [Egress]
//!   egress:
//!     - to:
//!         - ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8, 169.254.0.0/16]}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop, labels: {app: web}}
//! spec: {containers: [{name: web, image: web}]}
//! status: {podIPs: [{ip: 10.244.1.7}, {ip: "fd00:10:244::7"}]}
//! ```
//!
//! ```text
//! warning: 0.0.0.0/0 admits no IPv6, which this cluster has, too
//!   9:27 IPv4 only
//!   help: add a block ::/0, with the exceptions that it needs
//! ```
//!
//! ```yaml fixed
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {}
//!   policyTypes: [Egress]
//!   egress:
//!     - to:
//!         - ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8, 169.254.0.0/16]}
//!         - ipBlock:
//!             cidr: "::/0"
//!             except:
//!               - fc00::/7
//!               - fe80::/10
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop, labels: {app: web}}
//! spec: {containers: [{name: web, image: web}]}
//! status: {podIPs: [{ip: 10.244.1.7}, {ip: "fd00:10:244::7"}]}
//! ```
//!
//! ```text
//! opened    shop/web → ::/0 except fc00::/7 and fe80::/10 all ports
//! ```
//!
//! ## When it is silent
//!
//! The cluster is not known to have both families, or the policy has a block of the other one in the same direction.
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {}
//!   policyTypes: [Egress]
//!   egress:
//!     - to:
//!         - ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8, 169.254.0.0/16]}
//! ```

use std::collections::BTreeSet;

use podfence_model::{Cidr, Family as Addresses};
use podfence_source::{Edit, Severity};

use crate::blocks::{BlockPeer, all, of_rule};
use crate::context::{Context, PolicyRule};
use crate::family::Family;
use crate::finding::Finding;
use crate::rule::{Check, Rule};

pub(super) static RULE: Rule = Rule {
    code: "one-family",
    family: Family::Blocks,
    severity: Severity::Warning,
    file: include_str!("one_family.rs"),
    check: Check::World(check),
};

fn check(context: &Context<'_>) -> Vec<Finding> {
    let ranges = context.world.all_pod_ranges().map(Cidr::family);
    let families: BTreeSet<Addresses> =
        ranges.chain(context.engine.known_addresses().map(Addresses::of)).collect();
    if families.len() < 2 {
        return Vec::new();
    }
    let alone = |peer: &BlockPeer<'_>| peer.is_whole() && !has_other(peer);
    all(context).filter(alone).map(|peer| finding(context, peer)).collect()
}

/// Whether the policy has a block of the other family in the same direction.
fn has_other(peer: &BlockPeer<'_>) -> bool {
    let PolicyRule { policy, direction, .. } = peer.rule;
    let rules = policy.rules(direction).iter().map(|rule| PolicyRule { policy, direction, rule });
    let family = peer.block.cidr().family();
    rules.flat_map(of_rule).any(|other| other.block.cidr().family() != family)
}

fn finding(context: &Context<'_>, peer: BlockPeer<'_>) -> Finding {
    let cidr = peer.block.cidr();
    let other = Addresses::BOTH.into_iter().find(|family| *family != cidr.family()).unwrap_or(Addresses::V6);
    let message = format!("{cidr} admits no {other}, which this cluster has, too");
    Finding::about(&RULE, peer.rule.policy, message)
        .at(peer.cidr_place(context), format!("{} only", cidr.family()))
        .help(format!("add a block {}, with the exceptions that it needs", Cidr::all(other)))
        .suggest(edit(context, peer, other))
}

fn edit(context: &Context<'_>, peer: BlockPeer<'_>, other: Addresses) -> Option<Vec<Edit>> {
    let list = if peer.is_egress() { "to" } else { "from" };
    let peers = context.view(peer.rule.rule.place.as_ref())?.get(&[list])?;
    let except = match (peer.block.except().is_empty(), other) {
        (true, _) => "",
        (false, Addresses::V6) => "\n  except:\n    - fc00::/7\n    - fe80::/10",
        (false, Addresses::V4) => "\n  except:\n    - 10.0.0.0/8\n    - 169.254.0.0/16",
    };
    let quoted = format!("ipBlock:\n  cidr: \"{}\"{except}", Cidr::all(other));
    Some(vec![peers.add_item(&quoted)?])
}
