//! # A port of UDP without `protocol: UDP`
//!
//! A `ports` item names a port that is served by UDP, and leaves `protocol` out.
//!
//! ## Why is this bad?
//!
//! A protocol that is left out is TCP. The port of DNS, 53, is the usual victim: resolvers ask by UDP and only repeat a
//! question by TCP when the answer was too large.
//!
//! ## Example
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: clock, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: clock}}
//!   policyTypes: [Egress]
//!   egress:
//!     - to:
//!         - ipBlock: {cidr: 192.0.2.0/24}
//!       ports:
//!         - port: 123
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: clock, namespace: shop, labels: {app: clock}}
//! spec: {containers: [{name: clock, image: clock}]}
//! ```
//!
//! ```text
//! warning: NTP is served by UDP, and port 123 without a `protocol` is TCP's
//!   11:11 TCP only
//!   help: add `protocol: UDP`
//! ```
//!
//! ```yaml fixed
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: clock, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: clock}}
//!   policyTypes: [Egress]
//!   egress:
//!     - to:
//!         - ipBlock: {cidr: 192.0.2.0/24}
//!       ports:
//!         - port: 123
//!           protocol: UDP
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: clock, namespace: shop, labels: {app: clock}}
//! spec: {containers: [{name: clock, image: clock}]}
//! ```
//!
//! ```text
//! opened    shop/clock → 192.0.2.0/24 UDP 123
//! may open  every pod → every pod UDP 123
//! is closed every pod → every pod TCP 123, undecidable before
//! closed    shop/clock → 192.0.2.0/24 TCP 123
//! ```
//!
//! DNS needs both:
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: dns, namespace: shop}
//! spec:
//!   podSelector: {}
//!   policyTypes: [Egress]
//!   egress:
//!     - ports:
//!         - port: 53
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop, labels: {app: web}}
//! spec: {containers: [{name: web, image: web}]}
//! ```
//!
//! ```text
//! warning: DNS is served by UDP, and port 53 without a `protocol` is TCP's
//!   9:11 TCP only
//!   help: admit 53 of UDP, too
//! ```
//!
//! ```yaml fixed
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: dns, namespace: shop}
//! spec:
//!   podSelector: {}
//!   policyTypes: [Egress]
//!   egress:
//!     - ports:
//!         - port: 53
//!         - port: 53
//!           protocol: UDP
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop, labels: {app: web}}
//! spec: {containers: [{name: web, image: web}]}
//! ```
//!
//! ```text
//! widened   every pod → everybody UDP 53 (TCP 53 stays allowed)
//! ```
//!
//! ## When it is silent
//!
//! - The protocol is written out: TCP is meant, then.
//! - The policy admits the number for UDP elsewhere.
//! - A pod that the rule is about declares the port for TCP (but DNS).
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: dns, namespace: shop}
//! spec:
//!   podSelector: {}
//!   policyTypes: [Egress]
//!   egress:
//!     - ports:
//!         - port: 53
//!         - {port: 53, protocol: UDP}
//! ```

use podfence_model::{Port, PortMatch, Protocol};
use podfence_source::{Edit, Severity};

use crate::context::{Context, PolicyRule};
use crate::family::Family;
use crate::finding::Finding;
use crate::rule::{Check, Rule};
use crate::rule_ports::{self, admits, declares};

pub(super) static RULE: Rule = Rule {
    code: "udp-port-as-tcp",
    family: Family::Ports,
    severity: Severity::Warning,
    file: include_str!("udp_port_as_tcp.rs"),
    check: Check::World(check),
};

const DNS: u16 = 53;

/// Ports that are served by UDP, and by TCP hardly ever (but DNS).
const SERVED_BY_UDP: [(u16, &str); 12] = [
    (DNS, "DNS"),
    (67, "DHCP"),
    (69, "TFTP"),
    (123, "NTP"),
    (161, "SNMP"),
    (500, "IKE"),
    (1812, "RADIUS"),
    (1813, "RADIUS accounting"),
    (4500, "IPsec through NAT"),
    (4789, "VXLAN"),
    (8472, "VXLAN"),
    (51820, "WireGuard"),
];

fn check(context: &Context<'_>) -> Vec<Finding> {
    rule_ports::items(context).filter_map(|(rule, item)| finding(context, rule, item)).collect()
}

/// Whether it speaks of a number that a rule names.
pub(super) fn tells(context: &Context<'_>, rule: PolicyRule<'_>, number: Port) -> bool {
    let mut items = rule.rule.ports.iter().filter(|item| rule_ports::single(item) == Some(number));
    items.any(|item| finding(context, rule, item).is_some())
}

fn finding(context: &Context<'_>, rule: PolicyRule<'_>, item: &PortMatch) -> Option<Finding> {
    let number = rule_ports::single(item)?;
    let (_, service) = SERVED_BY_UDP.iter().find(|(port, _)| *port == number.get())?;
    let omitted = context.view(item.place.as_ref())?.get(&["protocol"]).is_none();
    let mut others = rule.policy.rules(rule.direction).iter().flat_map(|rule| &rule.ports);
    let is_dns = number.get() == DNS;
    let meant = || {
        let pods = rule_ports::destinations(context, rule);
        !is_dns && pods.iter().any(|pod| declares(pod, Protocol::Tcp, number))
    };
    if !omitted || others.any(|other| admits(other, Protocol::Udp, number)) || meant() {
        return None;
    }
    let message = format!("{service} is served by UDP, and port {number} without a `protocol` is TCP's");
    let help = if is_dns { "admit 53 of UDP, too" } else { "add `protocol: UDP`" };
    let finding = Finding::about(&RULE, rule.policy, message).at(item.place.clone(), "TCP only").help(help);
    Some(finding.suggest(edit(context, rule, item, is_dns)))
}

fn edit(context: &Context<'_>, rule: PolicyRule<'_>, item: &PortMatch, is_dns: bool) -> Option<Vec<Edit>> {
    if !is_dns {
        return Some(vec![context.view(item.place.as_ref())?.add_field("protocol: UDP")?]);
    }
    let ports = context.view(rule.rule.place.as_ref())?.get(&["ports"])?;
    let block = ports.add_item("port: 53\nprotocol: UDP");
    Some(vec![block.or_else(|| ports.add_flow_item("{port: 53, protocol: UDP}"))?])
}
