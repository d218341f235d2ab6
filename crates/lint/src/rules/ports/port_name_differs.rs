//! # A port's name means several numbers
//!
//! A rule names a port, and the pods that it is about give this name to different numbers.
//!
//! ## Why is this bad?
//!
//! It is allowed, and may be the reason for using a name: each pod admits its own number. But who reads the rule sees one
//! port, and some network plugins are known to take one pod's number for all.
//!
//! ## Example
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: metrics, namespace: shop}
//! spec:
//!   podSelector: {}
//!   policyTypes: [Ingress]
//!   ingress:
//!     - ports:
//!         - port: metrics
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop, labels: {app: web}}
//! spec:
//!   containers:
//!     - {name: web, image: web, ports: [{name: metrics, containerPort: 9090}]}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: db, namespace: shop, labels: {app: db}}
//! spec:
//!   containers:
//!     - {name: db, image: db, ports: [{name: metrics, containerPort: 9187}]}
//! ```
//!
//! ```text
//! note: port `metrics` is 9090 in web and 9187 in db
//!   9:11 2 numbers
//! ```
//!
//! ## When it is silent
//!
//! When all pods that have the name agree; others have no such port.
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: metrics, namespace: shop}
//! spec:
//!   podSelector: {}
//!   policyTypes: [Ingress]
//!   ingress:
//!     - ports:
//!         - port: metrics
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop, labels: {app: web}}
//! spec:
//!   containers:
//!     - {name: web, image: web, ports: [{name: metrics, containerPort: 9090}]}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: db, namespace: shop, labels: {app: db}}
//! spec:
//!   containers:
//!     - {name: db, image: db, ports: [{name: sql, containerPort: 5432}]}
//! ```

use std::collections::BTreeMap;

use podfence_model::{Pod, Port, PortMatch};
use podfence_source::Severity;

use crate::context::{Context, PolicyRule};
use crate::family::Family;
use crate::finding::Finding;
use crate::rule::{Check, Rule};
use crate::{rule_ports, words};

pub(super) static RULE: Rule = Rule {
    code: "port-name-differs",
    family: Family::Ports,
    severity: Severity::Note,
    file: include_str!("port_name_differs.rs"),
    check: Check::World(check),
};

fn check(context: &Context<'_>) -> Vec<Finding> {
    let named = rule_ports::named(context);
    named.filter_map(|(rule, item, name)| finding(context, rule, item, name)).collect()
}

fn finding(context: &Context<'_>, rule: PolicyRule<'_>, item: &PortMatch, name: &str) -> Option<Finding> {
    let pods = rule_ports::destinations(context, rule);
    let mut numbers: BTreeMap<Port, Vec<&Pod>> = BTreeMap::new();
    for pod in pods {
        for number in pod.named_port(name, item.protocol) {
            numbers.entry(number).or_default().push(pod);
        }
    }
    if numbers.len() < 2 {
        return None;
    }
    let each =
        |(number, pods): (&Port, &Vec<&Pod>)| format!("{number} in {}", words::list(&words::owners(pods)));
    let table: Vec<String> = numbers.iter().map(each).collect();
    let message = format!("port `{name}` is {}", words::list(&table));
    let label = words::count(numbers.len(), "number", "numbers");
    Some(Finding::about(&RULE, rule.policy, message).at(item.place.clone(), label))
}
