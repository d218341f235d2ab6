//! The members of sets, as a transaction moves them: pods and ranges of unions, known pods, and what binds local pods.

use std::collections::BTreeMap;
use std::net::IpAddr;

use podfence_model::{Direction, Family};
use podfence_netlink::nft::{Element, Set};
use podfence_plan::{Delta, MemberChange, UnionKey, UnionPlan};

use crate::error::DataplaneError;
use crate::names::{Slot, union_chain};
use crate::pod::{Bindings, by_set};
use crate::pod_set::PodSet;
use crate::room::Room;
use crate::transaction::{Transaction, drop_chain};
use crate::union::{UnionObject, UnionSet, added, elements, removed};

impl Transaction<'_> {
    /// Gives numbers to new unions.
    pub(crate) fn enter_unions(&mut self, new: &BTreeMap<UnionKey, UnionPlan>) {
        for (key, plan) in new {
            self.outcome.unions.insert(key.clone(), UnionObject::new(self.ledger.next_id(), plan));
        }
    }

    /// Makes the sets of new unions, and the chains that unions lack: for the directions that some program goes to.
    /// Set by set, because the kernel looks sets up one after the other in the order they were made.
    pub(crate) fn make_unions(&mut self, new: &BTreeMap<UnionKey, UnionPlan>) -> Result<(), DataplaneError> {
        for (key, union) in &mut self.outcome.unions {
            if let Some(plan) = new.get(key) {
                for set in &union.sets {
                    self.prelude.set(&set.set(key), elements(plan, set.slot))?;
                }
            }
            for direction in Direction::BOTH {
                if union.everyone || *union.users.of(direction) == 0 || union.chains.contains(&direction) {
                    continue;
                }
                self.prelude.chain(&union.chain(direction, key));
                union.fill_chain(direction, self.frame, self.prelude.batch())?;
                union.chains.push(direction);
            }
        }
        Ok(())
    }

    /// Moves the members of a union. Its chains change only when a set comes, goes or is made anew.
    pub(crate) fn change_union(
        &mut self,
        key: &UnionKey,
        change: &MemberChange,
    ) -> Result<(), DataplaneError> {
        let Some(before) = self.staged(key).map(|union| union.clone()) else { return Ok(()) };
        let mut after = before.clone();
        for slot in Slot::ALL {
            let (gone, new) = (removed(change, slot), added(change, slot));
            if !gone.is_empty() || !new.is_empty() {
                let set = self.change_set(key, (&before, slot), gone, new)?;
                after.put(slot, set);
            }
        }
        let same = |set: &&UnionSet| after.set(set.slot).is_some_and(|now| now.id == set.id);
        if after.sets.len() != before.sets.len() || !before.sets.iter().all(|set| same(&set)) {
            self.refill_chains(&after)?;
        }
        for set in before.sets.iter().filter(|set| !same(set)) {
            self.switch.delete_set(&self.frame.table, &set.name());
        }
        self.outcome.unions.insert(key.clone(), after);
        Ok(())
    }

    /// The set that a slot has after a change of its members, if it still holds any.
    fn change_set(
        &mut self,
        key: &UnionKey,
        (union, slot): (&UnionObject, Slot),
        gone: Vec<Element>,
        new: Vec<Element>,
    ) -> Result<Option<UnionSet>, DataplaneError> {
        let Some(set) = union.set(slot) else {
            let set = UnionSet::new(slot, union.id, new.len());
            self.prelude.set(&set.set(key), new)?;
            return Ok(Some(set));
        };
        let (less, more) = (gone.len(), new.len());
        if set.room.held() + more == less {
            return Ok(None);
        }
        match set.room.change(less, more) {
            Some(room) => {
                self.switch.delete_elements(&self.frame.table, &set.bare(), gone)?;
                self.switch.add_elements(&self.frame.table, &set.bare(), new)?;
                Ok(Some(UnionSet { room, ..*set }))
            }
            None => self.make_set_anew(key, slot),
        }
    }

    /// A larger set in place of one that was outgrown.
    fn make_set_anew(&mut self, key: &UnionKey, slot: Slot) -> Result<Option<UnionSet>, DataplaneError> {
        let Some(plan) = self.plan.unions.get(key) else { return Ok(None) };
        let set = UnionSet::new(slot, self.ledger.next_id(), elements(plan, slot).count());
        self.prelude.set(&set.set(key), elements(plan, slot))?;
        Ok(Some(set))
    }

    fn refill_chains(&mut self, union: &UnionObject) -> Result<(), DataplaneError> {
        for direction in &union.chains {
            self.switch.flush_chain(&self.frame.table, &union_chain(*direction, union.id));
            union.fill_chain(*direction, self.frame, &mut self.switch)?;
        }
        Ok(())
    }

    /// Drops the unions that are gone, and the objects in whose place others were made.
    pub(crate) fn drop_unions(&mut self, delta: &Delta) {
        let replaced = delta.unions_set.keys().chain(&delta.unions_removed);
        for union in replaced.filter_map(|key| self.ledger.unions.get(key)) {
            union.chains.iter().for_each(|d| drop_chain(&mut self.switch, self.frame, *d, union.id));
            union.sets.iter().for_each(|set| self.switch.delete_set(&self.frame.table, &set.name()));
        }
    }

    /// Makes a set of pods with its elements.
    pub(crate) fn make_pod_set(
        &mut self,
        set: PodSet,
        held: usize,
        elements: impl Iterator<Item = Element>,
    ) -> Result<(), DataplaneError> {
        let made = set.set(self.frame.epoch);
        let room = if made.interval { Room::unbounded(held) } else { Room::of_pods(held) };
        self.prelude.set(&Set { size: room.size(), ..made }, elements)?;
        self.outcome.rooms.insert(set, room);
        Ok(())
    }

    /// Makes the sets of known pods.
    pub(crate) fn load_known(&mut self) -> Result<(), DataplaneError> {
        let known = &self.plan.known;
        let of = |family| known.iter().filter(move |ip| Family::of(**ip) == family);
        for family in Family::BOTH {
            let elements = of(family).map(|ip| Element::new(*ip));
            self.make_pod_set(PodSet::Known(family), of(family).count(), elements)?;
        }
        Ok(())
    }

    /// Moves addresses into and out of the sets of known pods.
    pub(crate) fn move_known(&mut self, delta: &Delta) -> Result<(), DataplaneError> {
        let of = |list: &[IpAddr], family| -> Vec<Element> {
            list.iter().filter(|ip| Family::of(**ip) == family).map(|ip| Element::new(*ip)).collect()
        };
        for family in Family::BOTH {
            let (gone, new) = (of(&delta.known.removed, family), of(&delta.known.added, family));
            self.move_in(PodSet::Known(family), gone, new)?;
        }
        Ok(())
    }

    /// Takes out the elements that were and are not, and enters those that are and were not.
    pub(crate) fn move_elements(&mut self, was: &Bindings, is: &Bindings) -> Result<(), DataplaneError> {
        let (mut gone, mut new) = (by_set(was.difference(is)), by_set(is.difference(was)));
        for set in PodSet::all() {
            let (gone, new) = (gone.remove(&set).unwrap_or_default(), new.remove(&set).unwrap_or_default());
            self.move_in(set, gone, new)?;
        }
        Ok(())
    }

    fn move_in(&mut self, set: PodSet, gone: Vec<Element>, new: Vec<Element>) -> Result<(), DataplaneError> {
        if gone.is_empty() && new.is_empty() {
            return Ok(());
        }
        let room = self.outcome.rooms.get(&set).or_else(|| self.ledger.rooms.get(&set));
        match room.and_then(|room| room.change(gone.len(), new.len())) {
            Some(room) => drop(self.outcome.rooms.insert(set, room)),
            None => self.outcome.outgrown = true,
        }
        let made = set.set(self.frame.epoch);
        self.switch.delete_elements(&self.frame.table, &made, gone)?;
        self.switch.add_elements(&self.frame.table, &made, new)?;
        Ok(())
    }
}
