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
//! ```text
//! opened    everybody → every pod TCP 8080
//! closed    everybody → every pod TCP 80
//! ```
//!
//! Where the Service's `targetPort` is a name that pods give to several numbers, the rule needs the name:
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: web}}
//!   policyTypes: [Egress]
//!   egress:
//!     - to:
//!         - podSelector: {matchLabels: {tier: store}}
//!       ports:
//!         - port: 80
//! ---
//! apiVersion: v1
//! kind: Service
//! metadata: {name: store, namespace: shop}
//! spec:
//!   clusterIP: None
//!   selector: {tier: store}
//!   ports: [{port: 80, targetPort: http}]
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: carts, namespace: shop, labels: {app: carts, tier: store}}
//! spec:
//!   containers:
//!     - {name: carts, image: carts, ports: [{name: http, containerPort: 8080}]}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: orders, namespace: shop, labels: {app: orders, tier: store}}
//! spec:
//!   containers:
//!     - {name: orders, image: orders, ports: [{name: http, containerPort: 9090}]}
//! ```
//!
//! ```text
//! error: port 80 is Service shop/store's, but its pods listen on http: no packet is translated by a headless Service
//!   11:11 no pod here listens on 80
//!   13:1 is headless
//!   help: name the pods' port, http
//! ```
//!
//! `--fix` does that where every pod that the rule is about is behind Services that translate to this one port. Where another
//! pod may listen on the Service's port itself, or on a third one, it is only suggested:
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: client, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: client}}
//!   policyTypes: [Egress]
//!   egress:
//!     - to:
//!         - podSelector: {matchLabels: {tier: web}}
//!       ports:
//!         - port: 80
//! ---
//! apiVersion: v1
//! kind: Service
//! metadata: {name: a, namespace: shop}
//! spec:
//!   selector: {app: a}
//!   ports: [{port: 80, targetPort: 8080}]
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: a, namespace: shop, labels: {app: a, tier: web}}
//! spec: {containers: [{name: a, image: a, ports: [{containerPort: 8080}]}]}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: legacy, namespace: shop, labels: {app: legacy, tier: web}}
//! spec: {containers: [{name: legacy, image: legacy}]}
//! ```
//!
//! ```text
//! error: port 80 is Service shop/a's, but its pods listen on 8080: policies see packets after the Service
//!   11:11 no pod here declares 80
//!   13:1 translates 80 to 8080
//!   help: name the pods' port, 8080
//! ```
//!
//! ## When it is silent
//!
//! - The rule is about others, too: an egress rule without peers, with a block of addresses, or with a peer of which the input
//!   has no pods.
//! - A pod that the rule is about declares the port, too: perhaps it listens on both.
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

use std::collections::BTreeSet;

use podfence_analysis::assumed::is_cluster_dns;
use podfence_model::{Pod, Port, PortMatch, Protocol, Service, ServiceAddress, ServicePort, TargetPort};
use podfence_source::{Edit, Severity};

use crate::context::{Context, PolicyRule};
use crate::family::Family;
use crate::finding::Finding;
use crate::rule::{Check, Rule};
use crate::rule_ports::{self, declares};

pub(super) static RULE: Rule = Rule {
    code: "service-port",
    family: Family::Ports,
    severity: Severity::Error,
    file: include_str!("service_port.rs"),
    check: Check::World(check),
};

/// A port item that is a Service's port, and what the pods behind it listen on.
pub(super) struct Untranslated<'a> {
    service: &'a Service,
    /// The number, or the name that stands for several.
    listens: String,
}

fn check(context: &Context<'_>) -> Vec<Finding> {
    rule_ports::items(context).filter_map(|(rule, item)| finding(context, rule, item)).collect()
}

fn finding(context: &Context<'_>, rule: PolicyRule<'_>, item: &PortMatch) -> Option<Finding> {
    let number = rule_ports::single(item)?;
    let destinations = rule_ports::destinations(context, rule);
    // `dns-port-5353` tells of these.
    if destinations.iter().any(|pod| is_cluster_dns(pod)) {
        return None;
    }
    let Untranslated { service, listens } = untranslated(context, &destinations, item, number)?;
    let id = &service.meta.id;
    let (why, translates) = match service.address {
        ServiceAddress::Headless => {
            ("no packet is translated by a headless Service", "is headless".to_owned())
        }
        _ => ("policies see packets after the Service", format!("translates {number} to {listens}")),
    };
    let message = format!("port {number} is Service {id}'s, but its pods listen on {listens}: {why}");
    let all_agree =
        destinations.iter().all(|pod| only_listens(context, pod, item.protocol, number, &listens));
    let does = if all_agree { "listens on" } else { "declares" };
    let finding = Finding::about(&RULE, rule.policy, message)
        .at(item.place.clone(), format!("no pod here {does} {number}"))
        .at_object(&service.meta.origin, translates);
    let finding = finding.help(format!("name the pods' port, {listens}"));
    let edits = edits(context, item, &listens);
    Some(if all_agree { finding.fix(edits) } else { finding.suggest(edits) })
}

/// The Service before some of the pods that has this port, when its pods declare the one that it translates to, and no pod
/// that the rule is about declares the Service's.
pub(super) fn untranslated<'a>(
    context: &Context<'a>,
    destinations: &[&Pod],
    item: &PortMatch,
    number: Port,
) -> Option<Untranslated<'a>> {
    if destinations.iter().any(|pod| declares(pod, item.protocol, number)) {
        return None;
    }
    context.world.services.values().find_map(|service| {
        let port = service.port(item.protocol, number)?;
        let listens = target(port, destinations.iter().filter(|pod| Context::fronts(service, pod)))?;
        Some(Untranslated { service, listens })
    })
}

/// What the pods behind a Service's port declare for it: one number, or the name of several.
fn target<'p>(port: &ServicePort, pods: impl Iterator<Item = &'p &'p Pod>) -> Option<String> {
    let numbers: BTreeSet<Port> = match &port.target {
        TargetPort::Number(number) => {
            pods.filter(|pod| declares(pod, port.protocol, *number)).map(|_| *number).collect()
        }
        TargetPort::Named(name) => pods.flat_map(|pod| pod.named_port(name, port.protocol)).collect(),
    };
    match (numbers.len(), &port.target) {
        (1, _) => numbers.first().map(ToString::to_string),
        (2.., TargetPort::Named(name)) => Some(name.clone()),
        _ => None,
    }
}

/// Whether a pod is behind Services with this port, and all of them translate it to what it `listens` on. Another pod may
/// listen on the Service's port itself: images listen on more than they declare.
fn only_listens(context: &Context<'_>, pod: &Pod, protocol: Protocol, number: Port, listens: &str) -> bool {
    let before = context.world.services.values().filter(|service| Context::fronts(service, pod));
    let ports: Vec<&ServicePort> = before.filter_map(|service| service.port(protocol, number)).collect();
    let agrees = |port: &&ServicePort| match &port.target {
        TargetPort::Named(name) if name == listens => pod.named_port(name, protocol).next().is_some(),
        _ => target(port, [&pod].into_iter()).is_some_and(|found| found == listens),
    };
    !ports.is_empty() && ports.iter().all(agrees)
}

/// The other port, and no end of a range.
fn edits(context: &Context<'_>, item: &PortMatch, listens: &str) -> Option<Vec<Edit>> {
    let text = context.view(item.place.as_ref())?;
    let port = text.get(&["port"])?.replace_scalar(listens)?;
    match text.field("endPort") {
        Some(end) => Some(vec![port, end.remove()?]),
        None => Some(vec![port]),
    }
}
