//! NetworkPolicy v1 with its defaults applied.

use std::fmt;

use crate::labels::LabelSelector;
use crate::meta::{Meta, Origin, Place};
use crate::net::{IpBlock, PortRange, Protocol};

/// Seen from the subject pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// What comes to the subject.
    Ingress,
    /// What the subject sends.
    Egress,
}

impl Direction {
    /// Both, in the order a packet meets them: the sender's egress, then the receiver's ingress.
    pub const BOTH: [Self; 2] = [Self::Egress, Self::Ingress];
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ingress => "ingress",
            Self::Egress => "egress",
        })
    }
}

/// A set of directions: `policyTypes` after defaulting.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Directions {
    /// Ingress is in the set.
    pub ingress: bool,
    /// Egress is in the set.
    pub egress: bool,
}

impl Directions {
    /// Whether the direction is in the set.
    pub fn contains(self, direction: Direction) -> bool {
        match direction {
            Direction::Ingress => self.ingress,
            Direction::Egress => self.egress,
        }
    }
}

/// Which namespaces a pod peer is looked for in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NamespaceScope {
    /// No `namespaceSelector`: the policy's own namespace.
    Own,
    /// The namespaces that the `namespaceSelector` matches.
    Matching(LabelSelector),
}

/// Whom one `from` or `to` item names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PeerKind {
    /// Pods by label; `pods` is `{}` when only a `namespaceSelector` is given.
    Pods {
        /// Where to look.
        namespaces: NamespaceScope,
        /// Which pods there.
        pods: LabelSelector,
    },
    /// Addresses, whoever has them.
    Block(IpBlock),
}

impl fmt::Display for PeerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Block(block) => write!(f, "addresses in {block}"),
            Self::Pods { namespaces: NamespaceScope::Own, pods } if pods.is_everything() => {
                f.write_str("every pod of its own namespace")
            }
            Self::Pods { namespaces: NamespaceScope::Own, pods } => {
                write!(f, "pods with {pods} in its own namespace")
            }
            Self::Pods { namespaces: NamespaceScope::Matching(selector), pods } => {
                fmt_scoped(f, selector, pods)
            }
        }
    }
}

fn fmt_scoped(f: &mut fmt::Formatter<'_>, namespaces: &LabelSelector, pods: &LabelSelector) -> fmt::Result {
    if pods.is_everything() {
        f.write_str("every pod")?;
    } else {
        write!(f, "pods with {pods}")?;
    }
    if namespaces.is_everything() {
        return f.write_str(" in any namespace");
    }
    write!(f, " in namespaces with {namespaces}")
}

/// One `from` or `to` item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// Whom it names.
    pub kind: PeerKind,
    /// Where it is written.
    pub place: Option<Place>,
}

/// The ports of one `ports` item.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PortSpec {
    /// No `port`: every port of the protocol.
    All,
    /// `port`, or `port` to `endPort`.
    Range(PortRange),
    /// A container port's name.
    Named(String),
}

/// One `ports` item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortMatch {
    /// `protocol`, TCP by default.
    pub protocol: Protocol,
    /// `port` and `endPort`.
    pub ports: PortSpec,
    /// Where it is written.
    pub place: Option<Place>,
}

impl fmt::Display for PortMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.ports {
            PortSpec::All => write!(f, "every {} port", self.protocol),
            PortSpec::Range(range) => write!(f, "{} {range}", self.protocol),
            PortSpec::Named(name) => write!(f, "{} port named `{name}`", self.protocol),
        }
    }
}

/// One ingress or egress rule: both parts must match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// `from` or `to`; empty = every peer, in and out of the cluster.
    pub peers: Vec<Peer>,
    /// `ports`; empty = every port of every protocol, ICMP included.
    pub ports: Vec<PortMatch>,
    /// Where it is written.
    pub place: Option<Place>,
}

/// A NetworkPolicy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkPolicy {
    /// Name, labels and origin.
    pub meta: Meta,
    /// `spec.podSelector`: whom it isolates, in its own namespace.
    pub subject: LabelSelector,
    /// `spec.policyTypes` after defaulting.
    pub directions: Directions,
    /// `spec.ingress`; dead unless `directions` has ingress.
    pub ingress: Vec<Rule>,
    /// `spec.egress`; dead unless `directions` has egress.
    pub egress: Vec<Rule>,
}

impl Rule {
    /// What it says, wherever it stands: for comparing.
    #[must_use]
    pub fn without_places(&self) -> Self {
        let mut rule = Self { place: None, ..self.clone() };
        rule.peers.iter_mut().for_each(|peer| peer.place = None);
        rule.ports.iter_mut().for_each(|port| port.place = None);
        rule
    }
}

impl NetworkPolicy {
    /// What it says, wherever it stands: for comparing. Its origin is nobody.
    #[must_use]
    pub fn without_places(&self) -> Self {
        let bare = |rules: &[Rule]| rules.iter().map(Rule::without_places).collect();
        Self {
            meta: Meta { origin: Origin::Assumed(""), ..self.meta.clone() },
            subject: self.subject.clone(),
            directions: self.directions,
            ingress: bare(&self.ingress),
            egress: bare(&self.egress),
        }
    }

    /// The rules written for a direction, dead or not.
    pub fn rules(&self, direction: Direction) -> &[Rule] {
        match direction {
            Direction::Ingress => &self.ingress,
            Direction::Egress => &self.egress,
        }
    }
}
