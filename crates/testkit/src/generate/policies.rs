//! Random policies that use every field of the API.

use fastrand::Rng;
use podfence_model::{
    Directions, LabelSelector, METADATA_NAME, NamespaceScope, NetworkPolicy, Peer, PeerKind, PortMatch,
    Requirement, Rule, World,
};

use super::blocks::random_block;
use super::draw::Draw;
use super::objects::{NAMESPACE_LABELS, POD_LABELS};
use super::ports::random_port_match;
use crate::build::{
    BOTH, EGRESS, INGRESS, everything, has, lacks, none_of, one_of, peer, policy, rule, select,
};

pub(super) fn random_policy(world: &World, name: &str, rng: &mut Rng) -> NetworkPolicy {
    let namespaces: Vec<&String> = world.namespaces.keys().collect();
    let id = format!("{}/{name}", rng.pick(&namespaces));
    let directions = *rng.weighted(&[(35, INGRESS), (25, EGRESS), (40, BOTH)]);
    let mut policy = policy(&id, pod_selector(45, rng), directions);
    let Directions { ingress, egress } = directions;
    policy.ingress = random_rules(world, ingress, rng);
    policy.egress = random_rules(world, egress, rng);
    policy
}

/// The rules of a direction; a direction that `policyTypes` leaves out has dead ones now and then.
fn random_rules(world: &World, live: bool, rng: &mut Rng) -> Vec<Rule> {
    let without = if live { 12 } else { 70 };
    if rng.chance(without) {
        return vec![];
    }
    (0..rng.usize(1..=3)).map(|_| random_rule(world, rng)).collect()
}

fn random_rule(world: &World, rng: &mut Rng) -> Rule {
    let peers = *rng.weighted(&[(12, 0), (40, 1), (30, 2), (18, 3)]);
    let ports = *rng.weighted(&[(30, 0), (35, 1), (20, 2), (15, 3)]);
    let peers: Vec<Peer> = (0..peers).map(|_| random_peer(world, rng)).collect();
    let ports: Vec<PortMatch> = (0..ports).map(|_| random_port_match(rng)).collect();
    rule(peers, ports)
}

fn random_peer(world: &World, rng: &mut Rng) -> Peer {
    peer(match rng.u32(0..100) {
        0..25 => PeerKind::Pods { namespaces: NamespaceScope::Own, pods: pod_selector(30, rng) },
        25..40 => PeerKind::Pods { namespaces: namespace_scope(world, rng), pods: everything() },
        40..60 => PeerKind::Pods { namespaces: namespace_scope(world, rng), pods: pod_selector(10, rng) },
        _ => PeerKind::Block(random_block(world, rng)),
    })
}

fn pod_selector(everything_percent: u32, rng: &mut Rng) -> LabelSelector {
    if rng.chance(everything_percent) {
        return everything();
    }
    random_selector(&POD_LABELS, rng)
}

/// A `namespaceSelector`: everything, by the label that carries the name, or by other labels.
fn namespace_scope(world: &World, rng: &mut Rng) -> NamespaceScope {
    let names: Vec<&str> = world.namespaces.keys().map(String::as_str).collect();
    NamespaceScope::Matching(match rng.u32(0..100) {
        0..20 => everything(),
        20..40 => random_selector(&[(METADATA_NAME, &names)], rng),
        _ => random_selector(&NAMESPACE_LABELS, rng),
    })
}

/// One or two conditions; two on the same key may well contradict each other.
fn random_selector(alphabet: &[(&str, &[&str])], rng: &mut Rng) -> LabelSelector {
    let conditions = *rng.weighted(&[(70, 1), (30, 2)]);
    let drawn: Vec<Requirement> = (0..conditions).map(|_| random_requirement(alphabet, rng)).collect();
    select(&drawn)
}

fn random_requirement(alphabet: &[(&str, &[&str])], rng: &mut Rng) -> Requirement {
    let (key, values) = *rng.pick(alphabet);
    let several = |rng: &mut Rng| -> Vec<&str> { rng.some(values, 1, 3).into_iter().copied().collect() };
    match rng.u32(0..100) {
        0..35 => one_of(key, &[*rng.pick(values)]),
        35..55 => one_of(key, &several(rng)),
        55..75 => none_of(key, &several(rng)),
        75..88 => has(key),
        _ => lacks(key),
    }
}
