//! Candidates for refusing a flow that passes: what one could take out of the rule that admits it, or, where nothing
//! isolates an end, a policy that admits everybody else.

use std::collections::BTreeSet;

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
    let mut amendments = vec![(3, Amendment::RemoveRule(rule.clone()))];
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
        kinds.map(|kind| (2, Amendment::ReplacePeer(rule.clone(), kind)))
    }));
    amendments.into_iter().map(|(lines, amendment)| candidate(lines, amendment)).collect()
}

fn candidate(lines: usize, amendment: Amendment) -> Candidate {
    Candidate { amendment, cost: Cost { lines, ..Cost::default() } }
}

/// Isolates the subjects and admits everybody else.
fn isolating(world: &World, group: &Group) -> Vec<Candidate> {
    let mut found = Vec::new();
    for (namespace, subject) in subjects(world, &group.subjects) {
        for kinds in everybody_but(world, &group.peers) {
            let peers = kinds.into_iter().map(|kind| Peer { kind, place: None }).collect();
            let rule = Rule { peers, ports: Vec::new(), place: None };
            let policy = policy(world, group, &namespace, subject.clone(), rule);
            found.push(candidate(15, Amendment::AddPolicy(Box::new(policy))));
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
            excluded(world, ends).into_iter().map(narrowed).collect()
        }
        PeerKind::Block(block) => {
            let holes = ends.iter().filter_map(Endpoint::address).map(Cidr::host);
            let except = block.except().iter().copied().chain(holes).collect();
            IpBlock::new(block.cidr(), except).map(PeerKind::Block).into_iter().collect()
        }
    }
}

/// Every peer but these: blocks with holes where they are addresses, and otherwise pods without a label of theirs. Blocks
/// would let those pods in again, so that the world outside stays out with them.
fn everybody_but(world: &World, ends: &[Endpoint]) -> Vec<Vec<PeerKind>> {
    let any =
        |pods| PeerKind::Pods { namespaces: NamespaceScope::Matching(LabelSelector::everything()), pods };
    let addresses: BTreeSet<_> = ends.iter().filter(|end| !matches!(end, Endpoint::Pod { .. })).collect();
    if addresses.len() == ends.len() {
        let holes: Vec<Cidr> = ends.iter().filter_map(Endpoint::address).map(Cidr::host).collect();
        let block = |family| {
            let except = holes.iter().copied().filter(|hole| hole.family() == family).collect();
            IpBlock::new(Cidr::all(family), except).ok().map(PeerKind::Block)
        };
        let blocks = Family::BOTH.into_iter().filter_map(block);
        return vec![std::iter::once(any(LabelSelector::everything())).chain(blocks).collect()];
    }
    let pods = excluded(world, ends).into_iter();
    pods.map(|excluded| vec![any([excluded].into_iter().collect())]).collect()
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
