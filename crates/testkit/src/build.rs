//! Short ways to write objects down in tests.
//!
//! These functions panic on text that is no address, block or port: they are for constants in tests, never for
//! input. `select(&[eq("app", "web")])` is a selector, `rule(vec![own(…)], vec![number(Tcp, 80)])` a rule.

use std::collections::BTreeSet;
use std::net::IpAddr;

use podfence_model::{
    Addresses, Cidr, ContainerPort, Directions, IpBlock, LabelSelector, Labels, Life, Meta, Namespace,
    NamespaceScope, NamespacedName, NetworkPolicy, Node, Operator, Origin, Peer, PeerKind, Pod, Port,
    PortMatch, PortRange, PortSpec, Protocol, Requirement, Rule, Shared, World,
};

/// Where every object of this crate comes from.
pub const ORIGIN: Origin = Origin::Assumed("made by the testkit");

/// Only ingress.
pub const INGRESS: Directions = Directions { ingress: true, egress: false };
/// Only egress.
pub const EGRESS: Directions = Directions { ingress: false, egress: true };
/// Ingress and egress.
pub const BOTH: Directions = Directions { ingress: true, egress: true };

/// Labels from pairs.
pub fn labels(pairs: &[(&str, &str)]) -> Labels {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn values(list: &[&str]) -> BTreeSet<String> {
    list.iter().map(|value| (*value).to_owned()).collect()
}

fn requirement(key: &str, operator: Operator) -> Requirement {
    Requirement { key: key.to_owned(), operator }
}

/// `key In [value]`, or a `matchLabels` entry.
pub fn eq(key: &str, value: &str) -> Requirement {
    one_of(key, &[value])
}

/// `key In values`.
pub fn one_of(key: &str, list: &[&str]) -> Requirement {
    requirement(key, Operator::In(values(list)))
}

/// `key NotIn values`.
pub fn none_of(key: &str, list: &[&str]) -> Requirement {
    requirement(key, Operator::NotIn(values(list)))
}

/// `key Exists`.
pub fn has(key: &str) -> Requirement {
    requirement(key, Operator::Exists)
}

/// `key DoesNotExist`.
pub fn lacks(key: &str) -> Requirement {
    requirement(key, Operator::DoesNotExist)
}

/// A selector of these conditions.
pub fn select(requirements: &[Requirement]) -> LabelSelector {
    requirements.iter().cloned().collect()
}

/// `{}`.
pub fn everything() -> LabelSelector {
    LabelSelector::everything()
}

/// An address. Panics on other text.
pub fn ip(text: &str) -> IpAddr {
    text.parse().unwrap_or_else(|_| panic!("`{text}` is no address"))
}

/// An address block. Panics on other text.
pub fn cidr(text: &str) -> Cidr {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

/// A port number. Panics on 0.
pub fn port(number: u16) -> Port {
    Port::new(number).unwrap_or_else(|| panic!("0 is no port"))
}

/// A peer: pods of the policy's own namespace.
pub fn own(pods: LabelSelector) -> Peer {
    peer(PeerKind::Pods { namespaces: NamespaceScope::Own, pods })
}

/// A peer: pods of other namespaces, by both selectors.
pub fn pods_in(namespaces: LabelSelector, pods: LabelSelector) -> Peer {
    peer(PeerKind::Pods { namespaces: NamespaceScope::Matching(namespaces), pods })
}

/// A peer: addresses in `cidr` but not in `except`. Panics when an exception is not inside.
pub fn block(text: &str, except: &[&str]) -> Peer {
    let except = except.iter().map(|text| cidr(text)).collect();
    let block = IpBlock::new(cidr(text), except).unwrap_or_else(|error| panic!("{error}"));
    peer(PeerKind::Block(block))
}

/// A peer of this kind.
pub fn peer(kind: PeerKind) -> Peer {
    Peer { kind, place: None }
}

/// A port item.
pub fn ports(protocol: Protocol, ports: PortSpec) -> PortMatch {
    PortMatch { protocol, ports, place: None }
}

/// Every port of a protocol.
pub fn every(protocol: Protocol) -> PortMatch {
    ports(protocol, PortSpec::All)
}

/// One port by number.
pub fn number(protocol: Protocol, first: u16) -> PortMatch {
    range(protocol, first, first)
}

/// `port` to `endPort`. Panics when they are not in order.
pub fn range(protocol: Protocol, first: u16, last: u16) -> PortMatch {
    let range = PortRange::new(port(first), port(last)).unwrap_or_else(|error| panic!("{error}"));
    ports(protocol, PortSpec::Range(range))
}

/// One port by name.
pub fn named(protocol: Protocol, name: &str) -> PortMatch {
    ports(protocol, PortSpec::Named(name.to_owned()))
}

/// A rule.
pub fn rule(peers: Vec<Peer>, ports: Vec<PortMatch>) -> Rule {
    Rule { peers, ports, place: None }
}

/// `- {}`: everybody, every port.
pub fn open() -> Rule {
    rule(vec![], vec![])
}

/// A policy; `id` is `namespace/name`.
pub fn policy(id: &str, subject: LabelSelector, directions: Directions) -> NetworkPolicy {
    let (namespace, name) = split(id);
    let meta = Meta::new(namespace, name, ORIGIN);
    NetworkPolicy { meta, subject, directions, ingress: vec![], egress: vec![] }
}

/// A policy that isolates for ingress and admits by these rules.
pub fn ingress(id: &str, subject: LabelSelector, rules: Vec<Rule>) -> NetworkPolicy {
    NetworkPolicy { ingress: rules, ..policy(id, subject, INGRESS) }
}

/// A policy that isolates for egress and admits by these rules.
pub fn egress(id: &str, subject: LabelSelector, rules: Vec<Rule>) -> NetworkPolicy {
    NetworkPolicy { egress: rules, ..policy(id, subject, EGRESS) }
}

/// A running pod; `id` is `namespace/name`.
pub fn pod(id: &str, node: &str, addresses: &[&str], pairs: &[(&str, &str)]) -> Pod {
    let (namespace, name) = split(id);
    Pod {
        meta: Meta { labels: labels(pairs), ..Meta::new(namespace, name, ORIGIN) },
        workload: None,
        node: Some(node.to_owned()),
        addresses: Addresses::Known(addresses.iter().map(|text| ip(text)).collect()),
        host_network: false,
        life: Life::Present,
        ready: true,
        ports: Shared::new(),
    }
}

/// A container port; an empty name is none.
pub fn serves(name: &str, protocol: Protocol, number: u16) -> ContainerPort {
    let name = (!name.is_empty()).then(|| name.to_owned());
    ContainerPort { name, protocol, number: port(number) }
}

/// A node with its addresses and pod ranges.
pub fn node(name: &str, addresses: &[&str], pod_ranges: &[&str]) -> Node {
    Node {
        name: name.to_owned(),
        labels: labels(&[("kubernetes.io/hostname", name)]),
        addresses: addresses.iter().map(|text| ip(text)).collect(),
        pod_ranges: pod_ranges.iter().map(|text| cidr(text)).collect(),
        origin: ORIGIN,
    }
}

/// `namespace/name` taken apart. Panics without a slash.
pub fn split(id: &str) -> (&str, &str) {
    id.split_once('/').unwrap_or_else(|| panic!("`{id}` is not namespace/name"))
}

/// `namespace/name` as a value.
pub fn id(text: &str) -> NamespacedName {
    let (namespace, name) = split(text);
    NamespacedName::new(namespace, name)
}

/// Puts objects into a world under their names.
pub trait Put<T> {
    /// Adds the object, or replaces the one of that name.
    fn put(&mut self, object: T);

    /// The world with the object.
    #[must_use]
    fn with(mut self, object: T) -> Self
    where
        Self: Sized,
    {
        self.put(object);
        self
    }
}

impl Put<Pod> for World {
    fn put(&mut self, pod: Pod) {
        self.pods.insert(pod.meta.id.clone(), pod);
    }
}

impl Put<NetworkPolicy> for World {
    fn put(&mut self, policy: NetworkPolicy) {
        self.policies.insert(policy.meta.id.clone(), policy);
    }
}

impl Put<Node> for World {
    fn put(&mut self, node: Node) {
        self.nodes.insert(node.name.clone(), node);
    }
}

impl Put<Namespace> for World {
    fn put(&mut self, namespace: Namespace) {
        self.namespaces.insert(namespace.name.clone(), namespace);
    }
}
