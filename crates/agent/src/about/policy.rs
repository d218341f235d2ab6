//! What a policy comes to today: its pods here, and per rule the addresses and ports.

use std::collections::BTreeSet;
use std::net::IpAddr;

use podfence_engine::{AddressRange, Engine, Member, Peers, PodId, PolicyId};
use podfence_model::{Direction, NamespacedName, Pod, Port, PortMatch, PortSpec, Rule};
use serde::{Deserialize, Serialize};

use super::Standing;

/// Of peers so many are listed; how many more there are is said.
const LISTED: usize = 1_000;

/// A policy on this node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyStatus {
    /// The policy, as `namespace/name`.
    pub policy: String,
    /// How the agent stands to it.
    #[serde(flatten)]
    pub standing: Standing,
    /// The pods of this node that it isolates.
    pub pods: Vec<String>,
    /// How many pods of other nodes it isolates, or of none yet.
    pub elsewhere: usize,
    /// The directions in which it isolates them.
    pub ways: Vec<Way>,
}

/// What a policy allows in one direction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Way {
    /// `ingress` or `egress`.
    pub direction: String,
    /// Its rules, in their order; none = nothing is allowed.
    pub rules: Vec<RuleStatus>,
}

/// What a rule comes to today.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleStatus {
    /// Its `from` or `to` items in words.
    pub peers: Vec<String>,
    /// Its `ports` items in words, named ones with their numbers; none = every port and ICMP.
    pub ports: Vec<String>,
    /// Whether everybody is admitted; nobody is listed then.
    pub everyone: bool,
    /// Addresses of known pods, the first thousand.
    pub pods: Vec<PeerPod>,
    /// How many more of them there are.
    pub more_pods: usize,
    /// Ranges of addresses that no known pod has, as `FIRST-LAST` or one address, the first thousand.
    pub ranges: Vec<String>,
    /// How many more of them there are.
    pub more_ranges: usize,
}

/// A pod that a rule admits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PeerPod {
    /// The pod, as `namespace/name`.
    pub pod: String,
    /// Its address.
    pub address: IpAddr,
}

/// What the engine says of a policy; `None` where there is none of this name.
pub(crate) fn policy(engine: &Engine, standing: Standing, name: &NamespacedName) -> Option<PolicyStatus> {
    let id = engine.policy_id(name)?;
    let directions = engine.policy(id).directions;
    let is_here = |pod: &PodId| engine.pod(*pod).node.as_ref() == Some(&standing.node);
    let (here, elsewhere): (Vec<PodId>, Vec<PodId>) = engine.subjects_of(id).partition(is_here);
    let mut pods: Vec<String> = here.iter().map(|pod| engine.pod(*pod).meta.id.to_string()).collect();
    pods.sort_unstable();
    let subjects: Vec<PodId> = here.into_iter().chain(elsewhere.iter().copied()).collect();
    let ways = [Direction::Ingress, Direction::Egress].into_iter().filter(|way| directions.contains(*way));
    let ways = ways.map(|direction| way(engine, id, direction, &subjects)).collect();
    Some(PolicyStatus { policy: name.to_string(), standing, pods, elsewhere: elsewhere.len(), ways })
}

fn way(engine: &Engine, id: PolicyId, direction: Direction, subjects: &[PodId]) -> Way {
    let rules = engine.policy(id).rules(direction).iter().enumerate();
    let status = |(index, rule): (usize, &Rule)| {
        let peers = engine.peers_of(id, direction, index).unwrap_or_default();
        rule_status(engine, rule, &peers, &receivers(engine, direction, subjects, &peers))
    };
    Way { direction: direction.to_string(), rules: rules.map(status).collect() }
}

/// The pods that give named ports their numbers: who receives.
fn receivers<'e>(
    engine: &'e Engine,
    direction: Direction,
    subjects: &[PodId],
    peers: &Peers,
) -> Vec<&'e Pod> {
    match direction {
        Direction::Ingress => subjects.iter().map(|id| engine.pod(*id)).collect(),
        Direction::Egress if peers.everyone => engine.pod_ids().map(|id| engine.pod(id)).collect(),
        Direction::Egress => peers.pods.iter().map(|member| engine.pod(member.pod)).collect(),
    }
}

fn rule_status(engine: &Engine, rule: &Rule, peers: &Peers, receivers: &[&Pod]) -> RuleStatus {
    let pod = |member: &Member| {
        Some(PeerPod { pod: engine.pod(member.pod).meta.id.to_string(), address: member.address? })
    };
    let mut pods: Vec<PeerPod> = peers.pods.iter().filter_map(pod).collect();
    pods.sort_unstable();
    RuleStatus {
        peers: rule.peers.iter().map(|peer| peer.kind.to_string()).collect(),
        ports: rule.ports.iter().map(|item| ports(item, receivers)).collect(),
        everyone: peers.everyone,
        more_pods: pods.len().saturating_sub(LISTED),
        pods: pods.into_iter().take(LISTED).collect(),
        ranges: peers.ranges.iter().take(LISTED).map(range).collect(),
        more_ranges: peers.ranges.len().saturating_sub(LISTED),
    }
}

fn ports(item: &PortMatch, receivers: &[&Pod]) -> String {
    let PortSpec::Named(name) = &item.ports else { return item.to_string() };
    let numbers: BTreeSet<Port> =
        receivers.iter().flat_map(|pod| pod.named_port(name, item.protocol)).collect();
    let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    match &numbers[..] {
        [] => format!("{item}, which no pod has"),
        numbers => format!("{item} ({})", numbers.join(", ")),
    }
}

fn range(range: &AddressRange) -> String {
    let (first, last) = (range.first(), range.last());
    if first == last { first.to_string() } else { format!("{first}-{last}") }
}
