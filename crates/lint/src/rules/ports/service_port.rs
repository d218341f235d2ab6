//! # A rule names the port of a Service, not of its pods
//!
//! A rule's port is a Service's `port`, and the pods behind that Service listen on another one, its `targetPort`. Policies see
//! packets after the Service has translated them, so the rule never matches.
//!
//! ## Why is this bad?
//!
//! Clients connect to the Service's port, so the rule looks right, and every connection is refused.
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
//!     - ports:
//!         - port: 80
//! ---
//! apiVersion: v1
//! kind: Service
//! metadata: {name: web, namespace: shop}
//! spec:
//!   selector: {app: web}
//!   ports: [{port: 80, targetPort: 8080}]
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop, labels: {app: web}}
//! spec:
//!   containers:
//!     - {name: web, image: web, ports: [{containerPort: 8080}]}
//! ```
//!
//! ```text
//! error: port 80 is Service shop/web's, but its pods listen on 8080: policies see packets after the Service
//!   9:11 no pod here listens on 80
//!   11:1 translates 80 to 8080
//!   help: name the pods' port, 8080
//! ```
//!
//! Name the port that the pods listen on:
//!
//! ```yaml fixed
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: web}}
//!   policyTypes: [Ingress]
//!   ingress:
//!     - ports:
//!         - port: 8080
//! ---
//! apiVersion: v1
//! kind: Service
//! metadata: {name: web, namespace: shop}
//! spec:
//!   selector: {app: web}
//!   ports: [{port: 80, targetPort: 8080}]
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop, labels: {app: web}}
//! spec:
//!   containers:
//!     - {name: web, image: web, ports: [{containerPort: 8080}]}
//! ```
//!
//! ## When it is silent
//!
//! When a pod that the rule is about declares the port, too: perhaps it listens on both.
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
//!         - port: 80
//! ---
//! apiVersion: v1
//! kind: Service
//! metadata: {name: web, namespace: shop}
//! spec:
//!   selector: {app: web}
//!   ports: [{port: 80, targetPort: 8080}]
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop, labels: {app: web}}
//! spec:
//!   containers:
//!     - {name: web, image: web, ports: [{containerPort: 8080}, {containerPort: 80}]}
//! ```

use podfence_analysis::assumed::is_cluster_dns;
use podfence_model::{Direction, Pod, Port, PortMatch, PortSpec, Service, ServicePort, TargetPort};
use podfence_source::{Edit, Severity};

use crate::context::{Context, PolicyRule};
use crate::family::Family;
use crate::finding::Finding;
use crate::rule::{Check, Rule};

pub(super) static RULE: Rule = Rule {
    code: "service-port",
    family: Family::Ports,
    severity: Severity::Error,
    file: include_str!("service_port.rs"),
    check: Check::World(check),
};

/// A port item that is a Service's port, and what the pods behind it listen on.
struct Untranslated<'a> {
    service: &'a Service,
    listens: Port,
}

fn check(context: &Context<'_>) -> Vec<Finding> {
    let items = context.rules().flat_map(|rule| rule.rule.ports.iter().map(move |item| (rule, item)));
    items.filter_map(|(rule, item)| finding(context, rule, item)).collect()
}

fn finding(context: &Context<'_>, rule: PolicyRule<'_>, item: &PortMatch) -> Option<Finding> {
    let PortSpec::Range(range) = &item.ports else { return None };
    let number = (range.first() == range.last()).then(|| range.first())?;
    let destinations = destinations(context, rule);
    // `dns-port-5353` tells of these.
    if destinations.iter().any(|pod| is_cluster_dns(pod)) {
        return None;
    }
    if destinations.iter().any(|pod| listens(pod, item, number)) {
        return None;
    }
    let Untranslated { service, listens } = untranslated(context, &destinations, item, number)?;
    let id = &service.meta.id;
    let message = format!(
        "port {number} is Service {id}'s, but its pods listen on {listens}: policies see packets after the Service"
    );
    let finding = Finding::about(&RULE, rule.policy, message)
        .at(item.place.clone(), format!("no pod here listens on {number}"))
        .at_object(&service.meta.origin, format!("translates {number} to {listens}"));
    Some(finding.help(format!("name the pods' port, {listens}")).fix(edit(context, item, listens)))
}

/// The pods whose ports a rule names.
fn destinations<'a>(context: &Context<'a>, rule: PolicyRule<'_>) -> Vec<&'a Pod> {
    match rule.direction {
        Direction::Ingress => context.selected(rule.policy),
        Direction::Egress => rule.rule.peers.iter().flat_map(|p| context.peer_pods(rule.policy, p)).collect(),
    }
}

fn listens(pod: &Pod, item: &PortMatch, number: Port) -> bool {
    pod.ports.iter().any(|port| (port.protocol, port.number) == (item.protocol, number))
}

/// The Service before some of the pods that has this port, when its pods declare the one that it translates to.
fn untranslated<'a>(
    context: &Context<'a>,
    destinations: &[&Pod],
    item: &PortMatch,
    number: Port,
) -> Option<Untranslated<'a>> {
    let fronts = |service| destinations.iter().find(|pod| Context::fronts(service, pod)).copied();
    context.world.services.values().find_map(|service| {
        let pod = fronts(service)?;
        let listens = target(service.port(item.protocol, number)?, pod)?;
        let declared = listens != number && self::listens(pod, item, listens);
        declared.then_some(Untranslated { service, listens })
    })
}

fn target(port: &ServicePort, pod: &Pod) -> Option<Port> {
    match &port.target {
        TargetPort::Number(number) => Some(*number),
        TargetPort::Named(name) => pod.named_port(name, port.protocol).next(),
    }
}

fn edit(context: &Context<'_>, item: &PortMatch, listens: Port) -> Option<Vec<Edit>> {
    let port = context.view(item.place.as_ref())?.get(&["port"])?;
    Some(vec![port.replace_scalar(&listens.to_string())?])
}
