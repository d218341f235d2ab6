//! One change of the policies of a world, and making it.

use podfence_engine::RuleRef;
use podfence_model::{
    Direction, Meta, NamespacedName, NetworkPolicy, Origin, Peer, PeerKind, PortMatch, Rule, World,
};

/// Why a policy that is to be added is nowhere written.
const PROPOSED: &str = "proposed: not written yet";

/// One change of the policies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Amendment {
    /// More items in a rule's `from` or `to`, which has some.
    AddPeers(RuleRef, Vec<PeerKind>),
    /// More items in a rule's `ports`, which has some.
    AddPorts(RuleRef, Vec<PortMatch>),
    /// Another item in the place of the one that the reference names.
    ReplacePeer(RuleRef, PeerKind),
    /// Another item in the place of the one that the reference names.
    ReplacePort(RuleRef, PortMatch),
    /// Another rule behind those of a direction.
    AddRule(NamespacedName, Direction, Rule),
    /// Another policy.
    AddPolicy(Box<NetworkPolicy>),
    /// Without the peer item that the reference names, which is not the rule's only one.
    RemovePeer(RuleRef),
    /// Without the port item that the reference names, which is not the rule's only one.
    RemovePort(RuleRef),
    /// Without the rule.
    RemoveRule(RuleRef),
}

impl Amendment {
    /// The policy that it changes or adds.
    pub fn policy(&self) -> &NamespacedName {
        match self {
            Self::AddPolicy(policy) => &policy.meta.id,
            Self::AddRule(policy, ..) => policy,
            Self::AddPeers(rule, _)
            | Self::AddPorts(rule, _)
            | Self::ReplacePeer(rule, _)
            | Self::ReplacePort(rule, _)
            | Self::RemovePeer(rule)
            | Self::RemovePort(rule)
            | Self::RemoveRule(rule) => &rule.policy,
        }
    }

    /// Whether it names peers by nothing but single addresses.
    pub(super) fn adds_single_addresses(&self) -> bool {
        let single = |kind: &PeerKind| match kind {
            PeerKind::Block(block) => block.cidr().first() == block.cidr().last(),
            PeerKind::Pods { .. } => false,
        };
        let of_rule =
            |rule: &Rule| !rule.peers.is_empty() && rule.peers.iter().all(|peer| single(&peer.kind));
        match self {
            Self::AddPeers(_, peers) => peers.iter().all(single),
            Self::AddRule(.., rule) => of_rule(rule),
            Self::AddPolicy(policy) => policy.ingress.iter().chain(&policy.egress).all(of_rule),
            _ => false,
        }
    }

    /// Makes the change; one about a rule or an item that is not there makes none. Items and rules that are added have no
    /// place, all others keep theirs.
    pub fn apply(&self, world: &mut World) {
        match self {
            Self::AddPolicy(policy) => {
                world.policies.insert(policy.meta.id.clone(), (**policy).clone());
            }
            Self::AddRule(policy, direction, rule) => {
                if let Some(policy) = world.policies.get_mut(policy) {
                    rules(policy, *direction).push(rule.clone());
                }
            }
            Self::RemoveRule(at) => {
                if let Some(policy) = world.policies.get_mut(&at.policy) {
                    take(rules(policy, at.direction), Some(at.rule));
                }
            }
            Self::AddPeers(at, _)
            | Self::AddPorts(at, _)
            | Self::ReplacePeer(at, _)
            | Self::ReplacePort(at, _)
            | Self::RemovePeer(at)
            | Self::RemovePort(at) => {
                let policy = world.policies.get_mut(&at.policy);
                if let Some(rule) = policy.and_then(|policy| rules(policy, at.direction).get_mut(at.rule)) {
                    self.change(at, rule);
                }
            }
        }
    }

    fn change(&self, at: &RuleRef, rule: &mut Rule) {
        let peer = |kind: &PeerKind| Peer { kind: kind.clone(), place: None };
        match self {
            Self::AddPeers(_, peers) => rule.peers.extend(peers.iter().map(peer)),
            Self::AddPorts(_, ports) => rule.ports.extend(ports.iter().cloned()),
            Self::ReplacePeer(_, kind) => put(&mut rule.peers, at.peer, peer(kind)),
            Self::ReplacePort(_, port) => put(&mut rule.ports, at.port, port.clone()),
            Self::RemovePeer(_) => take(&mut rule.peers, at.peer),
            Self::RemovePort(_) => take(&mut rule.ports, at.port),
            Self::AddRule(..) | Self::AddPolicy(_) | Self::RemoveRule(_) => {}
        }
    }
}

fn rules(policy: &mut NetworkPolicy, direction: Direction) -> &mut Vec<Rule> {
    match direction {
        Direction::Ingress => &mut policy.ingress,
        Direction::Egress => &mut policy.egress,
    }
}

fn put<T>(items: &mut [T], at: Option<usize>, item: T) {
    if let Some(place) = at.and_then(|at| items.get_mut(at)) {
        *place = item;
    }
}

fn take<T>(items: &mut Vec<T>, at: Option<usize>) {
    if let Some(at) = at.filter(|at| *at < items.len()) {
        items.remove(at);
    }
}

/// Metadata of a policy that is proposed.
pub(super) fn proposed(namespace: &str, name: &str) -> Meta {
    Meta::new(namespace, name, Origin::Assumed(PROPOSED))
}
