//! Which change is told of first.
//!
//! In this order: 1. between ends that both worlds have, then new pods, then pods that are gone; 2. opened, now certainly
//! open, perhaps open, perhaps closed, now certainly closed, closed; 3. by the ends: from outside, to outside, from or to
//! addresses of unknown pods, across namespaces, inside one namespace; 4. from or to more addresses outside; 5. more ports;
//! 6. more pairs of pods; 7. names.

use std::cmp::Reverse;
use std::net::IpAddr;

use podfence_model::{NamespacedName, PortSet, Protocol};

use super::change::{Change, Scope, Turn};
use crate::AddressSet;
use crate::ends::Ends;

/// Where the ends lie, most dangerous first.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reach {
    FromOutside,
    ToOutside,
    Unknown,
    AcrossNamespaces,
    InNamespace,
}

/// Rising from the most dangerous.
pub(super) type Rank =
    (Scope, Turn, Reach, Reverse<u128>, Reverse<u32>, Reverse<usize>, [Option<NamespacedName>; 2]);

pub(super) fn of(change: &Change) -> Rank {
    let (from, to) = (&change.from, &change.to);
    let outside = size(&from.outside).max(size(&to.outside));
    let pairs = from.pods.len().max(1) * to.pods.len().max(1);
    let names = [from, to].map(|ends| ends.pods.first().cloned());
    let ports = count(&change.ports);
    (change.scope, change.turn, reach(from, to), Reverse(outside), Reverse(ports), Reverse(pairs), names)
}

fn reach(from: &Ends, to: &Ends) -> Reach {
    if !from.outside.is_empty() {
        Reach::FromOutside
    } else if !to.outside.is_empty() {
        Reach::ToOutside
    } else if !from.unknown.is_empty() || !to.unknown.is_empty() {
        Reach::Unknown
    } else {
        let mut namespaces = from.pods.iter().chain(&to.pods).map(|pod| &pod.namespace);
        let first = namespaces.next();
        let in_one = namespaces.all(|other| Some(other) == first);
        if in_one { Reach::InNamespace } else { Reach::AcrossNamespaces }
    }
}

impl Change {
    /// How many connections change: pairs of ends times ports. Addresses are counted as the order of changes counts them.
    pub fn connections(&self) -> u128 {
        let ends = |ends: &Ends| {
            (ends.pods.len() as u128).saturating_add(size(&ends.unknown)).saturating_add(size(&ends.outside))
        };
        let pairs = ends(&self.from).saturating_mul(ends(&self.to));
        pairs.saturating_mul(u128::from(count(&self.ports)))
    }
}

/// How many addresses are in a set; IPv6 counts by blocks of 2^96, each as large a part of all as one address of IPv4.
fn size(set: &AddressSet) -> u128 {
    set.stretches().map(|(first, last)| size_of_range(first, last)).sum()
}

/// The same of one stretch.
pub(crate) fn size_of_range(first: IpAddr, last: IpAddr) -> u128 {
    match (first, last) {
        (IpAddr::V4(first), IpAddr::V4(last)) => u128::from(u32::from(last) - u32::from(first)) + 1,
        (IpAddr::V6(first), IpAddr::V6(last)) => ((u128::from(last) - u128::from(first)) >> 96) + 1,
        _ => 1,
    }
}

/// How many ports are in a set, of all protocols; those without ports count as one.
pub(crate) fn count(ports: &PortSet) -> u32 {
    let ranges = Protocol::ALL.into_iter().flat_map(|protocol| ports.ranges(protocol));
    let counted: u32 = ranges.map(|(first, last)| u32::from(last - first) + 1).sum();
    counted + u32::from(ports.has_portless())
}
