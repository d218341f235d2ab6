//! Unions in the kernel: sets of peers, and the chains that look a peer up in them.
//!
//! A known pod is decided by membership in `pods` alone; only other addresses go on to `blocks`. Sets exist only
//! where there is something to put in, so a union costs the kernel no more objects than it needs.

use podfence_model::{Direction, Family};
use podfence_netlink::nft::{Batch, BatchError, Chain, DataType, Element, Name, Rule, Set};
use podfence_plan::{MemberChange, UnionPlan};

use crate::fields::Ends;
use crate::frame::Frame;
use crate::names::{Slot, comment, refused, union_chain, union_set};
use crate::pod_set::PodSet;
use crate::refusal::Refusal;

/// A union as the kernel has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UnionObject {
    pub id: u32,
    /// Everybody passes: no sets, no chains.
    pub everyone: bool,
    pub slots: Vec<Slot>,
    pub chains: Vec<Direction>,
}

impl UnionObject {
    /// A union with sets for what `plan` holds, and no chain yet.
    pub(crate) fn new(id: u32, plan: &UnionPlan) -> Self {
        Self { id, everyone: plan.everyone, slots: slots(plan), chains: Vec::new() }
    }

    /// The same union with sets for what `plan` holds now.
    pub(crate) fn resized(&self, plan: &UnionPlan) -> Self {
        Self { slots: slots(plan), ..self.clone() }
    }

    pub(crate) fn set(&self, slot: Slot, about: &str) -> Set {
        let key = match slot.family {
            Family::V4 => DataType::Ipv4,
            Family::V6 => DataType::Ipv6,
        };
        let mut set = Set::new(union_set(self.id, slot), [key]);
        set.comment = comment(about);
        if slot.ranges { set.interval() } else { set }
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

    fn rules(&self, direction: Direction, frame: &Frame) -> Vec<Rule> {
        let mut rules: Vec<Rule> =
            Ends::BOTH.into_iter().flat_map(|ends| self.look_up(ends, direction, frame)).collect();
        rules.push(Rule::new().goto(&refused(Refusal::of(direction))));
        rules
    }

    fn look_up(&self, ends: Ends, direction: Direction, frame: &Frame) -> Vec<Rule> {
        let refuse = refused(Refusal::of(direction));
        let look = |family, set: &Name| ends.of(family).in_set(&[ends.peer(direction, family)], set);
        let admit = |slot: &Slot| look(slot.family, &union_set(self.id, *slot)).ret();
        let known = |family| look(family, &PodSet::Known(family).name(frame.epoch)).goto(&refuse);
        let (blocks, pods): (Vec<Slot>, Vec<Slot>) = self.slots.iter().partition(|slot| slot.ranges);
        let mut rules: Vec<Rule> = pods.iter().map(admit).collect();
        rules.extend(blocks.iter().map(|slot| known(slot.family)));
        rules.extend(blocks.iter().map(admit));
        rules
    }
}

fn slots(plan: &UnionPlan) -> Vec<Slot> {
    Slot::ALL.into_iter().filter(|slot| !elements(plan, *slot).is_empty()).collect()
}

/// The elements of a plan that belong into a set.
pub(crate) fn elements(plan: &UnionPlan, slot: Slot) -> Vec<Element> {
    members(plan.pods.iter(), plan.ranges.iter(), slot)
}

/// The elements of a change that come into a set.
pub(crate) fn added(change: &MemberChange, slot: Slot) -> Vec<Element> {
    members(change.pods.added.iter(), change.ranges.added.iter(), slot)
}

/// The elements of a change that leave a set.
pub(crate) fn removed(change: &MemberChange, slot: Slot) -> Vec<Element> {
    members(change.pods.removed.iter(), change.ranges.removed.iter(), slot)
}

fn members<'a>(
    pods: impl Iterator<Item = &'a std::net::IpAddr>,
    ranges: impl Iterator<Item = &'a podfence_engine::AddressRange>,
    slot: Slot,
) -> Vec<Element> {
    if slot.ranges {
        let here = ranges.filter(|r| r.family == slot.family);
        here.map(|r| Element::range(r.first(), r.last())).collect()
    } else {
        let here = pods.filter(|ip| Family::of(**ip) == slot.family);
        here.map(|ip| Element::new(*ip)).collect()
    }
}
