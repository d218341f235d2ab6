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

    /// The direction whose rules it changes; of a policy that is added, the one that it isolates for.
    pub fn direction(&self) -> Direction {
        match self {
            Self::AddPolicy(policy) if policy.directions.egress => Direction::Egress,
            Self::AddPolicy(_) => Direction::Ingress,
            Self::AddRule(_, direction, _) => *direction,
            Self::AddPeers(rule, _)
            | Self::AddPorts(rule, _)
            | Self::ReplacePeer(rule, _)
            | Self::ReplacePort(rule, _)
            | Self::RemovePeer(rule)
            | Self::RemovePort(rule)
            | Self::RemoveRule(rule) => rule.direction,
        }
    }

    /// What it makes of its policy; `None` where there is no such policy. One about a rule or an item that is not there
    /// changes nothing. Items and rules that are added have no place, all others keep theirs.
    pub fn amended(&self, world: &World) -> Option<NetworkPolicy> {
        if let Self::AddPolicy(policy) = self {
            return Some((**policy).clone());
        }
        let mut policy = world.policies.get(self.policy())?.clone();
        match self {
            Self::AddPolicy(_) => {}
            Self::AddRule(_, direction, rule) => rules(&mut policy, *direction).push(rule.clone()),
            Self::RemoveRule(at) => take(rules(&mut policy, at.direction), Some(at.rule)),
            Self::AddPeers(at, _)
            | Self::AddPorts(at, _)
            | Self::ReplacePeer(at, _)
            | Self::ReplacePort(at, _)
            | Self::RemovePeer(at)
            | Self::RemovePort(at) => {
                if let Some(rule) = rules(&mut policy, at.direction).get_mut(at.rule) {
                    self.change(at, rule);
                }
            }
        }
        Some(policy)
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
