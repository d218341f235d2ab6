//! # A rule's port that no pod declares
//!
//! A rule admits a port that none of the pods it is about declares, although they declare others.
//!
//! ## Why is this bad?
//!
//! Perhaps it is not: a container may listen on ports that its manifest does not mention. But where manifests are kept well,
//! a port that nobody declares is a slip, or left over from another version.
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
//!     - from: [{podSelector: {}}]
//!       ports:
//!         - port: 5433
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: db, namespace: shop, labels: {app: db}}
//! spec:
//!   containers:
//!     - {name: db, image: db, ports: [{containerPort: 5432}]}
//! ```
//!
//! ```text
//! note: TCP 5433 is not among the declared ports of 1 pod (db): 5432
//!   10:11 not declared
//!   help: right if a container listens there all the same; declare the port then
//! ```
//!
//! ## When it is silent
//!
//! - One of the pods declares the port, or one of them declares no port at all.
//! - The port is that of a Service before the pods: see `service-port`.
//! - The rule is about others, too: an egress rule without peers, with a block of addresses, or with a peer of which the input
//!   has no pods.
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: db, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: db}}
//!   policyTypes: [Ingress]
//!   ingress:
//!     - from: [{podSelector: {}}]
//!       ports:
//!         - port: 5433
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: db, namespace: shop, labels: {app: db}}
//! spec:
//!   containers:
//!     - {name: db, image: db}
//! ```

use podfence_analysis::assumed::is_cluster_dns;
use podfence_model::PortMatch;
use podfence_source::Severity;

use super::service_port::untranslated;
use crate::context::{Context, PolicyRule};
use crate::family::Family;
use crate::finding::Finding;
use crate::rule::{Check, Rule};
use crate::{rule_ports, words};

pub(super) static RULE: Rule = Rule {
    code: "port-not-declared",
    family: Family::Ports,
    severity: Severity::Note,
    file: include_str!("port_not_declared.rs"),
    check: Check::World(check),
};

fn check(context: &Context<'_>) -> Vec<Finding> {
    rule_ports::items(context).filter_map(|(rule, item)| finding(context, rule, item)).collect()
}

fn finding(context: &Context<'_>, rule: PolicyRule<'_>, item: &PortMatch) -> Option<Finding> {
    let number = rule_ports::single(item)?;
    let pods = rule_ports::destinations(context, rule);
    let declared = rule_ports::declared(&pods, item.protocol);
    let unsure = declared.is_empty() || pods.iter().any(|pod| pod.ports.is_empty() || is_cluster_dns(pod));
    if unsure || declared.contains(&number) || untranslated(context, &pods, item, number).is_some() {
        return None;
    }
    let known: Vec<String> = declared.iter().map(ToString::to_string).collect();
    let whom = words::pods(pods.iter().copied());
    let protocol = item.protocol;
    let message =
        format!("{protocol} {number} is not among the declared ports of {whom}: {}", words::list(&known));
    let finding = Finding::about(&RULE, rule.policy, message).at(item.place.clone(), "not declared");
    Some(finding.help("right if a container listens there all the same; declare the port then"))
}
