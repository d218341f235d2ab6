//! Candidates for letting a refused flow in: what one could write beside the nearest miss, in a policy that selects the
//! subject, or in a policy of its own.

use podfence_engine::{Hint, NearestMiss, RuleRef};
use podfence_model::{
    Direction, Directions, Endpoint, LabelSelector, METADATA_NAME, NamespaceScope, NamespacedName,
    NetworkPolicy, Operator, Peer, PeerKind, PortMatch, PortRange, PortSpec, Requirement, Rule, World,
};

use super::amendment::{Amendment, proposed};
use super::group::Group;
use super::names::{peers, subjects};
use super::{Candidate, Cost};

/// Policies that get a rule for trial.
const POLICIES: usize = 3;

/// All candidates.
pub(super) fn candidates(world: &World, group: &Group) -> Vec<Candidate> {
    let mut found = Vec::new();
    if let Some(nearest) = &group.nearest {
        found.extend(mistakes(world, nearest));
        found.extend(beside(world, group, nearest));
    }
    found.extend(in_policies(world, group));
    found.extend(own_policy(world, group));
    found
}

/// Mends what the engine takes for a mistake.
fn mistakes(world: &World, nearest: &NearestMiss) -> Vec<Candidate> {
    let amendment = |hint: &Hint| match hint {
        Hint::ServicePort { target, .. } => {
            let (_, port) = items(world, &nearest.rule);
            let ports = PortSpec::Range(PortRange::single(*target));
            Some(Amendment::ReplacePort(
                nearest.rule.clone(),
                PortMatch { ports, place: None, ..port?.clone() },
            ))
        }
        Hint::NearValue { key, wanted, has } => {
            let kind = &items(world, &nearest.rule).0?.kind;
            let mended = with_value(kind, &Requirement::equals(key, wanted), &Requirement::equals(key, has));
            Some(Amendment::ReplacePeer(nearest.rule.clone(), mended?))
        }
        Hint::OtherNamespace { pod, .. } => {
            let PeerKind::Pods { pods, .. } = &items(world, &nearest.rule).0?.kind else { return None };
            let namespaces = NamespaceScope::Matching(equals(METADATA_NAME, pod));
            let kind = PeerKind::Pods { namespaces, pods: pods.clone() };
            Some(Amendment::ReplacePeer(nearest.rule.clone(), kind))
        }
    };
    let found = nearest.hints.iter().filter_map(amendment);
    found.map(|amendment| Candidate { amendment, cost: Cost { lines: 1, ..Cost::default() } }).collect()
}

fn items<'w>(world: &'w World, rule: &RuleRef) -> (Option<&'w Peer>, Option<&'w PortMatch>) {
    let policy = world.policies.get(&rule.policy);
    let found = policy.and_then(|policy| policy.rules(rule.direction).get(rule.rule));
    let peer = found.and_then(|found| found.peers.get(rule.peer?));
    (peer, found.and_then(|found| found.ports.get(rule.port?)))
}

/// The peer with another value of a label; `None` where it is not asked for in so many words.
fn with_value(kind: &PeerKind, wanted: &Requirement, has: &Requirement) -> Option<PeerKind> {
    let PeerKind::Pods { namespaces, pods } = kind else { return None };
    let mend = |selector: &LabelSelector| -> LabelSelector {
        selector.requirements().map(|r| if r == wanted { has.clone() } else { r.clone() }).collect()
    };
    let namespaces = match namespaces {
        NamespaceScope::Own => NamespaceScope::Own,
        NamespaceScope::Matching(selector) => NamespaceScope::Matching(mend(selector)),
    };
    let mended = PeerKind::Pods { namespaces, pods: mend(pods) };
    (mended != *kind).then_some(mended)
}

/// Adds what is missing to the rule that came closest.
fn beside(world: &World, group: &Group, nearest: &NearestMiss) -> Vec<Candidate> {
    let rule = &nearest.rule;
    match (&nearest.miss.peer, &nearest.miss.port) {
        (Some(_), None) => {
            let add = |(n, peers): (usize, Vec<PeerKind>)| Candidate {
                cost: Cost { lines: 3 * peers.len(), ..Cost::of(n, &peers) },
                amendment: Amendment::AddPeers(rule.clone(), peers),
            };
            peers(world, &rule.policy.namespace, &group.peers).into_iter().enumerate().map(add).collect()
        }
        (None, Some(_)) if !group.ports().is_empty() => vec![Candidate {
            amendment: Amendment::AddPorts(rule.clone(), group.ports()),
            cost: Cost { lines: 2, ..Cost::default() },
        }],
        _ => Vec::new(),
    }
}

/// Rules for a group of peers, in the ways to name them.
fn rules(world: &World, group: &Group, namespace: &str) -> Vec<(Cost, Rule)> {
    let rule = |(n, kinds): (usize, Vec<PeerKind>)| {
        let cost = Cost { lines: 4 + 3 * kinds.len(), ..Cost::of(n, &kinds) };
        let peers = kinds.into_iter().map(|kind| Peer { kind, place: None }).collect();
        (cost, Rule { peers, ports: group.ports(), place: None })
    };
    peers(world, namespace, &group.peers).into_iter().enumerate().map(rule).collect()
}

/// Adds a rule to a policy that isolates, to those first that ask most of their subjects.
fn in_policies(world: &World, group: &Group) -> Vec<Candidate> {
    let mut policies: Vec<&NetworkPolicy> =
        group.selecting.iter().filter_map(|id| world.policies.get(id)).collect();
    policies.sort_by_key(|policy| std::cmp::Reverse(policy.subject.requirements().count()));
    let in_policy = |policy: &&NetworkPolicy| {
        let id = policy.meta.id.clone();
        let general = usize::from(policy.subject.is_everything());
        let add = move |(cost, rule): (Cost, Rule)| Candidate {
            amendment: Amendment::AddRule(id.clone(), group.direction, rule),
            cost: Cost { generality: cost.generality + general, ..cost },
        };
        rules(world, group, &policy.meta.id.namespace).into_iter().map(add).collect::<Vec<_>>()
    };
    policies.iter().take(POLICIES).flat_map(in_policy).collect()
}

/// Adds a policy for the subjects.
fn own_policy(world: &World, group: &Group) -> Vec<Candidate> {
    let mut found = Vec::new();
    for (namespace, subject) in subjects(world, &group.subjects) {
        for (cost, rule) in rules(world, group, &namespace) {
            let generality = cost.generality + usize::from(subject.is_everything());
            let policy = policy(world, group, &namespace, subject.clone(), rule);
            let cost = Cost { lines: cost.lines + 9, generality, ..cost };
            found.push(Candidate { amendment: Amendment::AddPolicy(Box::new(policy)), cost });
        }
    }
    found
}

/// A policy of one rule.
pub(super) fn policy(
    world: &World,
    group: &Group,
    namespace: &str,
    subject: LabelSelector,
    rule: Rule,
) -> NetworkPolicy {
    let is_ingress = group.direction == Direction::Ingress;
    let (ingress, egress) = if is_ingress { (vec![rule], Vec::new()) } else { (Vec::new(), vec![rule]) };
    NetworkPolicy {
        meta: proposed(namespace, &name(world, group, namespace)),
        subject,
        directions: Directions { ingress: is_ingress, egress: !is_ingress },
        ingress,
        egress,
    }
}

/// `web-from-client`, or with a number where that is taken.
fn name(world: &World, group: &Group, namespace: &str) -> String {
    let word = if group.direction == Direction::Ingress { "from" } else { "to" };
    let base = format!("{}-{word}-{}", called(world, &group.subjects), called(world, &group.peers));
    let names = std::iter::once(base.clone()).chain((2..).map(|n| format!("{base}-{n}")));
    let is_free = |name: &String| !world.policies.contains_key(&NamespacedName::new(namespace, name));
    names.into_iter().find(is_free).unwrap_or(base)
}

/// A word for some ends that may stand in the name of an object.
fn called(world: &World, ends: &[Endpoint]) -> String {
    match ends.first() {
        Some(Endpoint::Pod { id, .. }) => {
            let workload = world.pods.get(id).and_then(|pod| pod.workload.as_ref());
            workload.map_or_else(|| id.name.clone(), |workload| workload.name.clone())
        }
        Some(Endpoint::Node { name, .. }) => name.clone(),
        Some(Endpoint::Ip(ip)) => ip.to_string().replace(['.', ':'], "-").trim_matches('-').to_owned(),
        None => "nobody".to_owned(),
    }
}

fn equals(key: &str, value: &str) -> LabelSelector {
    let requirement =
        Requirement { key: key.into(), operator: Operator::In([value.to_owned()].into_iter().collect()) };
    [requirement].into_iter().collect()
}
