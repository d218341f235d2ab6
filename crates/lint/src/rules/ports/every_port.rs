//! # A port item without a port
//!
//! A `ports` item has no `port`: it admits every port of its protocol. Beside items with ports of the same protocol these add
//! nothing; most often a `-` too many has made two items of one.
//!
//! ## Why is this bad?
//!
//! The rule admits far more than it seems to: `- protocol: TCP` above `- port: 8080` are two items, each of which is enough.
//! And `- {}` is not every port of every protocol, but every port of TCP.
//!
//! ## Example
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {}
//!   policyTypes: [Ingress]
//!   ingress:
//!     - ports:
//!         - protocol: TCP
//!         - port: 8080
//! ```
//!
//! ```text
//! warning: this item alone admits every TCP port, so that TCP 8080 adds nothing
//!   9:11 every TCP port
//!   10:11 adds nothing
//!   help: if one item is meant, take out the second `-`
//! ```
//!
//! As one item:
//!
//! ```yaml fixed
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {}
//!   policyTypes: [Ingress]
//!   ingress:
//!     - ports:
//!         - protocol: TCP
//!           port: 8080
//! ```
//!
//! ```text
//! EQUAL  nothing changes: every connection is judged as before
//! ```
//!
//! An empty item (a warning), or one with a protocol only (a note):
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {}
//!   policyTypes: [Ingress]
//!   ingress:
//!     - ports:
//!         - {}
//! ---
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: db, namespace: shop}
//! spec:
//!   podSelector: {}
//!   policyTypes: [Ingress]
//!   ingress:
//!     - ports:
//!         - protocol: UDP
//! ```
//!
//! ```text
//! warning: this item admits every TCP port, and no other protocol
//!   9:11 every TCP port
//!   help: name the ports; for every port of every protocol, leave out `ports`
//! note: this item admits every UDP port, and no other protocol
//!   19:11 every UDP port
//!   help: name the ports; for every port of every protocol, leave out `ports`
//! ```
//!
//! ## When it is silent
//!
//! When a rule lists several protocols without ports: that is how "everything but ICMP" is said.
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
//!         - protocol: TCP
//!         - protocol: UDP
//! ```

use podfence_model::{PortMatch, PortSpec};
use podfence_source::{Edit, Severity};

use crate::context::{Context, PolicyRule};
use crate::family::Family;
use crate::finding::Finding;
use crate::rule::{Check, Rule};
use crate::rule_ports;

pub(super) static RULE: Rule = Rule {
    code: "every-port",
    family: Family::Ports,
    severity: Severity::Warning,
    file: include_str!("every_port.rs"),
    check: Check::World(check),
};

fn check(context: &Context<'_>) -> Vec<Finding> {
    let open = rule_ports::items(context).filter(|(_, item)| item.ports == PortSpec::All);
    open.filter_map(|(rule, item)| finding(context, rule, item)).collect()
}

fn finding(context: &Context<'_>, rule: PolicyRule<'_>, item: &PortMatch) -> Option<Finding> {
    let ports = &rule.rule.ports;
    let idle = ports.iter().find(|other| other.protocol == item.protocol && other.ports != PortSpec::All);
    if let Some(idle) = idle {
        return Some(split(context, rule, item, idle));
    }
    let protocol = item.protocol;
    let empty = context.view(item.place.as_ref()).is_some_and(|view| view.is_empty_collection());
    let listed = ports.iter().filter(|other| other.ports == PortSpec::All).count() > 1;
    if listed && !empty {
        return None;
    }
    let severity = if empty { Severity::Warning } else { Severity::Note };
    let message = format!("this item admits every {protocol} port, and no other protocol");
    let finding = Finding::about(&RULE, rule.policy, message).severity(severity);
    let help = "name the ports; for every port of every protocol, leave out `ports`";
    Some(finding.at(item.place.clone(), format!("every {protocol} port")).help(help))
}

fn split(context: &Context<'_>, rule: PolicyRule<'_>, item: &PortMatch, idle: &PortMatch) -> Finding {
    let protocol = item.protocol;
    let message = format!("this item alone admits every {protocol} port, so that {idle} adds nothing");
    Finding::about(&RULE, rule.policy, message)
        .at(item.place.clone(), format!("every {protocol} port"))
        .at(idle.place.clone(), "adds nothing")
        .help("if one item is meant, take out the second `-`")
        .suggest(joined(context, rule, item))
}

/// An item with only a protocol and the next one, which has none, made one.
fn joined(context: &Context<'_>, rule: PolicyRule<'_>, item: &PortMatch) -> Option<Vec<Edit>> {
    let index = rule.rule.ports.iter().position(|other| other == item)?;
    let list = context.view(rule.rule.place.as_ref())?.get(&["ports"])?;
    let (upper, lower) = (list.items().nth(index)?, list.items().nth(index + 1)?);
    let apart = lower.field("protocol").is_some() || upper.field("protocol").is_none();
    if apart { None } else { Some(vec![list.undash(index + 1)?]) }
}
