//! One transaction: from a delta to the operations that bring the kernel there.
//!
//! The order matters to the kernel: what is referred to must exist before, what is referred from must be gone first.
//! New sets, chains and maps come first, then the elements that bind pods, then what nobody refers to any more goes.

use std::collections::{BTreeMap, BTreeSet};

use podfence_model::{Direction, NamespacedName};
use podfence_netlink::nft::{Batch, Element, Name, Set, Table};
use podfence_plan::{Delta, LocalPod, MemberChange, NodePlan, ProgramKey, ProgramPlan, UnionKey, UnionPlan};

use crate::error::DataplaneError;
use crate::frame::{Frame, PodSet};
use crate::ledger::{Inherited, Ledger};
use crate::names::{Slot, program_chain, union_chain, union_set};
use crate::pod::{Bindings, bindings};
use crate::program::ProgramObject;
use crate::union::{UnionObject, added, elements, removed};

/// A set to create with its first elements; nothing refers to it before the switch.
pub(crate) struct Load {
    pub set: Set,
    pub elements: Vec<Element>,
}

/// The operations of one step, and what the ledger will hold after it.
pub(crate) struct Transaction<'a> {
    table: &'a Table,
    frame: &'a Frame,
    ledger: &'a mut Ledger,
    old: &'a NodePlan,
    new: &'a NodePlan,
    /// Sets that may be loaded in transactions of their own before.
    pub loads: Vec<Load>,
    /// The switch: all or nothing.
    pub batch: Batch,
    programs: BTreeMap<ProgramKey, ProgramObject>,
    unions: BTreeMap<UnionKey, UnionObject>,
}

/// What a committed transaction leaves.
pub(crate) struct Outcome {
    pub programs: BTreeMap<ProgramKey, ProgramObject>,
    pub unions: BTreeMap<UnionKey, UnionObject>,
}

impl<'a> Transaction<'a> {
    pub(crate) fn new(
        table: &'a Table,
        frame: &'a Frame,
        ledger: &'a mut Ledger,
        old: &'a NodePlan,
        new: &'a NodePlan,
    ) -> Self {
        let (programs, unions) = (BTreeMap::new(), BTreeMap::new());
        Self { table, frame, ledger, old, new, loads: Vec::new(), batch: Batch::new(), programs, unions }
    }

    pub(crate) fn outcome(self) -> (Vec<Load>, Batch, Outcome) {
        (self.loads, self.batch, Outcome { programs: self.programs, unions: self.unions })
    }

    /// Deletes everything that an earlier process made, except the table.
    pub(crate) fn drop_inherited(&mut self, inherited: &Inherited) {
        for chain in &inherited.chains {
            self.batch.flush_chain(self.table, &chain.name);
        }
        for set in &inherited.sets {
            self.batch.delete_set(self.table, set);
        }
        for chain in &inherited.chains {
            self.batch.delete_chain(self.table, &chain.name);
        }
    }

    /// The sets of the frame, filled with what does not refer to chains.
    pub(crate) fn load_frame(&mut self) {
        for set in PodSet::all() {
            self.loads.push(Load { set: self.frame.set(set), elements: Vec::new() });
        }
    }

    /// Brings the kernel from the old plan to the new one.
    pub(crate) fn step(&mut self, delta: &Delta) -> Result<(), DataplaneError> {
        self.make_unions(delta)?;
        self.change_unions(delta)?;
        let renewed = self.make_programs(delta)?;
        self.rebind_pods(delta, &renewed)?;
        self.enter_addresses(delta)?;
        self.drop_programs(delta);
        self.drop_unions(delta);
        Ok(())
    }

    fn union(&self, key: &UnionKey) -> Option<&UnionObject> {
        self.unions.get(key).or_else(|| self.ledger.unions.get(key))
    }

    fn make_unions(&mut self, delta: &Delta) -> Result<(), DataplaneError> {
        for (key, plan) in &delta.unions_set {
            self.make_union(key, plan);
        }
        // Chains are made only for the directions that some program goes to.
        for (key, direction) in wanted_chains(self.new) {
            let Some(union) =
                self.union(key).filter(|u| !u.everyone && !u.chains.contains(&direction)).cloned()
            else {
                continue;
            };
            union.create_chain(direction, self.frame, key, self.table, &mut self.batch)?;
            let chains = union.chains.iter().copied().chain([direction]).collect();
            self.unions.insert(key.clone(), UnionObject { chains, ..union });
        }
        Ok(())
    }

    fn make_union(&mut self, key: &UnionKey, plan: &UnionPlan) {
        let object = UnionObject::new(self.ledger.next_id(), plan);
        for slot in &object.slots {
            self.loads.push(Load { set: object.set(*slot, key), elements: elements(plan, *slot) });
        }
        self.unions.insert(key.clone(), object);
    }

    fn change_unions(&mut self, delta: &Delta) -> Result<(), DataplaneError> {
        for (key, change) in &delta.unions_changed {
            let Some(before) = self.union(key).cloned() else { continue };
            let after = before.with_room(change);
            for slot in &after.slots {
                self.change_slot(key, &before, *slot, change)?;
            }
            if after.slots != before.slots {
                self.refill_chains(&after)?;
            }
            self.unions.insert(key.clone(), after);
        }
        Ok(())
    }

    fn change_slot(
        &mut self,
        key: &UnionKey,
        before: &UnionObject,
        slot: Slot,
        change: &MemberChange,
    ) -> Result<(), DataplaneError> {
        let set = before.set(slot, key);
        if !before.slots.contains(&slot) {
            self.loads.push(Load { set, elements: added(change, slot) });
            return Ok(());
        }
        self.batch.delete_elements(self.table, &set, removed(change, slot))?;
        self.batch.add_elements(self.table, &set, added(change, slot))?;
        Ok(())
    }

    fn refill_chains(&mut self, union: &UnionObject) -> Result<(), DataplaneError> {
        for direction in &union.chains {
            self.batch.flush_chain(self.table, &union_chain(*direction, union.id));
            union.fill_chain(*direction, self.frame, self.table, &mut self.batch)?;
        }
        Ok(())
    }

    /// Makes the programs that are new, or whose union is another object now; returns their keys.
    fn make_programs(&mut self, delta: &Delta) -> Result<BTreeSet<ProgramKey>, DataplaneError> {
        let moved: Vec<&UnionKey> =
            delta.unions_set.keys().filter(|key| self.ledger.unions.contains_key(*key)).collect();
        let renewed: BTreeMap<&ProgramKey, &ProgramPlan> = self
            .new
            .programs
            .iter()
            .filter(|(key, plan)| {
                delta.programs_set.contains_key(*key) || plan.unions().any(|u| moved.contains(&u))
            })
            .collect();
        for (key, plan) in &renewed {
            let object = ProgramObject::new(self.ledger.next_id(), plan);
            let (unions, ledger) = (&self.unions, &self.ledger.unions);
            let union = |key: &UnionKey| unions.get(key).or_else(|| ledger.get(key));
            object.create(plan, union, self.table, &mut self.batch)?;
            self.programs.insert((*key).clone(), object);
        }
        Ok(renewed.into_keys().cloned().collect())
    }

    /// Moves the elements of pods that changed, or whose program is another object now.
    fn rebind_pods(&mut self, delta: &Delta, renewed: &BTreeSet<ProgramKey>) -> Result<(), DataplaneError> {
        let runs = |pod: &LocalPod| {
            Direction::BOTH.iter().any(|d| pod.program(*d).is_some_and(|p| renewed.contains(p)))
        };
        let touched =
            |(id, pod): &(&NamespacedName, &LocalPod)| delta.pods_set.contains_key(*id) || runs(pod);
        let (mut was, mut is) = (Bindings::new(), Bindings::new());
        for (id, pod) in self.new.pods.iter().filter(touched) {
            is.extend(self.bindings(id, pod, true)?);
            if let Some(before) = self.old.pods.get(id) {
                was.extend(self.bindings(id, before, false)?);
            }
        }
        for (id, pod) in &delta.pods_removed {
            was.extend(self.bindings(id, pod, false)?);
        }
        self.move_elements(&was, &is)
    }

    fn bindings(&self, id: &NamespacedName, pod: &LocalPod, after: bool) -> Result<Bindings, DataplaneError> {
        let program = |key: &ProgramKey| {
            self.programs.get(key).filter(|_| after).or_else(|| self.ledger.programs.get(key))
        };
        bindings(id, pod, program).map_err(|error| DataplaneError::Link { pod: id.to_string(), error })
    }

    fn move_elements(&mut self, was: &Bindings, is: &Bindings) -> Result<(), DataplaneError> {
        for (set, gone) in by_set(was.difference(is)) {
            self.batch.delete_elements(self.table, &self.frame.set(set), gone)?;
        }
        for (set, new) in by_set(is.difference(was)) {
            self.batch.add_elements(self.table, &self.frame.set(set), new)?;
        }
        Ok(())
    }

    fn enter_addresses(&mut self, delta: &Delta) -> Result<(), DataplaneError> {
        use podfence_model::Family;
        let known = |ip: &std::net::IpAddr| (PodSet::Known(Family::of(*ip)), Element::new(*ip));
        let range = |cidr: &podfence_model::Cidr| {
            (PodSet::Ranges(cidr.family()), Element::range(cidr.first(), cidr.last()))
        };
        let collect = |known_ips: &[std::net::IpAddr], ranges: &[podfence_model::Cidr]| -> Bindings {
            known_ips.iter().map(known).chain(ranges.iter().map(range)).collect()
        };
        let was = collect(&delta.known.removed, &delta.local_ranges.removed);
        let is = collect(&delta.known.added, &delta.local_ranges.added);
        self.move_elements(&was, &is)
    }

    fn drop_programs(&mut self, delta: &Delta) {
        let replaced = self.programs.keys().chain(&delta.programs_removed);
        let gone: Vec<&ProgramObject> = replaced.filter_map(|key| self.ledger.programs.get(key)).collect();
        for program in gone {
            let chain = program_chain(program.direction, program.id);
            self.batch.flush_chain(self.table, &chain);
            for protocol in &program.maps {
                self.batch.delete_set(self.table, &program.map(*protocol));
            }
            self.batch.delete_chain(self.table, &chain);
        }
    }

    fn drop_unions(&mut self, delta: &Delta) {
        let replaced = delta.unions_set.keys().chain(&delta.unions_removed);
        let gone: Vec<&UnionObject> = replaced.filter_map(|key| self.ledger.unions.get(key)).collect();
        for union in gone {
            let chains: Vec<Name> = union.chains.iter().map(|d| union_chain(*d, union.id)).collect();
            for chain in &chains {
                self.batch.flush_chain(self.table, chain);
                self.batch.delete_chain(self.table, chain);
            }
            for slot in &union.slots {
                self.batch.delete_set(self.table, &union_set(union.id, *slot));
            }
        }
    }
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
