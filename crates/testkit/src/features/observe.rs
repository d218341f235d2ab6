//! Which features had a say in one judgement.

use std::collections::BTreeSet;
use std::net::IpAddr;

use podfence_model::{
    Addresses, Direction, Endpoint, Flow, IpBlock, Layer4, Life, NamespaceScope, NetworkPolicy, Peer,
    PeerKind, Pod, PortMatch, PortSpec, World,
};

use super::Feature;
use crate::reference::matching::{cidr_contains, peer_matches, port_matches, selector_matches};
use crate::reference::party::{Party, resolve};
use crate::reference::{DirectionResult, Exemption, Judgement, RuleRef};

/// Adds the features of one judged flow to `found`.
pub(super) fn features_of(world: &World, flow: &Flow, judgement: &Judgement, found: &mut BTreeSet<Feature>) {
    for direction in Direction::BOTH {
        let (subject, peer) = match direction {
            Direction::Egress => (&flow.source, &flow.destination),
            Direction::Ingress => (&flow.destination, &flow.source),
        };
        let mut observer = Observer {
            world,
            direction,
            layer4: flow.layer4,
            destination: resolve(world, &flow.destination),
            peer: resolve(world, peer),
            named_peer: pod_of(world, peer),
            found,
        };
        match (resolve(world, subject), judgement.direction(direction)) {
            (Party::Pod { pod, address }, result) => observer.pod_subject(pod, address, result),
            (Party::Node { .. } | Party::Stranger(_), _) => observer.no_subject(pod_of(world, subject)),
        }
    }
}

/// The pod that an endpoint names, policed or not.
fn pod_of<'w>(world: &'w World, endpoint: &Endpoint) -> Option<&'w Pod> {
    match endpoint {
        Endpoint::Pod { id, .. } => world.pods.get(id),
        Endpoint::Node { .. } | Endpoint::Ip(_) => None,
    }
}

/// One direction of one flow, while its features are collected.
pub(super) struct Observer<'a> {
    pub(super) world: &'a World,
    pub(super) direction: Direction,
    pub(super) layer4: Layer4,
    pub(super) destination: Party<'a>,
    pub(super) peer: Party<'a>,
    /// The peer by name, `hostNetwork` or not.
    named_peer: Option<&'a Pod>,
    found: &'a mut BTreeSet<Feature>,
}

impl Observer<'_> {
    pub(super) fn note(&mut self, feature: Feature, seen: bool) {
        if seen {
            self.found.insert(feature);
        }
    }

    fn no_subject(&mut self, named: Option<&Pod>) {
        let is_host = |pod: &&Pod| pod.host_network && pod.life != Life::Finished;
        let Some(pod) = named.filter(is_host) else { return };
        let selects = |p: &NetworkPolicy| p.directions.contains(self.direction) && selects(p, pod);
        let selected = self.world.policies.values().any(selects);
        self.note(Feature::HostNetworkIsNoSubject, selected);
    }

    fn pod_subject(&mut self, pod: &Pod, address: Option<IpAddr>, result: &DirectionResult) {
        let dead = |p: &NetworkPolicy| {
            selects(p, pod) && !p.directions.contains(self.direction) && !p.rules(self.direction).is_empty()
        };
        let dead = self.world.policies.values().any(dead);
        self.note(Feature::DeadRules, dead);
        match result {
            DirectionResult::NoSubject | DirectionResult::NotIsolated => {}
            DirectionResult::Exempt(exemption) => self.exempt(pod, *exemption),
            DirectionResult::Isolated { by, admitted } => {
                let isolating: Vec<&NetworkPolicy> = by.iter().map(|id| &self.world.policies[id]).collect();
                self.isolated_subject(pod, address);
                self.peer(pod);
                self.policies(pod, &isolating, admitted);
                for policy in &isolating {
                    self.refusals(policy, admitted.is_empty());
                }
                for rule in admitted {
                    self.admitted(rule);
                }
            }
        }
    }

    fn exempt(&mut self, pod: &Pod, exemption: Exemption) {
        let isolates = |p: &NetworkPolicy| p.directions.contains(self.direction) && selects(p, pod);
        let isolated = self.world.policies.values().any(isolates);
        self.note(Feature::Itself, isolated && exemption == Exemption::Itself);
        self.note(Feature::OwnNode, isolated && exemption == Exemption::OwnNode);
    }

    fn isolated_subject(&mut self, pod: &Pod, address: Option<IpAddr>) {
        self.note(Feature::TerminatingSubject, pod.life == Life::Terminating);
        self.note(Feature::NotYetSubject, pod.addresses == Addresses::NotYet);
        let had = |p: &Pod| p.life == Life::Finished && address.is_some_and(|ip| p.ips().contains(&ip));
        let reused = self.world.pods.values().any(had);
        self.note(Feature::ReusedAddress, reused);
    }

    fn peer(&mut self, subject: &Pod) {
        match self.peer {
            Party::Pod { .. } => {}
            Party::Node { name, address } => {
                let own = subject.node.as_deref() == Some(name);
                self.note(Feature::EgressToOwnNode, own && self.direction == Direction::Egress);
                self.note(Feature::OtherNode, !own);
                self.note(Feature::BridgeAddress, address.is_some_and(|ip| in_pod_range(self.world, ip)));
            }
            Party::Stranger(address) => {
                self.note(Feature::UnknownPod, address.is_some_and(|ip| in_pod_range(self.world, ip)));
            }
        }
    }

    fn policies(&mut self, subject: &Pod, isolating: &[&NetworkPolicy], admitted: &[RuleRef]) {
        for policy in isolating {
            let (ingress, egress) = (policy.directions.ingress, policy.directions.egress);
            self.note(Feature::IngressOnlyPolicy, ingress && !egress);
            self.note(Feature::EgressOnlyPolicy, egress && !ingress);
            self.note(Feature::PolicyOfBothDirections, ingress && egress);
            self.note(Feature::SubjectEverything, policy.subject.is_everything());
            let silent = policy.rules(self.direction).is_empty();
            self.note(Feature::NoRules, silent && admitted.is_empty());
            self.selector(&policy.subject, &subject.meta.labels);
        }
        let admitting: BTreeSet<_> = admitted.iter().map(|rule| &rule.policy).collect();
        self.note(Feature::UnionOfPolicies, isolating.len() > 1 && admitting.len() == 1);
        self.note(Feature::UnionOfRules, !admitted.is_empty() && admitted.iter().all(|rule| rule.index > 0));
    }

    /// What kept the rules of an isolating policy from matching.
    fn refusals(&mut self, policy: &NetworkPolicy, denied: bool) {
        for rule in policy.rules(self.direction) {
            let peers_match = rule.peers.is_empty() || rule.peers.iter().any(|p| self.matches(policy, p));
            let icmp = self.layer4 == Layer4::Icmp && !rule.ports.is_empty();
            self.note(Feature::IcmpDeniedByPorts, denied && peers_match && icmp);
            rule.ports.iter().for_each(|item| self.refused_port(item, denied && peers_match));
            rule.peers.iter().for_each(|peer| self.refused_peer(policy, peer, denied));
        }
    }

    fn refused_port(&mut self, item: &PortMatch, decides: bool) {
        let Layer4::Port(protocol, port) = self.layer4 else { return };
        let other = if item.protocol == protocol { None } else { Some(item.protocol) };
        let number_matches = other.is_some_and(|p| port_matches(item, &self.destination, p, port));
        self.note(Feature::ProtocolDenied, decides && number_matches);
        let named = matches!(item.ports, PortSpec::Named(_)) && other.is_none();
        let no_pod = !matches!(self.destination, Party::Pod { .. });
        self.note(Feature::NamedPortOfNoPod, decides && named && no_pod);
    }

    fn refused_peer(&mut self, policy: &NetworkPolicy, peer: &Peer, denied: bool) {
        match &peer.kind {
            PeerKind::Block(block) => {
                let excepted = self.peer.address().is_some_and(|ip| is_excepted(block, ip));
                self.note(Feature::ExceptDenied, denied && excepted);
            }
            PeerKind::Pods { namespaces: NamespaceScope::Own, pods } => {
                let Party::Pod { pod, .. } = self.peer else { return self.host_peer(policy, peer) };
                let foreign = pod.meta.id.namespace != policy.meta.id.namespace;
                let has_labels = !pods.is_everything() && selector_matches(pods, &pod.meta.labels);
                self.note(Feature::OwnNamespaceExcludes, denied && foreign && has_labels);
            }
            PeerKind::Pods { .. } => self.host_peer(policy, peer),
        }
    }

    fn host_peer(&mut self, policy: &NetworkPolicy, peer: &Peer) {
        let Some(pod) = self.named_peer.filter(|pod| pod.host_network) else { return };
        let as_if = Party::Pod { pod, address: None };
        let would_match = peer_matches(self.world, policy, peer, &as_if);
        self.note(Feature::HostNetworkIsNoPeer, would_match);
    }

    pub(super) fn matches(&self, policy: &NetworkPolicy, peer: &Peer) -> bool {
        peer_matches(self.world, policy, peer, &self.peer)
    }
}

fn selects(policy: &NetworkPolicy, pod: &Pod) -> bool {
    policy.meta.id.namespace == pod.meta.id.namespace && selector_matches(&policy.subject, &pod.meta.labels)
}

pub(super) fn in_pod_range(world: &World, address: IpAddr) -> bool {
    world.all_pod_ranges().any(|range| cidr_contains(range, address))
}

pub(super) fn is_excepted(block: &IpBlock, address: IpAddr) -> bool {
    block.except().iter().any(|except| cidr_contains(*except, address))
}
