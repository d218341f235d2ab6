//! Why a rule does not admit a flow, part by part, and which rule came closest.

use podfence_model::{
    Cidr, Direction, IpBlock, Labels, Layer4, NamespaceScope, NamespacedName, Peer, PeerKind, Pod, Port,
    PortMatch, PortSpec, Requirement, Rule, ServicePort, TargetPort, nearest,
};

use crate::index::Engine;
use crate::resolve::Party;

/// The parts of a rule that fail; at least one does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Miss {
    /// Why the closest peer item does not match; `None` when the peer part matches.
    pub peer: Option<PeerMiss>,
    /// Why the closest port item does not match; `None` when the port part matches.
    pub port: Option<PortMiss>,
}

/// Why a peer item does not match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeerMiss {
    /// Selectors only match pods, and the peer is a node or an address outside.
    NotAPod,
    /// The pod has no address yet, so it is nobody's peer.
    NoAddressYet,
    /// The pod is in another namespace, or has other labels, or both.
    Selector {
        /// The policy's own namespace, when the item looks only there and the pod is elsewhere.
        only_in: Option<String>,
        /// Conditions of the namespaceSelector that the pod's namespace does not meet.
        namespace: Vec<Requirement>,
        /// Conditions of the podSelector that the pod does not meet.
        pod: Vec<Requirement>,
    },
    /// The address lies outside the block.
    OutsideBlock(IpBlock),
    /// The address lies in an exception of the block.
    Excepted {
        /// The block.
        block: IpBlock,
        /// The exception.
        except: Cidr,
    },
}

impl PeerMiss {
    /// How many things would have to change.
    fn cost(&self) -> usize {
        match self {
            Self::Selector { only_in, namespace, pod } => {
                usize::from(only_in.is_some()) + namespace.len() + pod.len()
            }
            Self::Excepted { .. } => 1,
            Self::OutsideBlock(_) | Self::NoAddressYet => 2,
            Self::NotAPod => 3,
        }
    }
}

/// Why a port item does not match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PortMiss {
    /// The rule names ports, and ICMP has none.
    IcmpHasNoPorts,
    /// The numbers would do, but the protocol differs.
    Protocol(PortMatch),
    /// Another number.
    Number(PortMatch),
    /// The destination is no known pod, so the name means nothing.
    NameWithoutPod(PortMatch),
    /// The destination gives the name to other numbers, or to none.
    Name {
        /// The item.
        item: PortMatch,
        /// The numbers that the destination gives to the name.
        means: Vec<Port>,
    },
}

impl PortMiss {
    /// How many things would have to change for a flow of `layer4`.
    fn cost(&self, layer4: Layer4) -> usize {
        match self {
            Self::Protocol(_) => 1,
            Self::Number(item) | Self::Name { item, .. } => {
                let same = matches!(layer4, Layer4::Port(protocol, _) if protocol == item.protocol);
                1 + usize::from(!same)
            }
            Self::IcmpHasNoPorts | Self::NameWithoutPod(_) => 2,
        }
    }

    /// Whether the item states the flow's number, for another protocol.
    fn is_the_number(&self) -> bool {
        matches!(self, Self::Protocol(PortMatch { ports: PortSpec::Range(_), .. }))
    }
}

/// A guess at the mistake behind a miss.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hint {
    /// The rule names the Service's port; policies see the port the pod listens on.
    ServicePort {
        /// The Service.
        service: NamespacedName,
        /// Its port, which the rule names.
        port: Port,
        /// The port that the pod listens on.
        target: Port,
    },
    /// The podSelector fits, but without a namespaceSelector it looks only in the policy's own namespace.
    OtherNamespace {
        /// The policy's namespace.
        policy: String,
        /// The pod's namespace.
        pod: String,
    },
    /// The label value differs only slightly.
    NearValue {
        /// The label key.
        key: String,
        /// What the rule wants.
        wanted: String,
        /// What the object has.
        has: String,
    },
}

/// What a rule is held against.
pub(crate) struct Question<'a> {
    pub direction: Direction,
    /// The namespace of the policy.
    pub policy_namespace: &'a str,
    /// The other end.
    pub peer: &'a Party,
    pub layer4: Layer4,
    /// The pod that resolves named ports: the destination, if it is one.
    pub destination: Option<&'a Pod>,
}

/// A rule's miss with the items that came closest.
pub(crate) struct RuleMiss {
    pub miss: Miss,
    pub peer: Option<usize>,
    pub port: Option<usize>,
}

impl RuleMiss {
    /// Failing parts, things to change, and whether the rule names no peers: whoever wrote one for this flow has named
    /// its other end, while a rule for everybody mostly means something else, such as the DNS.
    pub(crate) fn cost(&self, layer4: Layer4) -> (usize, usize, bool) {
        let (peer, port) = (self.miss.peer.as_ref(), self.miss.port.as_ref());
        let parts = usize::from(peer.is_some()) + usize::from(port.is_some());
        let things = peer.map_or(0, PeerMiss::cost) + port.map_or(0, |miss| miss.cost(layer4));
        (parts, things, self.peer.is_none())
    }
}

impl Engine {
    /// The parts of a rule that fail, each with the item that comes closest. `peers` and `ports` say which
    /// items match; a part with a matching item does not fail.
    pub(crate) fn miss(
        &self,
        rule: &Rule,
        peer_hit: Option<usize>,
        port_hit: Option<usize>,
        question: &Question<'_>,
    ) -> RuleMiss {
        let closest_peer = (!rule.peers.is_empty() && peer_hit.is_none()).then(|| {
            let misses = rule.peers.iter().map(|p| self.peer_miss(p, question)).enumerate();
            misses.min_by_key(|(_, miss)| miss.cost())
        });
        let closest_port = (!rule.ports.is_empty() && port_hit.is_none()).then(|| {
            let misses = rule.ports.iter().map(|p| port_miss(p, question)).enumerate();
            misses.min_by_key(|(_, miss)| (miss.cost(question.layer4), !miss.is_the_number()))
        });
        let (peer, peer_miss) = closest_peer.flatten().unzip();
        let (port, port_miss) = closest_port.flatten().unzip();
        RuleMiss {
            miss: Miss { peer: peer_miss, port: port_miss },
            peer: peer.or(peer_hit),
            port: port.or(port_hit),
        }
    }

    fn peer_miss(&self, peer: &Peer, question: &Question<'_>) -> PeerMiss {
        let (namespaces, pods) = match &peer.kind {
            PeerKind::Block(block) => return block_miss(block, question.peer),
            PeerKind::Pods { namespaces, pods } => (namespaces, pods),
        };
        let Party::Pod { id, .. } = question.peer else {
            return PeerMiss::NotAPod;
        };
        let pod = self.pod(*id);
        let home = &pod.meta.id.namespace;
        let (only_in, namespace) = match namespaces {
            NamespaceScope::Own => (
                (home != question.policy_namespace).then(|| question.policy_namespace.to_owned()),
                Vec::new(),
            ),
            NamespaceScope::Matching(selector) => {
                let labels = self.namespaces.get(home).map_or_else(Labels::new, |n| n.labels.clone());
                (None, selector.unmet(&labels).cloned().collect())
            }
        };
        let unmet: Vec<Requirement> = pods.unmet(&pod.meta.labels).cloned().collect();
        if only_in.is_none() && namespace.is_empty() && unmet.is_empty() {
            return PeerMiss::NoAddressYet;
        }
        PeerMiss::Selector { only_in, namespace, pod: unmet }
    }

    /// What probably went wrong, for the rule that came closest.
    pub(crate) fn hints(&self, near: &RuleMiss, question: &Question<'_>) -> Vec<Hint> {
        let mut hints = Vec::new();
        hints.extend(self.service_port_hint(near.miss.port.as_ref(), question));
        if let Some(PeerMiss::Selector { only_in, namespace, pod }) = &near.miss.peer {
            hints.extend(self.namespace_hint(only_in.as_deref(), pod, question));
            hints.extend(self.value_hints(namespace, pod, question));
        }
        hints
    }

    fn namespace_hint(
        &self,
        only_in: Option<&str>,
        unmet: &[Requirement],
        question: &Question<'_>,
    ) -> Option<Hint> {
        let (policy, pod) = (only_in?, self.pod(question.peer.pod()?));
        let hint = Hint::OtherNamespace { policy: policy.to_owned(), pod: pod.meta.id.namespace.clone() };
        unmet.is_empty().then_some(hint)
    }

    fn value_hints(
        &self,
        namespace: &[Requirement],
        pod: &[Requirement],
        question: &Question<'_>,
    ) -> Vec<Hint> {
        let Some(peer) = question.peer.pod().map(|id| self.pod(id)) else { return Vec::new() };
        let home = self.namespaces.get(&peer.meta.id.namespace).map(|n| &n.labels);
        let of_pod = pod.iter().filter_map(|r| near_value(r, &peer.meta.labels));
        let of_namespace = namespace.iter().filter_map(|r| near_value(r, home?));
        of_pod.chain(of_namespace).collect()
    }

    /// The Service through which the rule's number leads to the flow's port on this pod.
    fn service_port_hint(&self, port: Option<&PortMiss>, question: &Question<'_>) -> Option<Hint> {
        let (Some(PortMiss::Number(item)), Layer4::Port(protocol, number)) = (port, question.layer4) else {
            return None;
        };
        let (PortSpec::Range(range), Some(pod)) = (&item.ports, question.destination) else { return None };
        let leads = |p: &&ServicePort| {
            p.protocol == protocol && range.contains(p.port) && target_numbers(p, pod).contains(&number)
        };
        self.services_of(pod).find_map(|service| {
            let port = service.ports.iter().find(leads)?.port;
            Some(Hint::ServicePort { service: service.meta.id.clone(), port, target: number })
        })
    }

    fn services_of<'a>(&'a self, pod: &'a Pod) -> impl Iterator<Item = &'a podfence_model::Service> {
        self.services.values().filter(move |service| {
            service.meta.id.namespace == pod.meta.id.namespace
                && service
                    .selector
                    .as_ref()
                    .is_some_and(|wanted| wanted.iter().all(|(k, v)| pod.meta.labels.get(k) == Some(v)))
        })
    }
}

/// The numbers that a Service port comes to on a pod.
fn target_numbers(port: &ServicePort, pod: &Pod) -> Vec<Port> {
    match &port.target {
        TargetPort::Number(number) => vec![*number],
        TargetPort::Named(name) => pod.named_port(name, port.protocol).collect(),
    }
}

fn block_miss(block: &IpBlock, peer: &Party) -> PeerMiss {
    let hole = |except: &&Cidr| peer.addresses().iter().any(|ip| except.contains(*ip));
    match block.except().iter().find(hole) {
        Some(except) => PeerMiss::Excepted { block: block.clone(), except: *except },
        None => PeerMiss::OutsideBlock(block.clone()),
    }
}

fn port_miss(item: &PortMatch, question: &Question<'_>) -> PortMiss {
    let Layer4::Port(_, number) = question.layer4 else {
        return PortMiss::IcmpHasNoPorts;
    };
    match (&item.ports, question.destination) {
        (PortSpec::Named(_), None) => PortMiss::NameWithoutPod(item.clone()),
        (PortSpec::Named(name), Some(pod)) => {
            PortMiss::Name { item: item.clone(), means: pod.named_port(name, item.protocol).collect() }
        }
        (PortSpec::All, _) => PortMiss::Protocol(item.clone()),
        (PortSpec::Range(range), _) if range.contains(number) => PortMiss::Protocol(item.clone()),
        (PortSpec::Range(_), _) => PortMiss::Number(item.clone()),
    }
}

/// A wanted value that differs from the actual one by an edit or two. `v1` and `v2` do on purpose.
fn near_value(requirement: &Requirement, labels: &Labels) -> Option<Hint> {
    let podfence_model::Operator::In(wanted) = &requirement.operator else { return None };
    let has = labels.get(&requirement.key)?;
    let letters = |text: &str| text.chars().filter(|c| !c.is_ascii_digit()).collect::<String>();
    let unlike = wanted.iter().map(String::as_str).filter(|w| letters(w) != letters(has));
    let near = nearest(has, unlike)?.to_owned();
    Some(Hint::NearValue { key: requirement.key.clone(), wanted: near, has: has.clone() })
}
