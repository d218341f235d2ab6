//! What a change does: in one figure each way, to choose by, and by name, to tell.

use std::collections::BTreeSet;

use podfence_model::{Cidr, Endpoint, NamespacedName, PortSet, World};

use super::amendment::Amendment;
use crate::AddressSet;
use crate::diff::{Change, Said, Snapshot, Turn, diff};
use crate::ends::{Directory, EndName, Ends};
use crate::explanation::Explanation;

/// Connections that turn alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effect {
    /// From what to what.
    pub turn: Turn,
    /// Who opens the connections.
    pub from: Vec<EndName>,
    /// Who is reached.
    pub to: Vec<EndName>,
    /// On which ports.
    pub ports: PortSet,
    /// Whether some of them are not what was asked for.
    pub is_beside: bool,
}

/// Connections that open and close: pairs of ends times ports, summed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Weight {
    pub opened: u128,
    pub closed: u128,
}

/// Compares the worlds before and after.
pub(super) fn weigh(before: Snapshot<'_>, after: Snapshot<'_>) -> Weight {
    let mut weight = Weight::default();
    for change in diff(before, after).changes {
        let side = if opens(change.turn) { &mut weight.opened } else { &mut weight.closed };
        *side = side.saturating_add(change.connections());
    }
    weight
}

/// Whether less is denied than before.
fn opens(turn: Turn) -> bool {
    turn.after() == Said::Allowed || turn.before() == Said::Denied
}

/// What happens to all connections, most dangerous first. Where only single addresses are let in, nothing is said of pods whose
/// addresses nobody has stated: who asks about an address that no pod has says that it is none of theirs.
pub(super) fn effects(
    before: Snapshot<'_>,
    after: Snapshot<'_>,
    asked: &Explanation<'_>,
    amendments: &[Amendment],
) -> Vec<Effect> {
    let single = amendments.iter().all(Amendment::adds_single_addresses);
    let directory = Directory::new(after.world, after.engine);
    let wanted = Wanted::new(after.world, asked);
    let effect = |change: Change| Effect {
        is_beside: !wanted.covers(&change),
        turn: change.turn,
        from: directory.name(&change.from),
        to: directory.name(&change.to),
        ports: change.ports,
    };
    let changes = diff(before, after).changes.into_iter();
    changes.filter(|change| !(single && change.turn == Turn::MayOpen)).map(effect).collect()
}

/// The connections that were asked about.
struct Wanted {
    sources: Known,
    destinations: Known,
    ports: PortSet,
}

/// Ends that are pods, and the addresses of all others.
#[derive(Default)]
struct Known {
    pods: BTreeSet<NamespacedName>,
    addresses: AddressSet,
}

impl Wanted {
    fn new(world: &World, asked: &Explanation<'_>) -> Self {
        let mut ports = PortSet::NONE;
        asked.paths.iter().for_each(|path| ports = ports.union(&PortSet::of(path.layer4)));
        let seen = asked.paths.iter();
        let arriving = asked.paths.iter().filter_map(|path| path.arrives.as_ref());
        Self {
            sources: Known::new(world, seen.clone().flat_map(|path| &path.sources).chain(arriving)),
            destinations: Known::new(world, seen.flat_map(|path| &path.destinations)),
            ports,
        }
    }

    fn covers(&self, change: &Change) -> bool {
        self.sources.covers(&change.from)
            && self.destinations.covers(&change.to)
            && self.ports.covers(&change.ports)
    }
}

impl Known {
    fn new<'a>(world: &World, ends: impl Iterator<Item = &'a Endpoint>) -> Self {
        let mut known = Self::default();
        let mut addresses = Vec::new();
        for end in ends {
            match end {
                Endpoint::Ip(ip) => addresses.push(*ip),
                Endpoint::Pod { id, .. } => drop(known.pods.insert(id.clone())),
                Endpoint::Node { name, address } => {
                    let all = world.nodes.get(name).map_or(&[][..], |node| &node.addresses);
                    addresses.extend(all.iter().filter(|ip| address.is_none_or(|one| one == **ip)));
                }
            }
        }
        known.addresses = addresses.into_iter().map(Cidr::host).collect();
        known
    }

    fn covers(&self, ends: &Ends) -> bool {
        ends.pods.is_subset(&self.pods)
            && self.addresses.covers(&ends.unknown)
            && self.addresses.covers(&ends.outside)
    }
}
