//! # A range of very many ports
//!
//! A `ports` item admits a range of 16,384 ports or more, a quarter of all there are.
//!
//! ## Why is this bad?
//!
//! Such a range hardly restricts anything. It is often a placeholder that was to be narrowed later. If every port is meant,
//! leaving out `port` and `endPort` says so.
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
//!         - {port: 1, endPort: 65535}
//! ```
//!
//! ```text
//! note: this range admits 65535 ports of TCP
//!   9:11
//!   help: name the ports that are served; for all, leave out `port` and `endPort`
//! ```
//!
//! ## When it is silent
//!
//! A range of some thousand ports has its uses: node ports, media streams.
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: phone, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: phone}}
//!   policyTypes: [Ingress]
//!   ingress:
//!     - ports:
//!         - {protocol: UDP, port: 10000, endPort: 20000}
//! ```

use podfence_model::{PortMatch, PortSpec};
use podfence_source::Severity;

use crate::context::{Context, PolicyRule};
use crate::family::Family;
use crate::finding::Finding;
use crate::rule::{Check, Rule};
use crate::rule_ports;

pub(super) static RULE: Rule = Rule {
    code: "wide-range",
    family: Family::Ports,
    severity: Severity::Note,
    file: include_str!("wide_range.rs"),
    check: Check::World(check),
};

const MANY: u32 = 16_384;

fn check(context: &Context<'_>) -> Vec<Finding> {
    rule_ports::items(context).filter_map(|(rule, item)| finding(rule, item)).collect()
}

fn finding(rule: PolicyRule<'_>, item: &PortMatch) -> Option<Finding> {
    let PortSpec::Range(range) = &item.ports else { return None };
    let number = u32::from(range.last().get()) - u32::from(range.first().get()) + 1;
    if number < MANY {
        return None;
    }
    let message = format!("this range admits {number} ports of {}", item.protocol);
    let finding = Finding::about(&RULE, rule.policy, message).at(item.place.clone(), "");
    Some(finding.help("name the ports that are served; for all, leave out `port` and `endPort`"))
}
