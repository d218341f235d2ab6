//! Whether generated worlds are worth testing with: how many flows are denied, how many are allowed by a
//! rule, and in what share of worlds each feature of the API had a say in a verdict.
//!
//! A feature counts only where it *matched* or *decided*, not where it was merely written down.
//! [`Features::observe`] takes a world and its flows; printing a [`Features`] gives a table.

mod admitted;
mod observe;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use podfence_model::{Flow, World};

use crate::reference::{self, Decision};

/// Something in the API, or in the life of a cluster, that a verdict turned on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Feature {
    /// A policy of ingress only isolated a pod.
    IngressOnlyPolicy,
    /// A policy of egress only isolated a pod.
    EgressOnlyPolicy,
    /// A policy of both directions isolated a pod.
    PolicyOfBothDirections,
    /// A policy selected a pod and had rules for a direction that its `policyTypes` leave out.
    DeadRules,
    /// A policy without rules isolated a pod and the flow was denied.
    NoRules,
    /// A rule without peers admitted.
    EveryPeer,
    /// A rule without ports admitted.
    EveryPort,
    /// A rule with neither admitted.
    OpenRule,
    /// Several policies isolated a pod and only one admitted the flow.
    UnionOfPolicies,
    /// Only a rule behind the first one of its policy admitted.
    UnionOfRules,
    /// The subject selector was `{}`.
    SubjectEverything,
    /// A `podSelector` alone matched a peer.
    OwnNamespacePeer,
    /// A `namespaceSelector` alone matched a peer of another namespace.
    NamespacePeer,
    /// Both selectors together matched a peer of another namespace.
    NamespaceAndPodPeer,
    /// `namespaceSelector: {}` matched a peer of another namespace.
    EveryNamespacePeer,
    /// A `podSelector` alone did not match a pod of another namespace that has the labels.
    OwnNamespaceExcludes,
    /// `In` with one value, or `matchLabels`, matched.
    EqualsMatched,
    /// `In` with several values matched.
    InMatched,
    /// `NotIn` with several values matched.
    NotInSeveralMatched,
    /// `NotIn` matched an object without the key.
    NotInWithoutKey,
    /// `Exists` matched.
    ExistsMatched,
    /// `DoesNotExist` matched.
    DoesNotExistMatched,
    /// The label that carries a namespace's name matched.
    MetadataNameMatched,
    /// An IPv4 block admitted.
    BlockV4,
    /// An IPv6 block admitted.
    BlockV6,
    /// A `/0` admitted.
    BlockOfEverything,
    /// A block of one address admitted.
    BlockOfOneAddress,
    /// A block admitted a pod.
    BlockOfPod,
    /// A block admitted a node.
    BlockOfNode,
    /// A block admitted an address outside.
    BlockOfOutside,
    /// A block admitted an address of a pod range that no pod has.
    BlockOfUnknownPod,
    /// An `except` kept a flow out.
    ExceptDenied,
    /// An `except` matched, but another peer admitted the flow.
    ExceptOverruled,
    /// TCP admitted by an item that names it.
    TcpPort,
    /// UDP admitted by an item that names it.
    UdpPort,
    /// SCTP admitted by an item that names it.
    SctpPort,
    /// An item without `port` admitted.
    EveryPortOfProtocol,
    /// An item of one number admitted.
    PortNumber,
    /// An `endPort` range admitted.
    PortRange,
    /// A range up to 65535 admitted.
    PortRangeToEnd,
    /// A named port admitted, in ingress.
    NamedPortIngress,
    /// A named port admitted, in egress.
    NamedPortEgress,
    /// A named port admitted, and another pod gives that name another number.
    NamedPortDiffers,
    /// A named port did not match a destination that is no pod, and the flow was denied.
    NamedPortOfNoPod,
    /// The number matched, the protocol did not, and the flow was denied.
    ProtocolDenied,
    /// ICMP was admitted by a rule without ports.
    IcmpAdmitted,
    /// ICMP was denied although a rule's peers matched: it has ports.
    IcmpDeniedByPorts,
    /// An isolated pod reached itself.
    Itself,
    /// An isolated pod was reached from its node.
    OwnNode,
    /// A pod's way to its own node was judged as egress.
    EgressToOwnNode,
    /// Another node was a peer.
    OtherNode,
    /// A `hostNetwork` pod has the labels of a peer and is none.
    HostNetworkIsNoPeer,
    /// A `hostNetwork` pod has the labels of a subject and is none.
    HostNetworkIsNoSubject,
    /// A terminating pod was isolated.
    TerminatingSubject,
    /// A terminating pod matched as a pod peer.
    TerminatingPeer,
    /// The address of a finished pod meant the pod that has it now.
    ReusedAddress,
    /// A pod without an address yet was isolated.
    NotYetSubject,
    /// An address of a pod range that no pod has was a peer.
    UnknownPod,
    /// A node's address in a pod range was a peer.
    BridgeAddress,
}

impl Feature {
    /// Every feature, in the order of the table.
    pub const ALL: [Self; 59] = {
        use Feature as F;
        [
            F::IngressOnlyPolicy,
            F::EgressOnlyPolicy,
            F::PolicyOfBothDirections,
            F::DeadRules,
            F::NoRules,
            F::EveryPeer,
            F::EveryPort,
            F::OpenRule,
            F::UnionOfPolicies,
            F::UnionOfRules,
            F::SubjectEverything,
            F::OwnNamespacePeer,
            F::NamespacePeer,
            F::NamespaceAndPodPeer,
            F::EveryNamespacePeer,
            F::OwnNamespaceExcludes,
            F::EqualsMatched,
            F::InMatched,
            F::NotInSeveralMatched,
            F::NotInWithoutKey,
            F::ExistsMatched,
            F::DoesNotExistMatched,
            F::MetadataNameMatched,
            F::BlockV4,
            F::BlockV6,
            F::BlockOfEverything,
            F::BlockOfOneAddress,
            F::BlockOfPod,
            F::BlockOfNode,
            F::BlockOfOutside,
            F::BlockOfUnknownPod,
            F::ExceptDenied,
            F::ExceptOverruled,
            F::TcpPort,
            F::UdpPort,
            F::SctpPort,
            F::EveryPortOfProtocol,
            F::PortNumber,
            F::PortRange,
            F::PortRangeToEnd,
            F::NamedPortIngress,
            F::NamedPortEgress,
            F::NamedPortDiffers,
            F::NamedPortOfNoPod,
            F::ProtocolDenied,
            F::IcmpAdmitted,
            F::IcmpDeniedByPorts,
            F::Itself,
            F::OwnNode,
            F::EgressToOwnNode,
            F::OtherNode,
            F::HostNetworkIsNoPeer,
            F::HostNetworkIsNoSubject,
            F::TerminatingSubject,
            F::TerminatingPeer,
            F::ReusedAddress,
            F::NotYetSubject,
            F::UnknownPod,
            F::BridgeAddress,
        ]
    };
}

/// Counts over many worlds.
#[derive(Debug, Clone, Default)]
pub struct Features {
    worlds: u32,
    flows: u32,
    denied: u32,
    allowed_by_rule: u32,
    seen_in: BTreeMap<Feature, u32>,
}

impl Features {
    /// Counts a world, with these flows.
    pub fn observe(&mut self, world: &World, flows: &[Flow]) {
        let mut found = BTreeSet::new();
        for flow in flows {
            let judgement = reference::judge(world, flow);
            self.flows += 1;
            match judgement.decision() {
                Decision::Denied => self.denied += 1,
                Decision::Allowed => {
                    self.allowed_by_rule += u32::from(judgement.admitting().next().is_some());
                }
            }
            observe::features_of(world, flow, &judgement, &mut found);
        }
        self.worlds += 1;
        for feature in found {
            *self.seen_in.entry(feature).or_default() += 1;
        }
    }

    /// Adds what was counted over other worlds.
    pub fn merge(&mut self, other: Self) {
        self.worlds += other.worlds;
        self.flows += other.flows;
        self.denied += other.denied;
        self.allowed_by_rule += other.allowed_by_rule;
        for (feature, worlds) in other.seen_in {
            *self.seen_in.entry(feature).or_default() += worlds;
        }
    }

    /// Per cent of flows that are denied.
    pub fn denied(&self) -> f64 {
        percent(self.denied, self.flows)
    }

    /// Per cent of flows that are allowed because a rule admits them.
    pub fn allowed_by_rule(&self) -> f64 {
        percent(self.allowed_by_rule, self.flows)
    }

    /// Per cent of worlds in which a feature had a say.
    pub fn share(&self, feature: Feature) -> f64 {
        percent(self.seen_in.get(&feature).copied().unwrap_or_default(), self.worlds)
    }
}

fn percent(part: u32, whole: u32) -> f64 {
    100.0 * f64::from(part) / f64::from(whole.max(1))
}

impl fmt::Display for Features {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} flows in {} worlds", self.flows, self.worlds)?;
        writeln!(f, "{:5.1} % of flows denied", self.denied())?;
        writeln!(f, "{:5.1} % of flows allowed by a rule", self.allowed_by_rule())?;
        for feature in Feature::ALL {
            writeln!(f, "{:5.1} % of worlds: {feature:?}", self.share(feature))?;
        }
        Ok(())
    }
}
