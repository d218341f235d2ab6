//! # Peers and ports in two rules
//!
//! A rule with only peers is followed by one with only ports. Rules are joined by OR: the first admits its peers on every port,
//! the second admits everybody on its ports.
//!
//! ## Why is this bad?
//!
//! One rule with both would admit the peers on the ports, which is mostly what was meant. The dash before `ports` makes it two.
//!
//! ## Example
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: db, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: db}}
//!   ingress:
//!     - from:
//!         - podSelector: {matchLabels: {app: api}}
//!     - ports:
//!         - port: 5432
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: db, namespace: shop, labels: {app: db}}
//! spec: {containers: [{name: db, image: db, ports: [{containerPort: 5432}]}]}
//! ```
//!
//! ```text
//! warning: peers and ports are two rules: the second admits its ports from everybody
//!   9:7 from everybody
//!   7:7 on every port
//!   help: take out the `-` before `ports` if the peers are to use these ports only
//! ```
//!
//! ```yaml fixed
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: db, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: db}}
//!   ingress:
//!     - from:
//!         - podSelector: {matchLabels: {app: api}}
//!       ports:
//!         - port: 5432
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: db, namespace: shop, labels: {app: db}}
//! spec: {containers: [{name: db, image: db, ports: [{containerPort: 5432}]}]}
//! ```
//!
//! ```text
//! closed    everybody → every pod TCP 5432
//! ```
//!
//! It is a warning where the pods declare no other port than those that rules without peers open, so that the first one is of no use.
//! Where nobody knows their ports, it is a note:
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: db, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: db}}
//!   ingress:
//!     - from:
//!         - podSelector: {matchLabels: {app: api}}
//!     - ports:
//!         - port: 5432
//! ```
//!
//! ```text
//! note: peers and ports are two rules: the second admits its ports from everybody
//!   9:7 from everybody
//!   7:7 on every port
//!   help: take out the `-` before `ports` if the peers are to use these ports only
//! ```
//!
//! ## When it is silent
//!
//! - The pods declare other ports, too: the first rule is for those.
//! - The ports are those of the DNS only, which many policies open for everybody.
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: web}}
//!   ingress:
//!     - from:
//!         - podSelector: {matchLabels: {app: prometheus}}
//!     - ports:
//!         - port: 8080
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop, labels: {app: web}}
//! spec: {containers: [{name: web, image: web, ports: [{containerPort: 8080}, {containerPort: 9100}]}]}
//! ```

use podfence_model::{ContainerPort, Direction, NetworkPolicy, Pod, PortMatch, PortSpec, Rule as PolicyRule};
use podfence_source::{Edit, Severity};

use crate::context::Context;
use crate::family::Family;
use crate::finding::Finding;
use crate::rule::{Check, Rule};

pub(super) static RULE: Rule = Rule {
    code: "split-rule",
    family: Family::Selecting,
    severity: Severity::Warning,
    file: include_str!("split_rule.rs"),
    check: Check::World(check),
};

/// A rule of peers, and behind it one of ports.
struct Split<'a> {
    policy: &'a NetworkPolicy,
    direction: Direction,
    peers: &'a PolicyRule,
    ports: &'a PolicyRule,
}

fn check(context: &Context<'_>) -> Vec<Finding> {
    let rules: Vec<_> = context.rules().collect();
    let pairs = rules.windows(2).filter_map(|pair| Some((pair.first()?, pair.last()?)));
    let split = pairs.filter_map(|(first, second)| {
        let one = std::ptr::eq(first.policy, second.policy) && first.direction == second.direction;
        let (peers, ports) = (first.rule, second.rule);
        let apart = !peers.peers.is_empty() && peers.ports.is_empty() && ports.peers.is_empty();
        let found = Split { policy: first.policy, direction: first.direction, peers, ports };
        (one && apart && !ports.ports.is_empty() && !is_dns(&ports.ports)).then_some(found)
    });
    split.filter_map(|split| finding(context, &split)).collect()
}

fn is_dns(items: &[PortMatch]) -> bool {
    let one = |item: &PortMatch| match &item.ports {
        PortSpec::Range(range) => [53, 5353].contains(&range.first().get()) && range.first() == range.last(),
        PortSpec::Named(name) => name.starts_with("dns"),
        PortSpec::All => false,
    };
    items.iter().all(one)
}

fn finding(context: &Context<'_>, split: &Split<'_>) -> Option<Finding> {
    let pods = destinations(context, split);
    let declared: Vec<&ContainerPort> = pods.iter().flat_map(|pod| &pod.ports).collect();
    let (side, whom) = match split.direction {
        Direction::Ingress => ("from", "from everybody"),
        Direction::Egress => ("to", "to everybody"),
    };
    if declared.iter().any(|port| !open_ports(split).any(|item| holds(item, port))) {
        return None;
    }
    let severity = if declared.is_empty() { Severity::Note } else { Severity::Warning };
    let message = format!("peers and ports are two rules: the second admits its ports {whom}");
    let peers = context.view(split.peers.place.as_ref()).and_then(|rule| Some(rule.field(side)?.key_place()));
    let ports = context.view(split.ports.place.as_ref()).and_then(|rule| Some(rule.field("ports")?.place()));
    let finding = Finding::about(&RULE, split.policy, message).severity(severity).at(ports, whom);
    let help = "take out the `-` before `ports` if the peers are to use these ports only";
    Some(finding.at(peers, "on every port").help(help).suggest(edits(context, split)))
}

/// The pods whose ports the rules are about.
fn destinations<'a>(context: &Context<'a>, split: &Split<'_>) -> Vec<&'a Pod> {
    match split.direction {
        Direction::Ingress => context.selected(split.policy),
        Direction::Egress => {
            split.peers.peers.iter().flat_map(|peer| context.peer_pods(split.policy, peer)).collect()
        }
    }
}

/// What rules without peers open, this one and others of the policy: the dash may have split several.
fn open_ports<'a>(split: &Split<'a>) -> impl Iterator<Item = &'a PortMatch> {
    let rules = split.policy.rules(split.direction).iter();
    rules.filter(|rule| rule.peers.is_empty()).flat_map(|rule| &rule.ports)
}

fn holds(item: &PortMatch, port: &ContainerPort) -> bool {
    item.protocol == port.protocol
        && match &item.ports {
            PortSpec::All => true,
            PortSpec::Range(range) => range.contains(port.number),
            PortSpec::Named(name) => port.name.as_ref() == Some(name),
        }
}

fn edits(context: &Context<'_>, split: &Split<'_>) -> Option<Vec<Edit>> {
    let rules = context.spec(split.policy)?.get(&[&split.direction.to_string()])?;
    let index =
        split.policy.rules(split.direction).iter().position(|rule| std::ptr::eq(rule, split.ports))?;
    Some(vec![rules.undash(index)?])
}
