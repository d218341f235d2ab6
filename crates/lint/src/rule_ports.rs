//! What the `ports` of rules are about: the pods that would have to listen, and what those declare.
//!
//! For ingress these are the pods that the policy selects, for egress those that the rule's peers name. Rules about ports
//! ask here, so that all of them are silent in the same cases. Start with [`items`] and [`destinations`].

use std::collections::BTreeSet;

use podfence_model::{Direction, Pod, Port, PortMatch, PortSpec, Protocol};

use crate::context::{Context, PolicyRule};

/// Every `ports` item of a rule that counts.
pub(crate) fn items<'a>(
    context: &Context<'a>,
) -> impl Iterator<Item = (PolicyRule<'a>, &'a PortMatch)> + use<'a> {
    context.rules().flat_map(|rule| rule.rule.ports.iter().map(move |item| (rule, item)))
}

/// Those of them that name a port, with the name.
pub(crate) fn named<'a>(
    context: &Context<'a>,
) -> impl Iterator<Item = (PolicyRule<'a>, &'a PortMatch, &'a str)> + use<'a> {
    items(context).filter_map(|(rule, item)| match &item.ports {
        PortSpec::Named(name) => Some((rule, item, name.as_str())),
        PortSpec::All | PortSpec::Range(_) => None,
    })
}

/// The pods whose ports a rule names. None where others may be meant, too: an egress rule to everybody or to a block of
/// addresses, or a peer of which no pod is known.
pub(crate) fn destinations<'a>(context: &Context<'a>, rule: PolicyRule<'_>) -> Vec<&'a Pod> {
    let mut pods = match rule.direction {
        Direction::Ingress => context.selected(rule.policy),
        Direction::Egress => {
            let of_peers: Vec<Vec<&Pod>> =
                rule.rule.peers.iter().map(|peer| context.peer_pods(rule.policy, peer)).collect();
            if of_peers.iter().any(Vec::is_empty) {
                return Vec::new();
            }
            of_peers.concat()
        }
    };
    pods.retain(|pod| pod.is_policed());
    pods
}

/// The number of an item that names exactly one.
pub(crate) fn single(item: &PortMatch) -> Option<Port> {
    match &item.ports {
        PortSpec::Range(range) if range.first() == range.last() => Some(range.first()),
        PortSpec::Range(_) | PortSpec::All | PortSpec::Named(_) => None,
    }
}

/// Whether an item admits a number of a protocol, whoever listens.
pub(crate) fn admits(item: &PortMatch, protocol: Protocol, number: Port) -> bool {
    let has = match &item.ports {
        PortSpec::All => true,
        PortSpec::Range(range) => range.contains(number),
        PortSpec::Named(_) => false,
    };
    has && item.protocol == protocol
}

/// Whether a pod declares a port.
pub(crate) fn declares(pod: &Pod, protocol: Protocol, number: Port) -> bool {
    pod.ports.iter().any(|port| (port.protocol, port.number) == (protocol, number))
}

/// The numbers that pods declare for a protocol.
pub(crate) fn declared(pods: &[&Pod], protocol: Protocol) -> BTreeSet<Port> {
    let ports = pods.iter().flat_map(|pod| &pod.ports);
    ports.filter(|port| port.protocol == protocol).map(|port| port.number).collect()
}
