//! Candidates for refusing a flow that passes: what one could take out of the rule that admits it, or, where nothing
//! isolates an end, a policy that admits everybody else.

use std::net::IpAddr;

use podfence_engine::RuleRef;
use podfence_model::{
    Cidr, Endpoint, Family, IpBlock, LabelSelector, NamespaceScope, Operator, Peer, PeerKind, Requirement,
    Rule, World,
};

use super::allow::policy;
use super::amendment::Amendment;
use super::group::Group;
use super::names::{peers, subjects};
use super::{Candidate, Cost};

/// All candidates for the directions that admit.
pub(super) fn candidates(world: &World, groups: &[Group]) -> Vec<Candidate> {
    let of = |group: &Group| match &group.admitted_by {
        Some(rule) => narrower(world, group, rule),
        None if group.selecting.is_empty() => isolating(world, group),
        None => Vec::new(),
    };
    groups.iter().flat_map(of).collect()
}

/// Takes the items that match out of a rule, or everybody but the peers in.
fn narrower(world: &World, group: &Group, rule: &RuleRef) -> Vec<Candidate> {
    let policy = world.policies.get(&rule.policy);
    let Some(found) = policy.and_then(|policy| policy.rules(rule.direction).get(rule.rule)) else {
        return Vec::new();
    };
    let mut amendments = vec![(2, Amendment::RemoveRule(rule.clone()))];
    if found.peers.len() > 1 && rule.peer.is_some() {
        amendments.push((1, Amendment::RemovePeer(rule.clone())));
    }
    if found.ports.len() > 1 && rule.port.is_some() {
        amendments.push((1, Amendment::RemovePort(rule.clone())));
    }
    if found.peers.is_empty() {
        let others = everybody_but(world, &group.peers).into_iter();
        amendments.extend(others.map(|peers| (4, Amendment::AddPeers(rule.clone(), peers))));
    }
    let peer = rule.peer.and_then(|at| found.peers.get(at));
    amendments.extend(peer.into_iter().flat_map(|peer| {
        let kinds = without(world, &peer.kind, &group.peers).into_iter();
        kinds.map(|kind| (3, Amendment::ReplacePeer(rule.clone(), kind)))
    }));
    amendments.into_iter().map(|(lines, amendment)| candidate(lines, amendment)).collect()
}

fn candidate(lines: usize, amendment: Amendment) -> Candidate {
    Candidate { amendment, cost: Cost { lines, ..Cost::default() } }
}

/// Isolates the subjects and admits everybody else, or everybody on other ports.
fn isolating(world: &World, group: &Group) -> Vec<Candidate> {
    let rule = |kinds: Vec<PeerKind>, ports| {
        let peers = kinds.into_iter().map(|kind| Peer { kind, place: None }).collect();
        Rule { peers, ports, place: None }
    };
    let mut found = Vec::new();
    for (namespace, subject) in subjects(world, &group.subjects) {
        for kinds in everybody_but(world, &group.peers) {
            let mut whole = policy(world, group, &namespace, subject.clone(), rule(kinds, Vec::new()));
            found.push(candidate(15, Amendment::AddPolicy(Box::new(whole.clone()))));
            if let Some(ports) = group.other_ports() {
                let rules = if whole.directions.egress { &mut whole.egress } else { &mut whole.ingress };
                rules.push(rule(Vec::new(), ports));
                found.push(candidate(24, Amendment::AddPolicy(Box::new(whole))));
            }
        }
    }
    found
}

/// A peer item without some ends, in the ways there are.
fn without(world: &World, kind: &PeerKind, ends: &[Endpoint]) -> Vec<PeerKind> {
    match kind {
        PeerKind::Pods { namespaces, pods } => {
            let narrowed = |excluded: Requirement| PeerKind::Pods {
                namespaces: namespaces.clone(),
                pods: pods.requirements().cloned().chain([excluded]).collect(),
            };
            let is_possible = |excluded: &Requirement| !pods.requirements().any(|r| contradict(r, excluded));
            excluded(world, ends).into_iter().filter(is_possible).map(narrowed).collect()
        }
        PeerKind::Block(block) => {
            let holes = holes(world, ends).into_iter().filter(|hole| block.cidr().contains(hole.first()));
            let except = block.except().iter().copied().chain(holes).collect();
            IpBlock::new(block.cidr(), except).map(PeerKind::Block).into_iter().collect()
        }
    }
}

/// Whether no label meets both conditions, of which the second is that it is none of some values.
fn contradict(one: &Requirement, other: &Requirement) -> bool {
    match (&one.operator, &other.operator) {
        (Operator::In(values), Operator::NotIn(excluded)) => {
            one.key == other.key && values.is_subset(excluded)
        }
        _ => false,
    }
}

/// The known addresses of some ends.
fn holes(world: &World, ends: &[Endpoint]) -> Vec<Cidr> {
    let of = |end: &Endpoint| -> Vec<IpAddr> {
        match end {
            Endpoint::Pod { id, .. } => world.pods.get(id).map_or_else(Vec::new, |pod| pod.ips().to_vec()),
            _ => end.address().into_iter().collect(),
        }
    };
    ends.iter().flat_map(of).map(Cidr::host).collect()
}

/// Every peer but these, in the ways there are. Pods are left out by a label of theirs; blocks would let them in again, so that
/// the world outside stays out with them, unless it is known which addresses are theirs.
fn everybody_but(world: &World, ends: &[Endpoint]) -> Vec<Vec<PeerKind>> {
    let any =
        |pods| PeerKind::Pods { namespaces: NamespaceScope::Matching(LabelSelector::everything()), pods };
    if ends.iter().all(|end| !matches!(end, Endpoint::Pod { .. })) {
        let blocks = all_but(&holes(world, ends));
        return vec![std::iter::once(any(LabelSelector::everything())).chain(blocks).collect()];
    }
    let without = |excluded| any([excluded].into_iter().collect());
    let mut found = Vec::new();
    for peer in excluded(world, ends).into_iter().map(without) {
        for cut in [holes(world, ends), world.all_pod_ranges().collect()] {
            found.extend(
                (!cut.is_empty()).then(|| std::iter::once(peer.clone()).chain(all_but(&cut)).collect()),
            );
        }
        found.push(vec![peer]);
    }
    found
}

/// All addresses of both families but these.
fn all_but(holes: &[Cidr]) -> Vec<PeerKind> {
    let block = |family| {
        let except = holes.iter().copied().filter(|hole| hole.family() == family).collect();
        IpBlock::new(Cidr::all(family), except).ok().map(PeerKind::Block)
    };
    Family::BOTH.into_iter().filter_map(block).collect()
}

/// Conditions that these pods alone do not meet, as far as one label tells them apart.
fn excluded(world: &World, ends: &[Endpoint]) -> Vec<Requirement> {
    let ways = peers(world, "", ends).into_iter();
    let single = ways.filter_map(|way| match way.as_slice() {
        [PeerKind::Pods { pods, .. }] => {
            let mut requirements = pods.requirements();
            requirements.next().filter(|_| requirements.next().is_none()).cloned()
        }
        _ => None,
    });
    let negated = |requirement: Requirement| match requirement.operator {
        Operator::In(values) => Some(Requirement { key: requirement.key, operator: Operator::NotIn(values) }),
        _ => None,
    };
    single.filter_map(negated).collect()
}
