//! Addresses that are no known pod's, under the blocks that policies state where these say it.

use std::collections::BTreeSet;

use podfence_engine::{ClassKind, Engine};
use podfence_model::{Direction, Family, IpBlock, PeerKind, World};

use super::{EndName, weight};
use crate::AddressSet;

/// What there is beside the known pods.
#[derive(Debug)]
pub(super) struct Addresses {
    /// What unknown pods may have.
    unknown: AddressSet,
    /// The cluster addresses of Services, which no end has: a block may hold them or not.
    nobodys: AddressSet,
    /// Everything else, in the families that the pods have addresses of; in IPv4 where none has any.
    outside: AddressSet,
    /// What is outside and in none of the blocks that policies state.
    elsewhere: AddressSet,
    /// The blocks that policies state.
    written: Vec<(IpBlock, AddressSet)>,
}

impl Addresses {
    pub(super) fn new(world: &World, engine: &Engine) -> Self {
        let mut families: BTreeSet<Family> = engine.known_addresses().map(Family::of).collect();
        if families.is_empty() {
            families.insert(Family::V4);
        }
        let written = written(world);
        let ranges = engine.ranges_of_ends();
        let of_classes = |kind: ClassKind| -> AddressSet {
            let classes = ranges.iter().filter(|(id, _)| engine.class(*id).kind() == kind);
            classes.flat_map(|(_, ranges)| ranges).copied().collect()
        };
        let (unknown, all_outside) = (of_classes(ClassKind::UnknownPods), of_classes(ClassKind::Outside));
        let every_range: AddressSet =
            engine.classes().iter().flat_map(|class| &class.ranges).copied().collect();
        let nobodys = every_range.difference(&unknown.union(&all_outside));
        let narrow: AddressSet =
            written.iter().map(IpBlock::cidr).filter(|cidr| cidr.net().prefix_len() > 0).collect();
        let outside = families
            .iter()
            .fold(AddressSet::default(), |all, family| all.union(&all_outside.of_family(*family)));
        Self {
            elsewhere: outside.difference(&narrow),
            written: written.into_iter().map(|block| (block.clone(), AddressSet::from(&block))).collect(),
            nobodys,
            unknown,
            outside,
        }
    }

    /// Names for what is not a known pod's.
    pub(super) fn name(&self, unknown: &AddressSet, outside: &AddressSet) -> Vec<EndName> {
        let mut names = self.name_outside(outside);
        if !self.unknown.is_empty() && unknown.covers(&self.unknown) {
            names.push(EndName::UnknownPods);
        } else {
            names.extend(
                unknown.blocks(&self.outside.union(&self.nobodys)).into_iter().map(EndName::UnknownPodsIn),
            );
        }
        names
    }

    /// Whether these names say everything that is not a known pod's.
    pub(super) fn are_all(&self, names: &[EndName]) -> bool {
        match names {
            [EndName::Outside] => self.unknown.is_empty(),
            [EndName::Outside, EndName::UnknownPods] => true,
            _ => false,
        }
    }

    fn name_outside(&self, set: &AddressSet) -> Vec<EndName> {
        if !set.is_empty() && set.covers(&self.outside) {
            return vec![EndName::Outside];
        }
        let unwritten = self.elsewhere != self.outside;
        if unwritten && !set.is_empty() && *set == self.elsewhere {
            return vec![EndName::Elsewhere];
        }
        Family::BOTH.into_iter().flat_map(|family| self.blocks(&set.of_family(family))).collect()
    }

    /// Blocks of one family: as written if that does not take many more.
    fn blocks(&self, set: &AddressSet) -> Vec<EndName> {
        let fewest: Vec<EndName> =
            set.blocks(&self.unknown.union(&self.nobodys)).into_iter().map(EndName::Block).collect();
        match self.as_written(set) {
            Some(written) if weight(&written) <= 2 * weight(&fewest) => written,
            _ => fewest,
        }
    }

    /// The widest blocks of policies that lie in a set, if they make it up.
    fn as_written(&self, set: &AddressSet) -> Option<Vec<EndName>> {
        let allowed = AddressSet::union_all([set, &self.unknown, &self.nobodys]);
        let mut left = set.clone();
        let mut found = Vec::new();
        for (block, addresses) in &self.written {
            if left.is_empty() {
                break;
            }
            let is_needed = !addresses.intersection(&left).is_empty();
            if is_needed && allowed.covers(addresses) {
                left = left.difference(addresses);
                found.push(block.clone());
            }
        }
        found.sort_unstable();
        left.is_empty().then(|| found.into_iter().map(EndName::Block).collect())
    }
}

/// The blocks of all rules that are in force, the widest first.
fn written(world: &World) -> Vec<IpBlock> {
    let mut blocks: BTreeSet<&IpBlock> = BTreeSet::new();
    for policy in world.policies.values() {
        let in_force = Direction::BOTH.into_iter().filter(|direction| policy.directions.contains(*direction));
        for peer in in_force.flat_map(|direction| policy.rules(direction)).flat_map(|rule| &rule.peers) {
            if let PeerKind::Block(block) = &peer.kind {
                blocks.insert(block);
            }
        }
    }
    let mut blocks: Vec<IpBlock> = blocks.into_iter().cloned().collect();
    blocks.sort_by_key(|block| (block.cidr().net().prefix_len(), block.except().len()));
    blocks
}
