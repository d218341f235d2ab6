//! What a rule, a peer, a port, a selector and a block match, each by the plainest code that says so.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use podfence_model::{
    Addresses, Cidr, Direction, Flow, IpBlock, LabelSelector, Labels, Layer4, NamespaceScope, NetworkPolicy,
    Operator, Peer, PeerKind, Pod, Port, PortMatch, PortSpec, Protocol, Requirement, Rule, World,
};

use super::party::{self, Party};

/// `NetworkPolicyIngressRule`, `NetworkPolicyEgressRule`: a rule admits a flow when its peers **and** its
/// ports match.
pub fn rule_admits(
    world: &World,
    policy: &NetworkPolicy,
    rule: &Rule,
    direction: Direction,
    flow: &Flow,
) -> bool {
    let peer = party::resolve(
        world,
        match direction {
            Direction::Ingress => &flow.source,
            Direction::Egress => &flow.destination,
        },
    );
    let destination = party::resolve(world, &flow.destination);
    peers_match(world, policy, rule, &peer) && ports_match(rule, &destination, flow.layer4)
}

/// `from`, `to`: missing or empty = everybody, in and out of the cluster; otherwise one item must match.
fn peers_match(world: &World, policy: &NetworkPolicy, rule: &Rule, peer: &Party<'_>) -> bool {
    rule.peers.is_empty() || rule.peers.iter().any(|item| peer_matches(world, policy, item, peer))
}

/// `NetworkPolicyPeer`: either pods by label or addresses by block.
pub fn peer_matches(world: &World, policy: &NetworkPolicy, item: &Peer, peer: &Party<'_>) -> bool {
    match &item.kind {
        PeerKind::Block(block) => peer.address().is_some_and(|address| block_contains(block, address)),
        PeerKind::Pods { namespaces, pods } => match peer {
            Party::Pod { pod, .. } => pod_peer_matches(world, policy, namespaces, pods, pod),
            Party::Node { .. } | Party::Stranger(_) => false,
        },
    }
}

/// `podSelector` and `namespaceSelector` of a peer: both must match; without a `namespaceSelector` the pod
/// must live in the policy's own namespace. A pod that has no address yet is nobody's peer.
fn pod_peer_matches(
    world: &World,
    policy: &NetworkPolicy,
    namespaces: &NamespaceScope,
    pods: &LabelSelector,
    pod: &Pod,
) -> bool {
    if pod.addresses == Addresses::NotYet {
        return false;
    }
    let namespace_matches = match namespaces {
        NamespaceScope::Own => pod.meta.id.namespace == policy.meta.id.namespace,
        NamespaceScope::Matching(selector) => world
            .namespaces
            .get(&pod.meta.id.namespace)
            .is_some_and(|namespace| selector_matches(selector, &namespace.labels)),
    };
    namespace_matches && selector_matches(pods, &pod.meta.labels)
}

/// `LabelSelector`: all of its conditions must hold; one without conditions matches every object.
pub fn selector_matches(selector: &LabelSelector, labels: &Labels) -> bool {
    for requirement in selector.requirements() {
        if !requirement_holds(requirement, labels) {
            return false;
        }
    }
    true
}

/// `LabelSelectorRequirement`: `In` and `Exists` need the key; `NotIn` and `DoesNotExist` also hold for
/// objects without it.
pub fn requirement_holds(requirement: &Requirement, labels: &Labels) -> bool {
    let mut value = None;
    for (key, candidate) in labels {
        if *key == requirement.key {
            value = Some(candidate);
        }
    }
    match (&requirement.operator, value) {
        (Operator::In(values), Some(value)) => values.iter().any(|v| v == value),
        (Operator::NotIn(values), Some(value)) => values.iter().all(|v| v != value),
        (Operator::Exists, Some(_)) | (Operator::NotIn(_) | Operator::DoesNotExist, None) => true,
        (Operator::DoesNotExist, Some(_)) | (Operator::In(_) | Operator::Exists, None) => false,
    }
}

/// `IPBlock`: inside `cidr` and inside none of `except`, whoever has the address.
pub fn block_contains(block: &IpBlock, address: IpAddr) -> bool {
    if !cidr_contains(block.cidr(), address) {
        return false;
    }
    for except in block.except() {
        if cidr_contains(*except, address) {
            return false;
        }
    }
    true
}

/// A CIDR holds the addresses of its family that agree with it in the first `prefix` bits.
pub fn cidr_contains(cidr: Cidr, address: IpAddr) -> bool {
    let prefix = u32::from(cidr.net().prefix_len());
    match (cidr.first(), address) {
        (IpAddr::V4(network), IpAddr::V4(address)) => v4_agrees(network, address, prefix),
        (IpAddr::V6(network), IpAddr::V6(address)) => v6_agrees(network, address, prefix),
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
    }
}

fn v4_agrees(network: Ipv4Addr, address: Ipv4Addr, prefix: u32) -> bool {
    let differing_bits = u32::from(network) ^ u32::from(address);
    differing_bits.leading_zeros() >= prefix
}

fn v6_agrees(network: Ipv6Addr, address: Ipv6Addr, prefix: u32) -> bool {
    let differing_bits = u128::from(network) ^ u128::from(address);
    differing_bits.leading_zeros() >= prefix
}

/// `ports`: missing or empty = every port of every protocol, ICMP included; otherwise one item must match,
/// and as every item is about a protocol with ports, none matches ICMP.
fn ports_match(rule: &Rule, destination: &Party<'_>, layer4: Layer4) -> bool {
    match layer4 {
        _ if rule.ports.is_empty() => true,
        Layer4::Icmp => false,
        Layer4::Port(protocol, port) => {
            rule.ports.iter().any(|item| port_matches(item, destination, protocol, port))
        }
    }
}

/// `NetworkPolicyPort`: the protocol must be the same; no `port` = every port; `port` to `endPort` = that
/// range; a name is what the destination pod's containers call the number.
pub fn port_matches(item: &PortMatch, destination: &Party<'_>, protocol: Protocol, port: Port) -> bool {
    if item.protocol != protocol {
        return false;
    }
    match &item.ports {
        PortSpec::All => true,
        PortSpec::Range(range) => range.first() <= port && port <= range.last(),
        PortSpec::Named(name) => match destination {
            Party::Pod { pod, .. } => declares(pod, name, protocol, port),
            Party::Node { .. } | Party::Stranger(_) => false,
        },
    }
}

/// `containers[].ports[]`: whether a container of the pod gives this name to this port of this protocol.
fn declares(pod: &Pod, name: &str, protocol: Protocol, port: Port) -> bool {
    for declared in &pod.ports {
        let same_name = declared.name.as_deref() == Some(name);
        if same_name && declared.protocol == protocol && declared.number == port {
            return true;
        }
    }
    false
}
