//! # The network plugin enforces no policy
//!
//! The facts about the cluster name a network plugin that does not implement NetworkPolicy.
//!
//! ## Why is this bad?
//!
//! The API server takes policies whatever the plugin does with them. All look as if they were in force, and none is.
//!
//! ## Example
//!
//! ```yaml cluster
//! apiVersion: podfence.dev/v1alpha1
//! kind: ClusterFacts
//! cni: flannel
//! ```
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {}
//!   policyTypes: [Ingress]
//! ```
//!
//! ```text
//! warning: flannel by itself enforces no policy: 1 policy has no effect
//!   1:1 in force nowhere
//!   help: run a plugin that enforces policies, or one beside it; if there is one, state it as `cni`
//! ```
//!
//! ## When it is silent
//!
//! The plugin is not stated, or not one of those that are known to enforce nothing.
//!
//! ```yaml cluster
//! apiVersion: podfence.dev/v1alpha1
//! kind: ClusterFacts
//! cni: calico
//! ```
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {}
//!   policyTypes: [Ingress]
//! ```

use podfence_source::Severity;

use crate::context::Context;
use crate::family::Family;
use crate::finding::Finding;
use crate::rule::{Check, Rule};
use crate::words;

pub(super) static RULE: Rule = Rule {
    code: "cni-ignores-policy",
    family: Family::Platform,
    severity: Severity::Warning,
    file: include_str!("cni_ignores_policy.rs"),
    check: Check::World(check),
};

/// Plugins that connect pods and enforce nothing.
const IDLE: [&str; 5] = ["flannel", "kubenet", "bridge", "ptp", "macvlan"];

fn check(context: &Context<'_>) -> Vec<Finding> {
    let plugin = context.facts().cni.as_deref().filter(|cni| IDLE.contains(cni));
    let (Some(plugin), Some(first)) = (plugin, context.policies().next()) else { return Vec::new() };
    let all = words::count(context.world.policies.len(), "policy has", "policies have");
    let message = format!("{plugin} by itself enforces no policy: {all} no effect");
    vec![
        Finding::about(&RULE, first, message).at_object(&first.meta.origin, "in force nowhere").help(
            "run a plugin that enforces policies, or one beside it; if there is one, state it as `cni`",
        ),
    ]
}
