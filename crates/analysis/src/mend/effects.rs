//! What a change does to all connections, by name, to tell.

use std::collections::BTreeSet;

use podfence_engine::PodId;
use podfence_model::{Cidr, Endpoint, NamespacedName, PortSet, World};

use crate::AddressSet;
use crate::diff::{Change, Snapshot, Turn, changes_among};
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

/// What happens to all connections where some policies differ, most dangerous first.
pub(super) fn effects(
    before: Snapshot<'_>,
    after: Snapshot<'_>,
    asked: &Explanation<'_>,
    policies: &BTreeSet<NamespacedName>,
) -> Vec<Effect> {
    let directory = Directory::new(after.world, after.engine);
    let wanted = Wanted::new(after.world, asked);
    let effect = |change: Change| Effect {
        is_beside: !wanted.covers(&change),
        turn: change.turn,
        from: directory.name(&change.from),
        to: directory.name(&change.to),
        ports: change.ports,
    };
    changes_among(before, after, &selected(before, after, policies)).into_iter().map(effect).collect()
}

/// The pods that some policies select, before or after.
fn selected(
    before: Snapshot<'_>,
    after: Snapshot<'_>,
    policies: &BTreeSet<NamespacedName>,
) -> BTreeSet<PodId> {
    let both = [before, after];
    let states: Vec<_> =
        both.iter().flat_map(|side| policies.iter().filter_map(|id| side.world.policies.get(id))).collect();
    let is_selected = |id: &PodId| {
        let meta = &after.engine.pod(*id).meta;
        let selects = |policy: &&podfence_model::NetworkPolicy| {
            policy.meta.id.namespace == meta.id.namespace && policy.subject.matches(&meta.labels)
        };
        states.iter().any(selects)
    };
    after.engine.pod_ids().filter(is_selected).collect()
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
