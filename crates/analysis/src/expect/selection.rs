//! Whom the words of an expectation mean in a world.

use std::collections::BTreeSet;
use std::net::IpAddr;

use podfence_model::{Cidr, Family, IpBlock, Kind, NamespacedName, Node, Pod, Word, World};

use super::judge::Judge;
use super::pattern::fits;
use super::{Checker, Mistake, Result};
use crate::AddressSet;
use crate::ends::{EndName, Ends};
use crate::resolve::{Resolved, Role, resolve};
use crate::target::{Target, kind_of};

/// A node, or a pod that is its node.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Host {
    /// As it may be typed.
    pub text: String,
    /// The node, if known.
    pub node: Option<String>,
    /// The node's addresses, if known.
    pub addresses: Vec<IpAddr>,
}

impl Host {
    fn node(node: &Node) -> Self {
        let text = format!("node/{}", node.name);
        Self { text, node: Some(node.name.clone()), addresses: node.addresses.clone() }
    }

    pub(super) fn pod(world: &World, pod: &Pod) -> Self {
        let of_node =
            pod.node.as_ref().and_then(|name| world.nodes.get(name)).map(|node| node.addresses.clone());
        let addresses = if pod.ips().is_empty() { of_node.unwrap_or_default() } else { pod.ips().to_vec() };
        Self { text: pod_text(&pod.meta.id), node: pod.node.clone(), addresses }
    }
}

/// `NAMESPACE/pod/NAME`, which is never unclear.
pub(super) fn pod_text(id: &NamespacedName) -> String {
    format!("{}/pod/{}", id.namespace, id.name)
}

/// Whom words mean.
#[derive(Debug, Clone, Default)]
pub(super) struct Selection {
    pub ends: Ends,
    pub hosts: BTreeSet<Host>,
    /// Services, where words are about destinations.
    pub services: BTreeSet<NamespacedName>,
}

impl Selection {
    fn add(&mut self, other: Self) {
        self.ends.pods.extend(other.ends.pods);
        self.ends.unknown = self.ends.unknown.union(&other.ends.unknown);
        self.ends.outside = self.ends.outside.union(&other.ends.outside);
        self.hosts.extend(other.hosts);
        self.services.extend(other.services);
    }

    fn remove(&mut self, other: &Self) {
        self.ends.pods.retain(|pod| !other.ends.pods.contains(pod));
        self.ends.unknown = self.ends.unknown.difference(&other.ends.unknown);
        self.ends.outside = self.ends.outside.difference(&other.ends.outside);
        self.hosts.retain(|host| !other.hosts.contains(host));
        self.services.retain(|service| !other.services.contains(service));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ends.is_empty() && self.hosts.is_empty() && self.services.is_empty()
    }
}

/// Which end of a connection words are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    From,
    To,
}

impl Checker<'_> {
    /// Whom words mean; somebody at least, unless there are none. Words that begin with `not` take away from what the others
    /// mean.
    pub(super) fn select(&self, words: &[Word], end: End) -> Result<Selection> {
        let chosen = self.select_any(words, end)?;
        match words.first() {
            Some(word) if chosen.is_empty() => Err(vec![Mistake::new(
                &word.place,
                "nobody is left: every name here begins with `not`, or is taken out",
            )]),
            _ => Ok(chosen),
        }
    }

    /// The same where nobody may be left.
    pub(super) fn select_any(&self, words: &[Word], end: End) -> Result<Selection> {
        let (mut chosen, mut without) = (Selection::default(), Selection::default());
        let mut mistakes = Vec::new();
        for word in words {
            let (text, into) = match word.text.strip_prefix("not ") {
                Some(text) => (text.trim(), &mut without),
                None => (word.text.as_str(), &mut chosen),
            };
            match self.mean(text, end) {
                Ok(meant) => into.add(meant),
                Err(message) => mistakes.push(Mistake::new(&word.place, message)),
            }
        }
        chosen.remove(&without);
        if mistakes.is_empty() { Ok(chosen) } else { Err(mistakes) }
    }

    fn mean(&self, text: &str, end: End) -> std::result::Result<Selection, String> {
        let everywhere =
            || Family::BOTH.map(AddressSet::all).iter().fold(AddressSet::default(), |a, b| a.union(b));
        let mut meant = Selection::default();
        match text {
            "*" => meant.ends.pods = self.judge.every_pod(),
            "outside" => meant.ends.outside = everywhere(),
            "unknown" => meant.ends.unknown = everywhere(),
            _ => match (text.strip_prefix("unknown ").and_then(block), block(text)) {
                (Some(block), _) => meant.ends.unknown = AddressSet::from(&block),
                (None, Some(block)) => meant.ends.outside = AddressSet::from(&block),
                (None, None) if text.contains('*') => return self.fitting(text),
                (None, None) => return self.named(text, end),
            },
        }
        Ok(meant)
    }

    /// A name without a wildcard: as `explain` understands it.
    fn named(&self, text: &str, end: End) -> std::result::Result<Selection, String> {
        let world = self.judge.world();
        let target = Target::parse(text, world).map_err(|error| error.to_string())?;
        if target.port.is_some() {
            return Err(format!("`{text}` has a port: write it under `ports`"));
        }
        let role = if end == End::From { Role::Source } else { Role::Destination(None) };
        let resolved = resolve(world, &target, role, self.namespace).map_err(|error| error.to_string())?;
        let mut meant = Selection::default();
        match resolved {
            Resolved::Pods { pods, .. } => meant = self.of_pods(&pods)?,
            Resolved::Service { id, .. } => drop(meant.services.insert(id)),
            Resolved::Node(name) => meant.hosts.extend(world.nodes.get(&name).map(Host::node)),
            Resolved::Ip(ip) => {
                let address: AddressSet = [Cidr::host(ip)].into_iter().collect();
                meant.ends = Ends { outside: address.clone(), unknown: address, ..Ends::default() };
            }
        }
        Ok(meant)
    }

    /// Pods by name: those with hostNetwork are their nodes.
    pub(super) fn of_pods(&self, pods: &[NamespacedName]) -> std::result::Result<Selection, String> {
        let world = self.judge.world();
        let mut meant = Selection::default();
        for pod in pods.iter().filter_map(|id| world.pods.get(id)) {
            if pod.host_network {
                meant.hosts.insert(Host::pod(world, pod));
            } else if self.judge.is_peer(&pod.meta.id) {
                meant.ends.pods.insert(pod.meta.id.clone());
            } else {
                return Err(format!("pod {} has no address yet, or none any more", pod.meta.id));
            }
        }
        Ok(meant)
    }

    /// A name with wildcards: nodes, or pods by their own name or that of what makes them.
    fn fitting(&self, text: &str) -> std::result::Result<Selection, String> {
        let world = self.judge.world();
        let parts: Vec<&str> = text.split('/').collect();
        let (namespace, kind, name) = match parts[..] {
            [name] => (self.namespace.unwrap_or("*"), None, name),
            [first, name] => match kind_of(first, world) {
                Some(kind) => (self.namespace.unwrap_or("*"), Some(kind), name),
                None => (first, None, name),
            },
            [namespace, "*", name] => (namespace, None, name),
            [namespace, word, name] => match kind_of(word, world) {
                Some(kind) => (namespace, Some(kind), name),
                None => return Err(format!("`{word}` in `{text}` is no kind")),
            },
            _ => return Err(format!("`{text}` is not of the form [NAMESPACE/][KIND/]NAME")),
        };
        let mut meant = Selection::default();
        match kind {
            Some(Kind::Node) => {
                meant.hosts =
                    world.nodes.values().filter(|node| fits(name, &node.name)).map(Host::node).collect();
            }
            Some(Kind::Service) => return Err(format!("`{text}`: a Service is named without wildcards")),
            kind => {
                let is_it = |pod: &&Pod| {
                    fits(namespace, &pod.meta.id.namespace) && is_named(pod, kind.as_ref(), name)
                };
                let pods = world.pods.values().filter(is_it).map(|pod| pod.meta.id.clone());
                meant.ends.pods = pods.filter(|id| self.judge.is_peer(id)).collect();
            }
        }
        if meant.is_empty() { Err(format!("`{text}` fits no pod that policies can see")) } else { Ok(meant) }
    }
}

fn is_named(pod: &Pod, kind: Option<&Kind>, pattern: &str) -> bool {
    let by_itself = fits(pattern, &pod.meta.id.name);
    let by_workload =
        |of: &podfence_model::ObjectRef| kind.is_none_or(|kind| *kind == of.kind) && fits(pattern, &of.name);
    match kind {
        Some(Kind::Pod) => by_itself,
        Some(Kind::Namespace) => fits(pattern, &pod.meta.id.namespace),
        Some(_) => pod.workload.as_ref().is_some_and(by_workload),
        None => by_itself || pod.workload.as_ref().is_some_and(by_workload),
    }
}

/// `CIDR`, or `CIDR except CIDR, CIDR`.
fn block(text: &str) -> Option<IpBlock> {
    let (cidr, except) = text.split_once(" except ").unwrap_or((text, ""));
    let excepts = except.split(',').map(str::trim).filter(|text| !text.is_empty());
    let excepts: Option<Vec<Cidr>> = excepts.map(|text| text.parse().ok()).collect();
    if !cidr.contains('/') {
        return None;
    }
    IpBlock::new(cidr.trim().parse().ok()?, excepts?).ok()
}

impl Judge {
    /// All pods that can be peers.
    pub(super) fn every_pod(&self) -> BTreeSet<NamespacedName> {
        self.directory().pods(&EndName::EveryPod { but: Vec::new() }).into_iter().cloned().collect()
    }
}
