//! Policies as YAML.

use std::collections::BTreeSet;

use podfence_model::{
    Directions, LabelSelector, Labels, NamespaceScope, NetworkPolicy, Operator, PeerKind, PortMatch,
    PortSpec, Requirement, Rule,
};

use super::{Text, flow_map};

/// A policy as one document.
pub(super) fn document(policy: &NetworkPolicy) -> String {
    let id = &policy.meta.id;
    let mut text = Text::object("networking.k8s.io/v1", "NetworkPolicy", Some(&id.namespace), &id.name);
    text.labels(&policy.meta.labels);
    text.line(0, "spec:");
    text.line(1, &format!("podSelector: {}", selector(&policy.subject)));
    let default = Directions { ingress: true, egress: !policy.egress.is_empty() };
    if policy.directions != default {
        text.line(1, &format!("policyTypes: [{}]", policy_types(policy.directions)));
    }
    rules(&mut text, "ingress", "from", &policy.ingress);
    rules(&mut text, "egress", "to", &policy.egress);
    text.text
}

fn policy_types(directions: Directions) -> &'static str {
    match (directions.ingress, directions.egress) {
        (true, true) => "Ingress, Egress",
        (true, false) => "Ingress",
        (false, true) => "Egress",
        (false, false) => "",
    }
}

fn rules(text: &mut Text, field: &str, peers: &str, rules: &[Rule]) {
    if rules.is_empty() {
        return;
    }
    text.line(1, &format!("{field}:"));
    for rule in rules {
        rule_lines(text, peers, rule);
    }
}

fn rule_lines(text: &mut Text, peers: &str, rule: &Rule) {
    if rule.peers.is_empty() && rule.ports.is_empty() {
        return text.line(1, "- {}");
    }
    let mut start = "- ";
    if !rule.peers.is_empty() {
        text.line(1, &format!("{start}{peers}:"));
        rule.peers.iter().for_each(|p| text.line(2, &format!("- {}", peer(&p.kind))));
        start = "  ";
    }
    if !rule.ports.is_empty() {
        text.line(1, &format!("{start}ports:"));
        rule.ports.iter().for_each(|item| text.line(2, &format!("- {}", port(item))));
    }
}

fn peer(kind: &PeerKind) -> String {
    match kind {
        PeerKind::Pods { namespaces: NamespaceScope::Own, pods } => {
            format!("podSelector: {}", selector(pods))
        }
        PeerKind::Pods { namespaces: NamespaceScope::Matching(namespaces), pods } => {
            let namespaces = selector(namespaces);
            if pods.is_everything() {
                return format!("namespaceSelector: {namespaces}");
            }
            format!("{{namespaceSelector: {namespaces}, podSelector: {}}}", selector(pods))
        }
        PeerKind::Block(block) => {
            let excepts: Vec<String> = block.except().iter().map(|cidr| format!("\"{cidr}\"")).collect();
            let except = if excepts.is_empty() {
                String::new()
            } else {
                format!(", except: [{}]", excepts.join(", "))
            };
            format!("ipBlock: {{cidr: \"{}\"{except}}}", block.cidr())
        }
    }
}

fn port(item: &PortMatch) -> String {
    let protocol = item.protocol;
    match &item.ports {
        PortSpec::All => format!("protocol: {protocol}"),
        PortSpec::Named(name) => format!("{{protocol: {protocol}, port: {name}}}"),
        PortSpec::Range(range) if range.first() == range.last() => {
            format!("{{protocol: {protocol}, port: {}}}", range.first())
        }
        PortSpec::Range(range) => {
            format!("{{protocol: {protocol}, port: {}, endPort: {}}}", range.first(), range.last())
        }
    }
}

/// A selector in flow style; the first `In` of one value for a key becomes a `matchLabels` entry.
fn selector(selector: &LabelSelector) -> String {
    let mut labels = Labels::new();
    let mut expressions = Vec::new();
    for requirement in selector.requirements() {
        match single_value(requirement) {
            Some(value) if !labels.contains_key(&requirement.key) => {
                labels.insert(requirement.key.clone(), value.clone());
            }
            _ => expressions.push(expression(requirement)),
        }
    }
    let mut parts = Vec::new();
    if !labels.is_empty() {
        parts.push(format!("matchLabels: {}", flow_map(&labels)));
    }
    if !expressions.is_empty() {
        parts.push(format!("matchExpressions: [{}]", expressions.join(", ")));
    }
    format!("{{{}}}", parts.join(", "))
}

fn single_value(requirement: &Requirement) -> Option<&String> {
    match &requirement.operator {
        Operator::In(values) if values.len() == 1 => values.first(),
        _ => None,
    }
}

fn expression(requirement: &Requirement) -> String {
    let key = &requirement.key;
    let list = |values: &BTreeSet<String>| {
        values.iter().map(|value| format!("{value:?}")).collect::<Vec<_>>().join(", ")
    };
    match &requirement.operator {
        Operator::In(values) => format!("{{key: {key}, operator: In, values: [{}]}}", list(values)),
        Operator::NotIn(values) => format!("{{key: {key}, operator: NotIn, values: [{}]}}", list(values)),
        Operator::Exists => format!("{{key: {key}, operator: Exists}}"),
        Operator::DoesNotExist => format!("{{key: {key}, operator: DoesNotExist}}"),
    }
}
