//! Random ports: what containers declare and what policies name.

use fastrand::Rng;
use podfence_model::{ContainerPort, PortMatch, Protocol};

use super::draw::Draw;
use crate::build::{every, named, range, serves};

pub(super) const DECLARED: [u16; 6] = [53, 80, 81, 443, 8080, 9090];
pub(super) const NAMES: [&str; 4] = ["http", "dns", "metrics", "admin"];
/// No container declares it.
const MISSING_NAME: &str = "absent";
pub(super) const PROTOCOLS: [(u32, Protocol); 3] =
    [(55, Protocol::Tcp), (25, Protocol::Udp), (20, Protocol::Sctp)];

/// Edges that ranges share, so that they touch, nest and overlap.
const EDGES: [u16; 12] = [1, 2, 52, 53, 80, 81, 82, 443, 8079, 8080, 65534, 65535];

/// The ports of a pod's containers: up to five, each number once a protocol. The same name may stand for
/// different numbers in different pods, and in one pod for several protocols or containers.
pub(super) fn random_container_ports(rng: &mut Rng) -> Vec<ContainerPort> {
    let mut declared: Vec<ContainerPort> = Vec::new();
    for _ in 0..rng.usize(1..=5) {
        let name = if rng.chance(75) { *rng.pick(&NAMES) } else { "" };
        let candidate = serves(name, *rng.weighted(&PROTOCOLS), *rng.pick(&DECLARED));
        let twin = |p: &ContainerPort| p.protocol == candidate.protocol && p.number == candidate.number;
        if !declared.iter().any(twin) {
            declared.push(candidate);
        }
    }
    declared
}

/// One `ports` item.
pub(super) fn random_port_match(rng: &mut Rng) -> PortMatch {
    let protocol = *rng.weighted(&PROTOCOLS);
    match rng.u32(0..100) {
        0..20 => every(protocol),
        20..45 => number_from(&DECLARED, protocol, rng),
        45..70 => random_range(protocol, rng),
        70..97 => named(protocol, rng.pick::<&str>(&NAMES)),
        _ => named(protocol, MISSING_NAME),
    }
}

fn number_from(list: &[u16], protocol: Protocol, rng: &mut Rng) -> PortMatch {
    let number = *rng.pick(list);
    range(protocol, number, number)
}

/// `endPort` ranges with common edges; now and then any numbers at all.
fn random_range(protocol: Protocol, rng: &mut Rng) -> PortMatch {
    let (one, other) = if rng.chance(85) {
        (*rng.pick(&EDGES), *rng.pick(&EDGES))
    } else {
        (rng.u16(1..=u16::MAX), rng.u16(1..=u16::MAX))
    };
    range(protocol, one.min(other), one.max(other))
}
