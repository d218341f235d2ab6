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
//! It is a warning where the pods declare the very number, for another protocol:
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: db, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: db}}
//!   policyTypes: [Ingress]
//!   ingress:
//!     - from: [{namespaceSelector: {}}]
//!       ports:
//!         - port: 5432
//!           protocol: UDP
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
//! warning: port 5432 of 1 pod (db) is declared for TCP, and this is UDP 5432
//!   10:11 UDP only
//!   help: write `protocol: TCP`
//! ```
//!
//! ```yaml fixed
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: db, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: db}}
//!   policyTypes: [Ingress]
//!   ingress:
//!     - from: [{namespaceSelector: {}}]
//!       ports:
//!         - port: 5432
//!           protocol: TCP
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
//! opened    every pod → every pod TCP 5432
//! closed    every pod → every pod UDP 5432
//! ```
//!
//! ## When it is silent
//!
//! - One of the pods declares the port, or one of them declares no port at all.
//! - The number is declared for another protocol, and the policy admits it for that one, too; or `udp-port-as-tcp` says so.
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
use podfence_model::{Pod, Port, PortMatch, Protocol};
use podfence_source::Severity;

use super::service_port::untranslated;
use super::udp_port_as_tcp;
use crate::context::{Context, PolicyRule};
use crate::family::Family;
use crate::finding::Finding;
use crate::rule::{Check, Rule};
use crate::rule_ports::{admits, declares};
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
    let unsure = pods.iter().any(|pod| pod.ports.is_empty() || is_cluster_dns(pod));
    if unsure || declared.contains(&number) || untranslated(context, &pods, item, number).is_some() {
        return None;
    }
    if let Some(protocol) = other_protocol(&pods, item, number) {
        return is_slip(context, rule, protocol, number)
            .then(|| of_other_protocol(context, rule, item, (protocol, number), &pods));
    }
    if declared.is_empty() {
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

/// Another protocol that one of the pods declares this number for.
fn other_protocol(pods: &[&Pod], item: &PortMatch, number: Port) -> Option<Protocol> {
    let declared = |protocol: &Protocol| pods.iter().any(|pod| declares(pod, *protocol, number));
    Protocol::ALL.into_iter().filter(|protocol| *protocol != item.protocol).find(declared)
}

/// Whether a protocol was mistaken: the policy does not admit the number for the one that is declared, and no other rule says so.
fn is_slip(context: &Context<'_>, rule: PolicyRule<'_>, declared: Protocol, number: Port) -> bool {
    let mut items = rule.policy.rules(rule.direction).iter().flat_map(|rule| &rule.ports);
    !items.any(|item| admits(item, declared, number)) && !udp_port_as_tcp::tells(context, rule, number)
}

fn of_other_protocol(
    context: &Context<'_>,
    rule: PolicyRule<'_>,
    item: &PortMatch,
    (protocol, number): (Protocol, Port),
    pods: &[&Pod],
) -> Finding {
    let whom = words::pods(pods.iter().copied());
    let message =
        format!("port {number} of {whom} is declared for {protocol}, and this is {} {number}", item.protocol);
    let text = context.view(item.place.as_ref());
    let edit = text.and_then(|item| match item.get(&["protocol"]) {
        Some(stated) => stated.replace_scalar(&protocol.to_string()),
        None => item.add_field(&format!("protocol: {protocol}")),
    });
    Finding::about(&RULE, rule.policy, message)
        .severity(Severity::Warning)
        .at(item.place.clone(), format!("{} only", item.protocol))
        .help(format!("write `protocol: {protocol}`"))
        .suggest(edit.map(|edit| vec![edit]))
}
