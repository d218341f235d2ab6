//! From a delta to the operations that bring the kernel there.
//!
//! New sets, chains and maps come first, in the prelude: nothing in force refers to them. The switch moves the
//! elements that bind pods and peers, and deletes what nobody refers to any more: all or nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use podfence_model::{Cidr, Direction, Family, NamespacedName};
use podfence_netlink::nft::{Batch, Element};
use podfence_plan::{Delta, LocalPod, MemberChange, NodePlan, ProgramKey, ProgramPlan, UnionKey, UnionPlan};

use crate::error::DataplaneError;
use crate::frame::Frame;
use crate::ledger::Ledger;
use crate::names::{program_chain, union_chain, union_set};
use crate::pod::{Bindings, bindings};
use crate::pod_set::PodSet;
use crate::prelude::Prelude;
use crate::program::ProgramObject;
use crate::union::{UnionObject, added, elements, removed};

/// The operations of one step, and what the ledger will hold after it.
pub(crate) struct Transaction<'a> {
    frame: &'a Frame,
    ledger: &'a mut Ledger,
    old: &'a NodePlan,
    new: &'a NodePlan,
    delta: &'a Delta,
    /// What is made before.
    pub prelude: Prelude,
    /// All or nothing.
    pub switch: Batch,
    programs: BTreeMap<ProgramKey, ProgramObject>,
    unions: BTreeMap<UnionKey, UnionObject>,
}

/// Transactions ready to be sent, and what they leave.
pub(crate) struct Ready {
    pub prelude: Vec<Batch>,
    pub switch: Batch,
    pub outcome: Outcome,
}

/// What a committed transaction leaves.
pub(crate) struct Outcome {
    programs: BTreeMap<ProgramKey, ProgramObject>,
    unions: BTreeMap<UnionKey, UnionObject>,
}

impl Outcome {
    /// Enters it.
    pub(crate) fn settle(self, delta: &Delta, ledger: &mut Ledger) {
        ledger.programs.retain(|key, _| !delta.programs_removed.contains(key));
        ledger.unions.retain(|key, _| !delta.unions_removed.contains(key));
        ledger.programs.extend(self.programs);
        ledger.unions.extend(self.unions);
    }
}

impl<'a> Transaction<'a> {
    /// From `old` to `new`, between which `delta` lies.
    pub(crate) fn new(
        frame: &'a Frame,
        ledger: &'a mut Ledger,
        (old, new, delta): (&'a NodePlan, &'a NodePlan, &'a Delta),
        prelude: Prelude,
    ) -> Self {
        let (programs, unions) = (BTreeMap::new(), BTreeMap::new());
        Self { frame, ledger, old, new, delta, prelude, switch: Batch::new(), programs, unions }
    }

    pub(crate) fn ready(self) -> Ready {
        let outcome = Outcome { programs: self.programs, unions: self.unions };
        Ready { prelude: self.prelude.into_batches(), switch: self.switch, outcome }
    }

    /// Brings the kernel from the old plan to the new one.
    pub(crate) fn step(&mut self) -> Result<(), DataplaneError> {
        let (was, is) = self.make_objects()?;
        self.change_unions()?;
        self.move_elements(&was, &is)?;
        self.drop_programs();
        self.drop_unions();
        self.drop_chains();
        Ok(())
    }

    /// Makes everything that the new plan needs, beside whatever else is in the table. The old plan is empty.
    pub(crate) fn load(&mut self) -> Result<(), DataplaneError> {
        for set in PodSet::all() {
            self.prelude.set(&set.set(self.frame.epoch), Vec::new())?;
        }
        let (_, is) = self.make_objects()?;
        for (set, elements) in by_set(is.iter()) {
            self.prelude.elements(&set.set(self.frame.epoch), elements)?;
        }
        Ok(())
    }

    /// Makes unions and programs, and returns the elements that go and come with them.
    fn make_objects(&mut self) -> Result<(Bindings, Bindings), DataplaneError> {
        self.make_unions()?;
        let renewed = self.make_programs()?;
        self.bindings_moved(&renewed)
    }

    fn union(&self, key: &UnionKey) -> Option<&UnionObject> {
        self.unions.get(key).or_else(|| self.ledger.unions.get(key))
    }

    fn make_unions(&mut self) -> Result<(), DataplaneError> {
        for (key, plan) in &self.delta.unions_set {
            self.make_union(key, plan)?;
        }
        // Chains are made only for the directions that some program goes to.
        for (key, direction) in wanted_chains(self.new) {
            let lacks = |u: &&UnionObject| !u.everyone && !u.chains.contains(&direction);
            let Some(mut union) = self.union(key).filter(lacks).cloned() else { continue };
            self.prelude.chain(&union.chain(direction, key));
            union.fill_chain(direction, self.frame, self.prelude.batch())?;
            union.chains.push(direction);
            self.unions.insert(key.clone(), union);
        }
        Ok(())
    }

    fn make_union(&mut self, key: &UnionKey, plan: &UnionPlan) -> Result<(), DataplaneError> {
        let object = UnionObject::new(self.ledger.next_id(), plan);
        for slot in &object.slots {
            self.prelude.set(&object.set(*slot, key), elements(plan, *slot))?;
        }
        self.unions.insert(key.clone(), object);
        Ok(())
    }

    fn change_unions(&mut self) -> Result<(), DataplaneError> {
        for (key, change) in &self.delta.unions_changed {
            let Some((before, plan)) = self.union(key).cloned().zip(self.new.unions.get(key)) else {
                continue;
            };
            let after = before.resized(plan);
            self.change_members(key, &before, &after, change)?;
            if after.slots != before.slots {
                self.refill_chains(&after)?;
            }
            for slot in before.slots.iter().filter(|slot| !after.slots.contains(slot)) {
                self.switch.delete_set(&self.frame.table, &union_set(before.id, *slot));
            }
            self.unions.insert(key.clone(), after);
        }
        Ok(())
    }

    fn change_members(
        &mut self,
        key: &UnionKey,
        before: &UnionObject,
        after: &UnionObject,
        change: &MemberChange,
    ) -> Result<(), DataplaneError> {
        for slot in &after.slots {
            let set = after.set(*slot, key);
            if before.slots.contains(slot) {
                self.switch.delete_elements(&self.frame.table, &set, removed(change, *slot))?;
                self.switch.add_elements(&self.frame.table, &set, added(change, *slot))?;
            } else {
                self.prelude.set(&set, added(change, *slot))?;
            }
        }
        Ok(())
    }

    fn refill_chains(&mut self, union: &UnionObject) -> Result<(), DataplaneError> {
        for direction in &union.chains {
            self.switch.flush_chain(&self.frame.table, &union_chain(*direction, union.id));
            union.fill_chain(*direction, self.frame, &mut self.switch)?;
        }
        Ok(())
    }

    /// Makes the programs that are new, or whose union is another object now; returns their keys.
    fn make_programs(&mut self) -> Result<BTreeSet<ProgramKey>, DataplaneError> {
        let new = self.new;
        let mut renewed = BTreeSet::new();
        for (key, plan) in &new.programs {
            if !self.is_renewed(key, plan) {
                continue;
            }
            let object = ProgramObject::new(self.ledger.next_id(), plan);
            let (unions, ledger) = (&self.unions, &self.ledger.unions);
            let union = |key: &UnionKey| unions.get(key).or_else(|| ledger.get(key));
            object.create(plan, union, &self.frame.table, &mut self.prelude)?;
            self.programs.insert(key.clone(), object);
            renewed.insert(key.clone());
        }
        Ok(renewed)
    }

    fn is_renewed(&self, key: &ProgramKey, plan: &ProgramPlan) -> bool {
        let moved = |union: &UnionKey| {
            self.delta.unions_set.contains_key(union) && self.ledger.unions.contains_key(union)
        };
        self.delta.programs_set.contains_key(key) || plan.unions().any(moved)
    }

    /// The elements of pods that changed, or whose program is another object now, and of addresses: old and new.
    fn bindings_moved(&self, renewed: &BTreeSet<ProgramKey>) -> Result<(Bindings, Bindings), DataplaneError> {
        let runs = |pod: &LocalPod| {
            Direction::BOTH.iter().any(|d| pod.program(*d).is_some_and(|p| renewed.contains(p)))
        };
        let touched =
            |(id, pod): &(&NamespacedName, &LocalPod)| self.delta.pods_set.contains_key(*id) || runs(pod);
        let mut was = of_addresses(&self.delta.known.removed, &self.delta.local_ranges.removed);
        let mut is = of_addresses(&self.delta.known.added, &self.delta.local_ranges.added);
        for (id, pod) in self.new.pods.iter().filter(touched) {
            is.extend(self.bindings(id, pod, true)?);
            if let Some(before) = self.old.pods.get(id) {
                was.extend(self.bindings(id, before, false)?);
            }
        }
        for (id, pod) in &self.delta.pods_removed {
            was.extend(self.bindings(id, pod, false)?);
        }
        Ok((was, is))
    }

    fn bindings(&self, id: &NamespacedName, pod: &LocalPod, after: bool) -> Result<Bindings, DataplaneError> {
        let program = |key: &ProgramKey| {
            self.programs.get(key).filter(|_| after).or_else(|| self.ledger.programs.get(key))
        };
        bindings(id, pod, program).map_err(|error| DataplaneError::Link { pod: id.to_string(), error })
    }

    fn move_elements(&mut self, was: &Bindings, is: &Bindings) -> Result<(), DataplaneError> {
        for (set, gone) in by_set(was.difference(is)) {
            self.switch.delete_elements(&self.frame.table, &set.set(self.frame.epoch), gone)?;
        }
        for (set, new) in by_set(is.difference(was)) {
            self.switch.add_elements(&self.frame.table, &set.set(self.frame.epoch), new)?;
        }
        Ok(())
    }

    fn drop_programs(&mut self) {
        let replaced = self.programs.keys().chain(&self.delta.programs_removed);
        for program in replaced.filter_map(|key| self.ledger.programs.get(key)) {
            let chain = program_chain(program.direction, program.id);
            self.switch.flush_chain(&self.frame.table, &chain);
            for protocol in &program.maps {
                self.switch.delete_set(&self.frame.table, &program.map(*protocol));
            }
            self.switch.delete_chain(&self.frame.table, &chain);
        }
    }

    fn drop_unions(&mut self) {
        let replaced = self.delta.unions_set.keys().chain(&self.delta.unions_removed);
        for union in replaced.filter_map(|key| self.ledger.unions.get(key)) {
            union.chains.iter().for_each(|d| drop_chain(&mut self.switch, self.frame, *d, union.id));
            for slot in &union.slots {
                self.switch.delete_set(&self.frame.table, &union_set(union.id, *slot));
            }
        }
    }

    /// Drops the chains of unions that stay, where no program of that direction goes to them any more.
    fn drop_chains(&mut self) {
        let wanted = wanted_chains(self.new);
        for key in self.new.unions.keys() {
            let Some(union) = self.union(key).cloned() else { continue };
            let (chains, gone): (Vec<_>, Vec<_>) =
                union.chains.iter().copied().partition(|direction| wanted.contains(&(key, *direction)));
            if gone.is_empty() {
                continue;
            }
            for direction in gone {
                drop_chain(&mut self.switch, self.frame, direction, union.id);
            }
            self.unions.insert(key.clone(), UnionObject { chains, ..union });
        }
    }
}

fn drop_chain(switch: &mut Batch, frame: &Frame, direction: Direction, union: u32) {
    let chain = union_chain(direction, union);
    switch.flush_chain(&frame.table, &chain);
    switch.delete_chain(&frame.table, &chain);
}

fn of_addresses(known: &[IpAddr], ranges: &[Cidr]) -> Bindings {
    let known = known.iter().map(|ip| (PodSet::Known(Family::of(*ip)), Element::new(*ip)));
    let range = |cidr: &Cidr| (PodSet::Ranges(cidr.family()), Element::range(cidr.first(), cidr.last()));
    known.chain(ranges.iter().map(range)).collect()
}

/// Each union with the directions of the programs that go to it.
fn wanted_chains(plan: &NodePlan) -> BTreeSet<(&UnionKey, Direction)> {
    plan.programs.values().flat_map(|p| p.unions().map(move |u| (u, p.direction))).collect()
}

fn by_set<'b>(bindings: impl Iterator<Item = &'b (PodSet, Element)>) -> BTreeMap<PodSet, Vec<Element>> {
    let mut out: BTreeMap<PodSet, Vec<Element>> = BTreeMap::new();
    for (set, element) in bindings {
        out.entry(*set).or_default().push(element.clone());
    }
    out
}
