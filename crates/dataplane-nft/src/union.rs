//! Unions in the kernel: sets of peers, and the chains that look a peer up in them.
//!
//! A known pod is decided by membership in `pods` alone; only other addresses go on to `blocks`. Sets exist only
//! where there is something to put in, so a union costs the kernel no more objects than it needs.

use std::net::IpAddr;

use podfence_engine::AddressRange;
use podfence_model::{Direction, Family};
use podfence_netlink::nft::{Batch, BatchError, Chain, DataType, Element, Name, Rule, Set};
use podfence_plan::{MemberChange, UnionPlan};

use crate::fields::Ends;
use crate::frame::Frame;
use crate::names::{Slot, comment, refused, union_chain, union_set};
use crate::pod_set::PodSet;
use crate::refusal::Refusal;
use crate::room::Room;

/// A set of a union.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct UnionSet {
    pub slot: Slot,
    /// The number in its name: the union's own, until the set was outgrown.
    pub id: u32,
    pub room: Room,
}

impl UnionSet {
    pub(crate) fn new(slot: Slot, id: u32, held: usize) -> Self {
        let room = if slot.ranges { Room::unbounded(held) } else { Room::of(held) };
        Self { slot, id, room }
    }

    pub(crate) fn name(&self) -> Name {
        union_set(self.id, self.slot)
    }

    /// The set, as far as its elements need it known.
    pub(crate) fn bare(&self) -> Set {
        let key = match self.slot.family {
            Family::V4 => DataType::Ipv4,
            Family::V6 => DataType::Ipv6,
        };
        let set = Set { size: self.room.size(), ..Set::new(self.name(), [key]) };
        if self.slot.ranges { set.interval() } else { set }
    }

    /// The set to create.
    pub(crate) fn set(&self, about: &str) -> Set {
        Set { comment: comment(about), ..self.bare() }
    }
}

/// How many programs go to a union.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Users {
    egress: usize,
    ingress: usize,
}

impl Users {
    /// Those of a direction.
    pub(crate) fn of(&mut self, direction: Direction) -> &mut usize {
        match direction {
            Direction::Egress => &mut self.egress,
            Direction::Ingress => &mut self.ingress,
        }
    }
}

/// A union as the kernel has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UnionObject {
    pub id: u32,
    /// Everybody passes: no sets, no chains.
    pub everyone: bool,
    /// Those that hold something, in the order of [`Slot::ALL`].
    pub sets: Vec<UnionSet>,
    /// The programs that go to it.
    pub users: Users,
    /// The directions that it has a chain for.
    pub chains: Vec<Direction>,
}

impl UnionObject {
    /// A union with sets for what `plan` holds, and no chain yet.
    pub(crate) fn new(id: u32, plan: &UnionPlan) -> Self {
        let v4 = plan.pods.iter().filter(|ip| ip.is_ipv4()).count();
        let set = |slot: Slot| {
            let held = match slot {
                Slot { ranges: true, .. } => elements(plan, slot).count(),
                Slot { family: Family::V4, .. } => v4,
                Slot { family: Family::V6, .. } => plan.pods.len() - v4,
            };
            (held > 0).then(|| UnionSet::new(slot, id, held))
        };
        let sets = Slot::ALL.into_iter().filter_map(set).collect();
        Self { id, everyone: plan.everyone, sets, users: Users::default(), chains: Vec::new() }
    }

    pub(crate) fn set(&self, slot: Slot) -> Option<&UnionSet> {
        self.sets.iter().find(|set| set.slot == slot)
    }

    /// Puts a set in place of what its slot has; `None` leaves the slot empty.
    pub(crate) fn put(&mut self, slot: Slot, set: Option<UnionSet>) {
        self.sets.retain(|set| set.slot != slot);
        self.sets.extend(set);
        self.sets.sort_unstable_by_key(|set| Slot::ALL.iter().position(|slot| *slot == set.slot));
    }

    /// The chain that a program of this direction goes to.
    pub(crate) fn chain(&self, direction: Direction, about: &str) -> Chain {
        Chain { comment: comment(about), ..Chain::regular(union_chain(direction, self.id)) }
    }

    /// Fills the chain; it must be empty.
    pub(crate) fn fill_chain(
        &self,
        direction: Direction,
        frame: &Frame,
        batch: &mut Batch,
    ) -> Result<(), BatchError> {
        let name = union_chain(direction, self.id);
        self.rules(direction, frame).iter().try_for_each(|rule| batch.add_rule(&frame.table, &name, rule))
    }

    /// What the chain holds.
    pub(crate) fn rules(&self, direction: Direction, frame: &Frame) -> Vec<Rule> {
        let mut rules: Vec<Rule> =
            Ends::BOTH.into_iter().flat_map(|ends| self.look_up(ends, direction, frame)).collect();
        rules.push(Rule::new().goto(&refused(Refusal::of(direction))));
        rules
    }

    fn look_up(&self, ends: Ends, direction: Direction, frame: &Frame) -> Vec<Rule> {
        let refuse = refused(Refusal::of(direction));
        let look = |family, set: &Name| ends.of(family).in_set(&[ends.peer(direction, family)], set);
        let admit = |set: &&UnionSet| look(set.slot.family, &set.name()).ret();
        let known = |family| look(family, &PodSet::Known(family).name(frame.epoch)).goto(&refuse);
        let (blocks, pods): (Vec<&UnionSet>, Vec<&UnionSet>) =
            self.sets.iter().partition(|set| set.slot.ranges);
        let mut rules: Vec<Rule> = pods.iter().map(admit).collect();
        rules.extend(blocks.iter().map(|set| known(set.slot.family)));
        rules.extend(blocks.iter().map(admit));
        rules
    }
}

/// The elements of a plan that belong into a set.
pub(crate) fn elements(plan: &UnionPlan, slot: Slot) -> impl Iterator<Item = Element> {
    members(plan.pods.iter(), plan.ranges.iter(), slot)
}

/// The elements of a change that come into a set.
pub(crate) fn added(change: &MemberChange, slot: Slot) -> Vec<Element> {
    members(change.pods.added.iter(), change.ranges.added.iter(), slot).collect()
}

/// The elements of a change that leave a set.
pub(crate) fn removed(change: &MemberChange, slot: Slot) -> Vec<Element> {
    members(change.pods.removed.iter(), change.ranges.removed.iter(), slot).collect()
}

fn members<'a>(
    pods: impl Iterator<Item = &'a IpAddr>,
    ranges: impl Iterator<Item = &'a AddressRange>,
    slot: Slot,
) -> impl Iterator<Item = Element> {
    let pods = pods.filter(move |ip| !slot.ranges && Family::of(**ip) == slot.family);
    let ranges = ranges.filter(move |range| slot.ranges && range.family == slot.family);
    pods.map(|ip| Element::new(*ip)).chain(ranges.map(|range| Element::range(range.first(), range.last())))
}
