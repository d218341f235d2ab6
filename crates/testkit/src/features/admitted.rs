//! Which features let a rule admit a flow.

use podfence_model::{
    Direction, Family, IpBlock, LabelSelector, Labels, Layer4, Life, METADATA_NAME, NamespaceScope,
    NetworkPolicy, Operator, PeerKind, PortMatch, PortSpec, Protocol, Requirement, Rule,
};

use super::Feature;
use super::observe::{Observer, in_pod_range, is_excepted};
use crate::reference::RuleRef;
use crate::reference::matching::port_matches;
use crate::reference::party::Party;

impl Observer<'_> {
    pub(super) fn admitted(&mut self, reference: &RuleRef) {
        let policy = &self.world.policies[&reference.policy];
        let rule = &policy.rules(self.direction)[reference.index];
        self.note(Feature::EveryPeer, rule.peers.is_empty());
        self.note(Feature::EveryPort, rule.ports.is_empty());
        self.note(Feature::OpenRule, rule.peers.is_empty() && rule.ports.is_empty());
        self.admitting_peers(policy, rule);
        match self.layer4 {
            Layer4::Icmp => self.note(Feature::IcmpAdmitted, true),
            Layer4::Port(protocol, port) => {
                let destination = self.destination;
                let matching = |item: &&PortMatch| port_matches(item, &destination, protocol, port);
                rule.ports.iter().filter(matching).for_each(|item| self.admitting_port(item));
            }
        }
    }

    fn admitting_peers(&mut self, policy: &NetworkPolicy, rule: &Rule) {
        for peer in &rule.peers {
            match &peer.kind {
                PeerKind::Block(block) if self.matches(policy, peer) => self.admitting_block(block),
                PeerKind::Block(block) => {
                    let excepted = self.peer.address().is_some_and(|ip| is_excepted(block, ip));
                    self.note(Feature::ExceptOverruled, excepted);
                }
                PeerKind::Pods { namespaces, pods } if self.matches(policy, peer) => {
                    self.admitting_pods(policy, namespaces, pods);
                }
                PeerKind::Pods { .. } => {}
            }
        }
    }

    fn admitting_pods(&mut self, policy: &NetworkPolicy, namespaces: &NamespaceScope, pods: &LabelSelector) {
        let Party::Pod { pod, .. } = self.peer else { return };
        self.note(Feature::TerminatingPeer, pod.life == Life::Terminating);
        self.selector(pods, &pod.meta.labels);
        let foreign = pod.meta.id.namespace != policy.meta.id.namespace;
        let NamespaceScope::Matching(selector) = namespaces else {
            return self.note(Feature::OwnNamespacePeer, true);
        };
        self.note(Feature::NamespacePeer, foreign && pods.is_everything());
        self.note(
            Feature::NamespaceAndPodPeer,
            foreign && !pods.is_everything() && !selector.is_everything(),
        );
        self.note(Feature::EveryNamespacePeer, foreign && selector.is_everything());
        self.selector(selector, &self.world.namespaces[&pod.meta.id.namespace].labels);
    }

    pub(super) fn selector(&mut self, selector: &LabelSelector, labels: &Labels) {
        selector.requirements().for_each(|requirement| self.requirement(requirement, labels));
    }

    fn requirement(&mut self, requirement: &Requirement, labels: &Labels) {
        let key_is_there = labels.contains_key(&requirement.key);
        self.note(Feature::MetadataNameMatched, requirement.key == METADATA_NAME);
        match &requirement.operator {
            Operator::In(values) => {
                self.note(Feature::EqualsMatched, values.len() == 1);
                self.note(Feature::InMatched, values.len() > 1);
            }
            Operator::NotIn(values) => {
                self.note(Feature::NotInSeveralMatched, values.len() > 1 && key_is_there);
                self.note(Feature::NotInWithoutKey, !key_is_there);
            }
            Operator::Exists => self.note(Feature::ExistsMatched, true),
            Operator::DoesNotExist => self.note(Feature::DoesNotExistMatched, true),
        }
    }

    fn admitting_block(&mut self, block: &IpBlock) {
        let cidr = block.cidr();
        let prefix = cidr.net().prefix_len();
        self.note(Feature::BlockV4, cidr.family() == Family::V4);
        self.note(Feature::BlockV6, cidr.family() == Family::V6);
        self.note(Feature::BlockOfEverything, prefix == 0);
        self.note(Feature::BlockOfOneAddress, prefix == cidr.net().max_prefix_len());
        match self.peer {
            Party::Pod { .. } => self.note(Feature::BlockOfPod, true),
            Party::Node { .. } => self.note(Feature::BlockOfNode, true),
            Party::Stranger(address) => {
                let unknown = address.is_some_and(|ip| in_pod_range(self.world, ip));
                self.note(Feature::BlockOfUnknownPod, unknown);
                self.note(Feature::BlockOfOutside, !unknown);
            }
        }
    }

    fn admitting_port(&mut self, item: &PortMatch) {
        self.note(Feature::TcpPort, item.protocol == Protocol::Tcp);
        self.note(Feature::UdpPort, item.protocol == Protocol::Udp);
        self.note(Feature::SctpPort, item.protocol == Protocol::Sctp);
        match &item.ports {
            PortSpec::All => self.note(Feature::EveryPortOfProtocol, true),
            PortSpec::Range(range) => {
                self.note(Feature::PortNumber, range.first() == range.last());
                self.note(Feature::PortRange, range.first() != range.last());
                let to_end = range.last().get() == u16::MAX && range.first() != range.last();
                self.note(Feature::PortRangeToEnd, to_end);
            }
            PortSpec::Named(name) => {
                self.note(Feature::NamedPortIngress, self.direction == Direction::Ingress);
                self.note(Feature::NamedPortEgress, self.direction == Direction::Egress);
                let differs = self.another_number(name, item.protocol);
                self.note(Feature::NamedPortDiffers, differs);
            }
        }
    }

    /// Whether a pod other than the destination gives the name another number.
    fn another_number(&self, name: &str, protocol: Protocol) -> bool {
        let Layer4::Port(_, port) = self.layer4 else { return false };
        let declared = self.world.pods.values().flat_map(|pod| &pod.ports);
        let mut same_name = declared.filter(|p| p.protocol == protocol && p.name.as_deref() == Some(name));
        same_name.any(|p| p.number != port)
    }
}
