//! # A rule names a port that no pod has
//!
//! A rule's `port` is a name, and no container of the pods that it is about gives a port this name, at least not for the
//! rule's protocol. Or the rule is about addresses outside the cluster, which give no names at all.
//!
//! ## Why is this bad?
//!
//! A name is looked up in the containers' `ports` of each pod. Where it is not found, the item admits nothing, and nobody says
//! so: the connection is refused as if the rule were not there.
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
//!         - port: htpp
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop, labels: {app: web}}
//! spec:
//!   containers:
//!     - {name: web, image: web, ports: [{name: http, containerPort: 8080}]}
//! ```
//!
//! ```text
//! error: no TCP port of 1 pod (web) has the name `htpp`
//!   9:11 admits nothing
//!   help: did you mean `http`?
//! ```
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
//!         - port: http
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop, labels: {app: web}}
//! spec:
//!   containers:
//!     - {name: web, image: web, ports: [{name: http, containerPort: 8080}]}
//! ```
//!
//! ```text
//! opened    everybody → every pod TCP 8080
//! ```
//!
//! The names of a Service's ports are not those of its pods:
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
//!         - port: public
//! ---
//! apiVersion: v1
//! kind: Service
//! metadata: {name: web, namespace: shop}
//! spec:
//!   selector: {app: web}
//!   ports: [{name: public, port: 80, targetPort: 8080}]
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop, labels: {app: web}}
//! spec:
//!   containers:
//!     - {name: web, image: web, ports: [{name: http, containerPort: 8080}]}
//! ```
//!
//! ```text
//! error: no TCP port of 1 pod (web) has the name `public`
//!   9:11 admits nothing
//!   help: it is the name of a port of Service shop/web; the pods have `http`
//! ```
//!
//! A protocol that is left out is TCP, for names as well:
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: dns, namespace: infra}
//! spec:
//!   podSelector: {matchLabels: {app: dns}}
//!   policyTypes: [Ingress]
//!   ingress:
//!     - ports:
//!         - port: dns
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: dns, namespace: infra, labels: {app: dns}}
//! spec:
//!   containers:
//!     - {name: dns, image: dns, ports: [{name: dns, containerPort: 53, protocol: UDP}]}
//! ```
//!
//! ```text
//! error: no TCP port of 1 pod (dns) has the name `dns`
//!   9:11 admits nothing
//!   help: it is the name of a UDP port: write `protocol: UDP`
//! ```
//!
//! Ports without a name are admitted by their number:
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
//!         - port: http
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
//! error: no TCP port of 1 pod (web) has the name `http`
//!   9:11 admits nothing
//!   help: the pods' TCP ports have no names: use the number, 8080
//! ```
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
//! kind: Pod
//! metadata: {name: web, namespace: shop, labels: {app: web}}
//! spec:
//!   containers:
//!     - {name: web, image: web, ports: [{containerPort: 8080}]}
//! ```
//!
//! ```text
//! opened    everybody → every pod TCP 8080
//! ```
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
//!         - ipBlock: {cidr: 192.0.2.0/24}
//!       ports:
//!         - port: https
//! ```
//!
//! ```text
//! warning: port `https` is looked up in pods; addresses of an `ipBlock` give ports no names
//!   11:11 admits nothing outside the cluster
//!   help: name the port by its number
//! ```
//!
//! ## When it is silent
//!
//! When the input does not have all pods that the rule is about, and when at least one of them has the name.
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {}
//!   policyTypes: [Ingress]
//!   ingress:
//!     - ports:
//!         - port: http
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop, labels: {app: web}}
//! spec:
//!   containers:
//!     - {name: web, image: web, ports: [{name: http, containerPort: 8080}]}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: db, namespace: shop, labels: {app: db}}
//! spec:
//!   containers:
//!     - {name: db, image: db, ports: [{name: sql, containerPort: 5432}]}
//! ```

use podfence_model::{Direction, PeerKind, Pod, PortMatch, nearest};
use podfence_source::{Edit, Severity};

use crate::context::{Context, PolicyRule};
use crate::family::Family;
use crate::finding::Finding;
use crate::rule::{Check, Rule};
use crate::{rule_ports, words};

pub(super) static RULE: Rule = Rule {
    code: "port-name-unknown",
    family: Family::Ports,
    severity: Severity::Error,
    file: include_str!("port_name_unknown.rs"),
    check: Check::World(check),
};

fn check(context: &Context<'_>) -> Vec<Finding> {
    let named = rule_ports::named(context);
    named.filter_map(|(rule, item, name)| finding(context, rule, item, name)).collect()
}

fn finding(context: &Context<'_>, rule: PolicyRule<'_>, item: &PortMatch, name: &str) -> Option<Finding> {
    if is_of_blocks(rule) {
        return Some(outside(rule, item, name));
    }
    let pods = rule_ports::destinations(context, rule);
    let known = !pods.is_empty() && pods.iter().all(|pod| context.knows_pods_of(&pod.meta.id.namespace));
    if !known || pods.iter().any(|pod| pod.named_port(name, item.protocol).next().is_some()) {
        return None;
    }
    let whose = words::pods(pods.iter().copied());
    let message = format!("no {} port of {whose} has the name `{name}`", item.protocol);
    let finding = Finding::about(&RULE, rule.policy, message).at(item.place.clone(), "admits nothing");
    let near = nearest(name, names(&pods, item));
    let finding = finding.help(help(context, &pods, item, name, near));
    let instead = near.map(str::to_owned).or_else(|| only_number(&pods, item));
    Some(finding.suggest(instead.and_then(|instead| edit(context, item, &instead))))
}

/// Whether an egress rule is about addresses only.
fn is_of_blocks(rule: PolicyRule<'_>) -> bool {
    let mut peers = rule.rule.peers.iter();
    let blocks = peers.all(|peer| matches!(peer.kind, PeerKind::Block(_))) && !rule.rule.peers.is_empty();
    rule.direction == Direction::Egress && blocks
}

fn outside(rule: PolicyRule<'_>, item: &PortMatch, name: &str) -> Finding {
    let message =
        format!("port `{name}` is looked up in pods; addresses of an `ipBlock` give ports no names");
    Finding::about(&RULE, rule.policy, message)
        .severity(Severity::Warning)
        .at(item.place.clone(), "admits nothing outside the cluster")
        .help("name the port by its number")
}

/// The names that pods give to ports of the item's protocol.
fn names<'p>(pods: &[&'p Pod], item: &PortMatch) -> Vec<&'p str> {
    let ports = pods.iter().flat_map(|pod| &pod.ports).filter(|port| port.protocol == item.protocol);
    let mut names: Vec<&str> = ports.filter_map(|port| port.name.as_deref()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn help(context: &Context<'_>, pods: &[&Pod], item: &PortMatch, name: &str, near: Option<&str>) -> String {
    if let Some(near) = near {
        return format!("did you mean `{near}`?");
    }
    let mut ports = pods.iter().flat_map(|pod| &pod.ports);
    if let Some(other) = ports.find(|port| port.name.as_deref() == Some(name)) {
        return format!("it is the name of a {0} port: write `protocol: {0}`", other.protocol);
    }
    let known: Vec<String> = names(pods, item).iter().map(|name| format!("`{name}`")).collect();
    let have = if known.is_empty() {
        nameless(pods, item)
    } else {
        format!("the pods have {}", words::list(&known))
    };
    match service_of(context, pods, name) {
        Some(service) => format!("it is the name of a port of Service {service}; {have}"),
        None => have,
    }
}

/// What to write where no port has a name.
fn nameless(pods: &[&Pod], item: &PortMatch) -> String {
    let numbers = rule_ports::declared(pods, item.protocol);
    let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    match numbers.as_slice() {
        [] => format!("the pods declare no {} port: use the number", item.protocol),
        _ => format!(
            "the pods' {} ports have no names: use the number, {}",
            item.protocol,
            words::list(&numbers)
        ),
    }
}

/// The number to write in place of a name: the only one that the pods declare, if no port has a name.
fn only_number(pods: &[&Pod], item: &PortMatch) -> Option<String> {
    let numbers = rule_ports::declared(pods, item.protocol);
    let only = numbers.first().filter(|_| numbers.len() == 1 && names(pods, item).is_empty())?;
    let other_protocol = pods.iter().flat_map(|pod| &pod.ports).any(|port| port.protocol != item.protocol);
    (!other_protocol).then(|| only.to_string())
}

/// A Service of these pods' namespaces with a port of this name.
fn service_of(context: &Context<'_>, pods: &[&Pod], name: &str) -> Option<String> {
    let here = |namespace: &str| pods.iter().any(|pod| pod.meta.id.namespace == namespace);
    let mut services = context.world.services.values().filter(|service| here(&service.meta.id.namespace));
    let service =
        services.find(|service| service.ports.iter().any(|port| port.name.as_deref() == Some(name)))?;
    Some(service.meta.id.to_string())
}

fn edit(context: &Context<'_>, item: &PortMatch, near: &str) -> Option<Vec<Edit>> {
    let port = context.view(item.place.as_ref())?.get(&["port"])?;
    Some(vec![port.replace_scalar(near)?])
}
