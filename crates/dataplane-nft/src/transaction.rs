//! From a delta to the operations that bring the kernel there.
//!
//! New sets, chains and maps come first, in the prelude: nothing in force refers to them. The switch moves the
//! elements that bind pods and peers, and deletes what nobody refers to any more: all or nothing. What a step costs
//! grows with its delta; the plan is asked about single objects only. `members` holds what concerns unions.

use std::collections::{BTreeMap, BTreeSet};

use podfence_model::{Direction, NamespacedName};
use podfence_netlink::nft::Batch;
use podfence_plan::{Delta, LocalPod, NodePlan, ProgramKey, ProgramPlan, UnionKey};

use crate::error::DataplaneError;
use crate::frame::Frame;
use crate::ledger::Ledger;
use crate::names::{program_chain, union_chain};
use crate::pod::{Bindings, bindings, by_set, of_ranges};
use crate::pod_set::PodSet;
use crate::prelude::Prelude;
use crate::program::ProgramObject;
use crate::room::Room;
use crate::union::UnionObject;

/// The operations that lead to a plan, and what the ledger will hold after them.
pub(crate) struct Transaction<'a> {
    pub(crate) frame: &'a Frame,
    pub(crate) ledger: &'a mut Ledger,
    /// Where it leads.
    pub(crate) plan: &'a NodePlan,
    /// What is made before.
    pub(crate) prelude: Prelude,
    /// All or nothing.
    pub(crate) switch: Batch,
    pub(crate) outcome: Outcome,
}

/// Transactions ready to be sent, and what they leave.
pub(crate) struct Ready {
    pub prelude: Vec<Batch>,
    pub switch: Batch,
    pub outcome: Outcome,
}

/// What a committed transaction leaves.
#[derive(Default)]
pub(crate) struct Outcome {
    pub programs: BTreeMap<ProgramKey, ProgramObject>,
    pub unions: BTreeMap<UnionKey, UnionObject>,
    pub rooms: BTreeMap<PodSet, Room>,
    /// A set of pods is too small for what comes: everything must be made anew.
    pub outgrown: bool,
    programs_gone: BTreeSet<ProgramKey>,
    unions_gone: BTreeSet<UnionKey>,
}

impl Outcome {
    /// Enters it.
    pub(crate) fn settle(self, ledger: &mut Ledger) {
        self.programs_gone.iter().for_each(|key| drop(ledger.programs.remove(key)));
        self.unions_gone.iter().for_each(|key| drop(ledger.unions.remove(key)));
        ledger.programs.extend(self.programs);
        ledger.unions.extend(self.unions);
        ledger.rooms.extend(self.rooms);
    }
}

impl<'a> Transaction<'a> {
    /// One that leads to `plan`.
    pub(crate) fn new(
        frame: &'a Frame,
        ledger: &'a mut Ledger,
        plan: &'a NodePlan,
        prelude: Prelude,
    ) -> Self {
        Self { frame, ledger, plan, prelude, switch: Batch::new(), outcome: Outcome::default() }
    }

    pub(crate) fn ready(self) -> Ready {
        Ready { prelude: self.prelude.into_batches(), switch: self.switch, outcome: self.outcome }
    }

    /// Brings the kernel by `delta` to the plan.
    pub(crate) fn step(&mut self, delta: &Delta) -> Result<(), DataplaneError> {
        self.outcome.programs_gone.clone_from(&delta.programs_removed);
        self.outcome.unions_gone.clone_from(&delta.unions_removed);
        self.enter_unions(&delta.unions_set);
        let renewed = self.renewed(delta);
        self.count_users(&renewed, delta);
        self.make_unions(&delta.unions_set)?;
        for (key, plan) in &renewed {
            self.make_program(key, plan)?;
        }
        for (key, change) in &delta.unions_changed {
            self.change_union(key, change)?;
        }
        let (was, is) = self.bindings_moved(&renewed, delta)?;
        self.move_known(delta)?;
        self.move_elements(&was, &is)?;
        self.drop_programs();
        self.drop_unions(delta);
        self.drop_chains();
        Ok(())
    }

    /// Makes everything that the plan needs, beside whatever else is in the table. The ledger is empty.
    pub(crate) fn load(&mut self) -> Result<(), DataplaneError> {
        let plan = self.plan;
        self.load_known()?; // chains of unions look there
        self.enter_unions(&plan.unions);
        for (direction, key) in plan.programs.values().flat_map(ways) {
            self.count(key, |object| *object.users.of(direction) += 1);
        }
        self.make_unions(&plan.unions)?;
        for (key, program) in &plan.programs {
            self.make_program(key, program)?;
        }
        let mut is = of_ranges(&plan.local_ranges);
        for (id, pod) in &plan.pods {
            is.extend(self.bindings(id, pod, true)?);
        }
        let mut elements = by_set(is.iter());
        for set in PodSet::all().filter(|set| !matches!(set, PodSet::Known(_))) {
            let elements = elements.remove(&set).unwrap_or_default();
            self.make_pod_set(set, elements.len(), elements.into_iter())?;
        }
        Ok(())
    }

    /// The programs to be made: new ones, and those that go to a union that is another object now.
    fn renewed(&self, delta: &'a Delta) -> BTreeMap<&'a ProgramKey, &'a ProgramPlan> {
        let mut renewed: BTreeMap<_, _> = delta.programs_set.iter().collect();
        let moved =
            |key: &UnionKey| delta.unions_set.contains_key(key) && self.ledger.unions.contains_key(key);
        if delta.unions_set.keys().any(moved) {
            renewed.extend(self.plan.programs.iter().filter(|(_, plan)| plan.unions().any(moved)));
        }
        renewed
    }

    fn make_program(&mut self, key: &ProgramKey, plan: &ProgramPlan) -> Result<(), DataplaneError> {
        let object = ProgramObject::new(self.ledger.next_id(), plan);
        let (unions, ledger) = (&self.outcome.unions, &self.ledger.unions);
        let union = |key: &UnionKey| unions.get(key).or_else(|| ledger.get(key));
        object.create(plan, union, &self.frame.table, &mut self.prelude)?;
        self.outcome.programs.insert(key.clone(), object);
        Ok(())
    }

    /// The elements of pods that changed, or whose program is another object now, and of ranges: old and new.
    fn bindings_moved(
        &self,
        renewed: &BTreeMap<&ProgramKey, &ProgramPlan>,
        delta: &Delta,
    ) -> Result<(Bindings, Bindings), DataplaneError> {
        let mut was = of_ranges(&delta.local_ranges.removed);
        let mut is = of_ranges(&delta.local_ranges.added);
        for (id, (before, after)) in &delta.pods_set {
            if let Some(before) = before {
                was.extend(self.bindings(id, before, false)?);
            }
            is.extend(self.bindings(id, after, true)?);
        }
        for (id, pod) in &delta.pods_removed {
            was.extend(self.bindings(id, pod, false)?);
        }
        // Only an edit of policies puts another program in the place of one that pods go on running.
        if renewed.keys().any(|key| self.ledger.programs.contains_key(*key)) {
            let rebound = |pod: &LocalPod| pod.programs().any(|key| renewed.contains_key(key));
            let stays = |id: &NamespacedName| !delta.pods_set.contains_key(id);
            for (id, pod) in self.plan.pods.iter().filter(|(id, pod)| stays(id) && rebound(pod)) {
                was.extend(self.bindings(id, pod, false)?);
                is.extend(self.bindings(id, pod, true)?);
            }
        }
        Ok((was, is))
    }

    fn bindings(&self, id: &NamespacedName, pod: &LocalPod, after: bool) -> Result<Bindings, DataplaneError> {
        let made = |key: &ProgramKey| self.outcome.programs.get(key).filter(|_| after);
        let program = |key: &ProgramKey| made(key).or_else(|| self.ledger.programs.get(key));
        bindings(id, pod, program).map_err(|error| DataplaneError::Link { pod: id.to_string(), error })
    }

    fn drop_programs(&mut self) {
        let replaced = self.outcome.programs.keys().chain(&self.outcome.programs_gone);
        for program in replaced.filter_map(|key| self.ledger.programs.get(key)) {
            let chain = program_chain(program.direction, program.id);
            self.switch.flush_chain(&self.frame.table, &chain);
            for protocol in &program.maps {
                self.switch.delete_set(&self.frame.table, &program.map(*protocol));
            }
            self.switch.delete_chain(&self.frame.table, &chain);
        }
    }

    /// The union as it will be, for changes; nothing for one that goes or that nobody knows.
    pub(crate) fn staged(&mut self, key: &UnionKey) -> Option<&mut UnionObject> {
        if self.outcome.unions_gone.contains(key) {
            return None;
        }
        if !self.outcome.unions.contains_key(key) {
            let object = self.ledger.unions.get(key)?.clone();
            self.outcome.unions.insert(key.clone(), object);
        }
        self.outcome.unions.get_mut(key)
    }

    fn count(&mut self, key: &UnionKey, change: impl Fn(&mut UnionObject)) {
        if let Some(object) = self.staged(key) {
            change(object);
        }
    }

    /// Counts the programs that go to each union anew, as programs come and go.
    fn count_users(&mut self, renewed: &BTreeMap<&ProgramKey, &ProgramPlan>, delta: &Delta) {
        let gone = delta.programs_removed.iter().chain(renewed.keys().copied());
        let gone = gone.filter_map(|key| self.ledger.programs.get(key));
        let left = gone.flat_map(|program| program.unions.iter().map(|key| (program.direction, key.clone())));
        // A union that is made anew begins with no users.
        let left: Vec<_> = left.filter(|(_, key)| !delta.unions_set.contains_key(key)).collect();
        for (direction, key) in left {
            self.count(&key, |object| *object.users.of(direction) -= 1);
        }
        for (direction, key) in renewed.values().flat_map(|plan| ways(plan)) {
            self.count(key, |object| *object.users.of(direction) += 1);
        }
    }

    /// Drops the chains of unions that stay, where no program of that direction goes to them any more.
    fn drop_chains(&mut self) {
        for union in self.outcome.unions.values_mut() {
            let mut users = union.users;
            for direction in union.chains.extract_if(.., |direction| *users.of(*direction) == 0) {
                drop_chain(&mut self.switch, self.frame, direction, union.id);
            }
        }
    }
}

pub(crate) fn drop_chain(switch: &mut Batch, frame: &Frame, direction: Direction, union: u32) {
    let chain = union_chain(direction, union);
    switch.flush_chain(&frame.table, &chain);
    switch.delete_chain(&frame.table, &chain);
}

/// Each union that a program goes to, once.
fn ways(plan: &ProgramPlan) -> impl Iterator<Item = (Direction, &UnionKey)> {
    let unions: BTreeSet<&UnionKey> = plan.unions().collect();
    unions.into_iter().map(|key| (plan.direction, key))
}
