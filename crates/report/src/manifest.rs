//! Parts of policies as YAML that a user may put into a file: whole policies, rules, items.
//!
//! Two styles: every mapping in lines of its own, or, as many people write them, the inner ones in braces.

use podfence_model::{
    Direction, LabelSelector, NamespaceScope, NetworkPolicy, Operator, Peer, PeerKind, Port, PortMatch,
    PortSpec, Requirement, Rule,
};

/// A value to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Yaml {
    /// Text, already quoted where it must be.
    Scalar(String),
    Map(Vec<(String, Yaml)>),
    List(Vec<Yaml>),
}

/// How mappings and lists are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// In lines of their own.
    Lines,
    /// Those inside of an item in braces.
    Braces,
}

impl Yaml {
    /// In lines, without a line break at the end.
    pub(crate) fn block(&self, style: Style) -> String {
        self.lines(style, 0).join("\n")
    }

    /// In one line.
    pub(crate) fn flow(&self) -> String {
        match self {
            Self::Scalar(text) => text.clone(),
            Self::List(items) => format!("[{}]", items.iter().map(Self::flow).collect::<Vec<_>>().join(", ")),
            Self::Map(fields) => {
                let field = |(key, value): &(String, Self)| format!("{key}: {}", value.flow());
                format!("{{{}}}", fields.iter().map(field).collect::<Vec<_>>().join(", "))
            }
        }
    }

    fn lines(&self, style: Style, depth: usize) -> Vec<String> {
        match self {
            Self::Scalar(text) => vec![text.clone()],
            Self::List(items) if items.is_empty() => vec![self.flow()],
            Self::Map(fields) if fields.is_empty() => vec![self.flow()],
            Self::List(items) => items.iter().flat_map(|item| item.as_item(style, depth)).collect(),
            Self::Map(fields) => {
                fields.iter().flat_map(|(key, value)| value.as_field(key, style, depth)).collect()
            }
        }
    }

    fn as_item(&self, style: Style, depth: usize) -> Vec<String> {
        let lines = self.lines(style, depth).into_iter().enumerate();
        lines.map(|(i, line)| format!("{}{line}", if i == 0 { "- " } else { "  " })).collect()
    }

    fn as_field(&self, key: &str, style: Style, depth: usize) -> Vec<String> {
        let is_leaf = match self {
            Self::Scalar(_) => true,
            Self::Map(fields) => fields.is_empty() || (style == Style::Braces && depth > 0),
            Self::List(items) => items.is_empty(),
        };
        if is_leaf {
            return vec![format!("{key}: {}", self.flow())];
        }
        // A list of items begins anew: what is an item there is not inside of one.
        let depth = if matches!(self, Self::List(_)) { 1 } else { depth + 1 };
        let below = self.lines(style, depth).into_iter().map(|line| format!("  {line}"));
        std::iter::once(format!("{key}:")).chain(below).collect()
    }
}

fn map<const N: usize>(fields: [(&str, Yaml); N]) -> Yaml {
    Yaml::Map(fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

fn fields<'a>(all: impl IntoIterator<Item = (&'a str, Option<Yaml>)>) -> Yaml {
    let some = all.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
    Yaml::Map(some.collect())
}

/// Words that YAML 1.1 takes for something else than text.
const WORDS: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];

/// A text that is read back as that text.
pub(crate) fn text(text: &str) -> Yaml {
    let plain = |c: char| c.is_ascii_alphanumeric() || ['-', '.', '_', '/'].contains(&c);
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic()) || text.contains('/');
    let is_plain = begins
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(plain)
        && !WORDS.contains(&text.to_lowercase().as_str());
    Yaml::Scalar(if is_plain { text.to_owned() } else { format!("\"{text}\"") })
}

fn number(number: Port) -> Yaml {
    Yaml::Scalar(number.to_string())
}

fn key(key: &str) -> String {
    text(key).flow()
}

/// A label selector.
pub(crate) fn selector(selector: &LabelSelector) -> Yaml {
    let mut labels = Vec::new();
    let mut expressions = Vec::new();
    let mut before = None; // requirements are in the order of their keys, and a map has each key once
    for requirement in selector.requirements() {
        match &requirement.operator {
            Operator::In(values) if values.len() == 1 && before != Some(&requirement.key) => {
                before = Some(&requirement.key);
                labels.extend(values.iter().map(|value| (key(&requirement.key), text(value))));
            }
            _ => expressions.push(expression(requirement)),
        }
    }
    fields([
        ("matchLabels", (!labels.is_empty()).then_some(Yaml::Map(labels))),
        ("matchExpressions", (!expressions.is_empty()).then_some(Yaml::List(expressions))),
    ])
}

fn expression(requirement: &Requirement) -> Yaml {
    let (operator, values) = match &requirement.operator {
        Operator::In(values) => ("In", Some(values)),
        Operator::NotIn(values) => ("NotIn", Some(values)),
        Operator::Exists => ("Exists", None),
        Operator::DoesNotExist => ("DoesNotExist", None),
    };
    fields([
        ("key", Some(text(&requirement.key))),
        ("operator", Some(text(operator))),
        ("values", values.map(|values| Yaml::List(values.iter().map(|value| text(value)).collect()))),
    ])
}

/// An item of `from` or `to`.
pub(crate) fn peer(kind: &PeerKind) -> Yaml {
    match kind {
        PeerKind::Block(block) => {
            let except: Vec<Yaml> = block.except().iter().map(|hole| text(&hole.to_string())).collect();
            let except = (!except.is_empty()).then_some(Yaml::List(except));
            let block = fields([("cidr", Some(text(&block.cidr().to_string()))), ("except", except)]);
            map([("ipBlock", block)])
        }
        PeerKind::Pods { namespaces: NamespaceScope::Own, pods } => map([("podSelector", selector(pods))]),
        PeerKind::Pods { namespaces: NamespaceScope::Matching(namespaces), pods } => fields([
            ("namespaceSelector", Some(selector(namespaces))),
            ("podSelector", (!pods.is_everything()).then(|| selector(pods))),
        ]),
    }
}

/// An item of `ports`.
pub(crate) fn port(item: &PortMatch) -> Yaml {
    let (first, last) = match &item.ports {
        PortSpec::All => (None, None),
        PortSpec::Named(name) => (Some(text(name)), None),
        PortSpec::Range(range) => {
            let last = (range.first() != range.last()).then(|| number(range.last()));
            (Some(number(range.first())), last)
        }
    };
    fields([("protocol", Some(text(&item.protocol.to_string()))), ("port", first), ("endPort", last)])
}

/// A rule of a direction.
pub(crate) fn rule(rule: &Rule, direction: Direction) -> Yaml {
    let list = |items: Vec<Yaml>| (!items.is_empty()).then_some(Yaml::List(items));
    let peers = rule.peers.iter().map(|Peer { kind, .. }| peer(kind)).collect();
    fields([(peers_key(direction), list(peers)), ("ports", list(rule.ports.iter().map(port).collect()))])
}

/// `from` or `to`.
pub(crate) fn peers_key(direction: Direction) -> &'static str {
    match direction {
        Direction::Ingress => "from",
        Direction::Egress => "to",
    }
}

/// A whole policy as the text of a manifest, without a line break at the end.
pub fn policy_text(policy: &NetworkPolicy) -> String {
    self::policy(policy).block(Style::Lines)
}

/// A whole policy.
pub(crate) fn policy(policy: &NetworkPolicy) -> Yaml {
    let rules = |direction| {
        let rules = policy.rules(direction).iter().map(|found| rule(found, direction)).collect();
        policy.directions.contains(direction).then_some(Yaml::List(rules))
    };
    let kinds = [(Direction::Ingress, "Ingress"), (Direction::Egress, "Egress")];
    let kinds = kinds.into_iter().filter(|(direction, _)| policy.directions.contains(*direction));
    let id = &policy.meta.id;
    let spec = fields([
        ("podSelector", Some(selector(&policy.subject))),
        ("policyTypes", Some(Yaml::List(kinds.map(|(_, kind)| text(kind)).collect()))),
        ("ingress", rules(Direction::Ingress)),
        ("egress", rules(Direction::Egress)),
    ]);
    map([
        ("apiVersion", text("networking.k8s.io/v1")),
        ("kind", text("NetworkPolicy")),
        ("metadata", map([("name", text(&id.name)), ("namespace", text(&id.namespace))])),
        ("spec", spec),
    ])
}
