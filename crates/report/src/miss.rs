//! The nearest miss in words: what a rule asks for, what the flow has, and what probably went wrong.

use std::net::IpAddr;

use podfence_analysis::Path;
use podfence_engine::{Hint, NearestMiss, PeerMiss, PortMiss};
use podfence_model::{
    Direction, Endpoint, Family, IpBlock, Labels, Layer4, NamespacedName, Operator, Pod, Requirement, World,
};

use crate::words;

/// One failing part of a rule: the whole sentence, and a few words to put under each place of the source that fails.
pub(crate) struct Part {
    pub sentence: String,
    /// One at least, in the order of [`crate::decisive::Decisive::peer_miss`].
    pub labels: Vec<String>,
}

/// What a miss is told about.
pub(crate) struct Told<'a> {
    pub world: &'a World,
    /// The end that the rule's peers are held against.
    pub peer: &'a Endpoint,
    /// The end whose pod resolves port names.
    pub destination: &'a Endpoint,
    pub layer4: Layer4,
}

impl<'a> Told<'a> {
    pub(crate) fn new(world: &'a World, path: &'a Path, direction: Direction) -> Option<Self> {
        let (peers, layer4) = path.seen(direction);
        let destinations = if direction == Direction::Egress { peers } else { &path.destinations };
        Some(Self { world, peer: peers.first()?, destination: destinations.first()?, layer4 })
    }

    fn pod(&self) -> Option<&'a Pod> {
        match self.peer {
            Endpoint::Pod { id, .. } => self.world.pods.get(id),
            Endpoint::Node { .. } | Endpoint::Ip(_) => None,
        }
    }

    /// Why the peer part fails.
    pub(crate) fn peer(&self, miss: &PeerMiss) -> Part {
        let who = self.peer;
        let whole = |sentence: String, label: String| Part { sentence, labels: vec![label] };
        match miss {
            PeerMiss::NotAPod => whole(
                format!("it names pods, but {who} is none that policies can see"),
                format!("{who} is no pod"),
            ),
            PeerMiss::NoAddressYet => whole(format!("{who} has no address yet"), "no address yet".to_owned()),
            PeerMiss::Selector { only_in, namespace, pod } => {
                self.selector(only_in.as_deref(), namespace, pod)
            }
            PeerMiss::OutsideBlock(block) => {
                let (address, is) = (self.address(), self.is());
                let other =
                    if self.other_family(block) { ", and never would: the family differs" } else { "" };
                whole(format!("{address} {is} not in {block}{other}"), format!("{address} {is} outside"))
            }
            PeerMiss::Excepted { block, except } => {
                let address = self.address();
                whole(
                    format!("{address} is in {except}, which the rule excepts from {}", block.cidr()),
                    format!("{address} is in {except}"),
                )
            }
        }
    }

    /// The addresses of the peer, as far as they are known.
    fn addresses(&self) -> Vec<IpAddr> {
        let of_node = |name: &str| self.world.nodes.get(name).map(|n| n.addresses.clone());
        let known = match self.peer {
            Endpoint::Node { name, address: None } => of_node(name),
            Endpoint::Pod { address: None, .. } => self.pod().map(|pod| match &pod.node {
                Some(node) if pod.host_network && pod.ips().is_empty() => of_node(node).unwrap_or_default(),
                _ => pod.ips().to_vec(),
            }),
            end => end.address().map(|ip| vec![ip]),
        };
        known.unwrap_or_default()
    }

    fn is(&self) -> &'static str {
        if self.addresses().len() > 1 { "are" } else { "is" }
    }

    /// The peer's addresses, or its name where none is known.
    fn address(&self) -> String {
        let known: Vec<String> = self.addresses().iter().map(ToString::to_string).collect();
        if known.is_empty() { self.peer.to_string() } else { words::list(&known) }
    }

    fn other_family(&self, block: &IpBlock) -> bool {
        let addresses = self.addresses();
        let family = block.cidr().family();
        !addresses.is_empty() && addresses.iter().all(|ip| Family::of(*ip) != family)
    }

    fn selector(&self, only_in: Option<&str>, namespace: &[Requirement], pod: &[Requirement]) -> Part {
        let Some(has) = self.pod() else {
            return Part { sentence: "it names other pods".into(), labels: vec!["other pods".into()] };
        };
        let home = &has.meta.id.namespace;
        let none = Labels::new();
        let home_labels = self.world.namespaces.get(home).map_or(&none, |n| &n.labels);
        let mut sentences = Vec::new();
        let mut labels = Vec::new();
        if let Some(only) = only_in {
            sentences.push(format!("it looks only in namespace {only}, but {} is in {home}", self.peer));
            labels.push(format!("looks only in namespace {only}"));
        }
        for (requirements, what, whose, labels_of) in [
            (namespace, "a namespace", format!("namespace {home}"), home_labels),
            (pod, "a pod", self.peer.to_string(), &has.meta.labels),
        ] {
            for requirement in requirements {
                let actual = actual(requirement, labels_of);
                sentences.push(format!("it wants {what} with {requirement}, but {whose} has {actual}"));
                labels.push(format!("{whose} has {actual}"));
            }
        }
        Part { sentence: sentences.join("; "), labels }
    }

    /// Why the port part fails.
    pub(crate) fn port(&self, miss: &PortMiss) -> Part {
        let flow = format!("this flow is {}", self.layer4);
        let both =
            |rule: String| Part { sentence: format!("{rule}, but {flow}"), labels: vec![flow.clone()] };
        match miss {
            PortMiss::IcmpHasNoPorts => Part {
                sentence: "it names ports, but ICMP has none: only a rule without ports admits it".into(),
                labels: vec!["ICMP has no ports".into()],
            },
            PortMiss::Protocol(item) | PortMiss::Number(item) => both(format!("it names {item}")),
            PortMiss::NameWithoutPod(item) => both(format!(
                "it names the {item}, which only a pod gives a number, and {} is no pod",
                self.destination
            )),
            PortMiss::Name { item, means } if means.is_empty() => both(format!(
                "it names the {item}, and {} declares no {} port of that name",
                self.destination, item.protocol
            )),
            PortMiss::Name { item, means } => {
                let numbers: Vec<String> = means.iter().map(ToString::to_string).collect();
                both(format!("it names the {item}, which is {} on {}", numbers.join(", "), self.destination))
            }
        }
    }
}

/// What an object has in place of what a requirement asks for.
fn actual(requirement: &Requirement, labels: &Labels) -> String {
    match (labels.get(&requirement.key), &requirement.operator) {
        (Some(value), _) => format!("{}={value}", requirement.key),
        (None, Operator::In(_) | Operator::Exists) => format!("no label {}", requirement.key),
        (None, Operator::NotIn(_) | Operator::DoesNotExist) => "none".to_owned(),
    }
}

/// The failing parts of a nearest miss in sentences, ports first: they are the shorter story.
pub(crate) fn sentences(told: &Told<'_>, nearest: &NearestMiss) -> Vec<String> {
    let port = nearest.miss.port.as_ref().map(|miss| told.port(miss));
    let peer = nearest.miss.peer.as_ref().map(|miss| told.peer(miss));
    port.into_iter().chain(peer).map(|part| part.sentence).collect()
}

/// A hint as one sentence.
pub(crate) fn hint(hint: &Hint, rule_namespace: &NamespacedName) -> String {
    match hint {
        Hint::ServicePort { service, port, target } => format!(
            "{port} is the port of Service {}; policies see the port that the pod listens on, {target}",
            service.name
        ),
        Hint::OtherNamespace { policy, pod } => format!(
            "a podSelector without a namespaceSelector looks only in the policy's own namespace, {policy}; \
             add a namespaceSelector that matches {pod}"
        ),
        Hint::NearValue { key, wanted, has } => {
            format!("{} says {key}={wanted}; did you mean {key}={has}?", rule_namespace.name)
        }
    }
}
