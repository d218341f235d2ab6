//! The plan of a node, kept up to date by pod events.
//!
//! A pod somewhere in the cluster costs what its own addresses cost: they leave some unions and enter others. A pod
//! of this node costs its own programs. Only when a pod of a new kind tells apart what was one union is the node's
//! plan made anew; every step is a [`Delta`] all the same.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use podfence_engine::{Compiled, Engine, Move, ProgramId, UnionId};
use podfence_model::{Direction, NamespacedName, Pod};

use crate::diff::{Delta, diff};
use crate::narrow::narrows_pod;
use crate::node::{
    Link, LocalPod, NodePlan, ProgramKey, UnionKey, local_pod, program_key, program_plan, union_key,
    union_plan,
};

/// An engine, and the plan of one node that follows it.
#[derive(Debug)]
pub struct LivePlan {
    engine: Engine,
    node: String,
    links: BTreeMap<NamespacedName, Link>,
    compiled: Compiled,
    plan: NodePlan,
    /// The unions that some program of the plan goes to, and the programs that some pod runs.
    unions: BTreeMap<UnionId, UnionKey>,
    programs: BTreeMap<ProgramId, ProgramKey>,
}

impl LivePlan {
    /// The plan of `node` as the engine stands. `links` as in [`NodePlan::build`].
    pub fn new(engine: Engine, node: &str, links: BTreeMap<NamespacedName, Link>) -> Self {
        let compiled = Compiled::new(&engine);
        let plan = NodePlan::default();
        let (unions, programs) = (BTreeMap::new(), BTreeMap::new());
        let mut live = Self { engine, node: node.to_owned(), links, compiled, plan, unions, programs };
        live.rebuild();
        live
    }

    /// The plan as it stands.
    pub fn plan(&self) -> &NodePlan {
        &self.plan
    }

    /// The engine as it stands.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// A pod has come or changed. `link` is the host's end of its link, if it is one of this node's and has one.
    pub fn put_pod(&mut self, pod: Pod, link: Option<Link>) -> Delta {
        let id = pod.meta.id.clone();
        match link {
            Some(link) => drop(self.links.insert(id.clone(), link)),
            None => drop(self.links.remove(&id)),
        }
        let moves = self.engine.put_pod(pod);
        self.follow(&id, &moves)
    }

    /// A pod has gone.
    pub fn remove_pod(&mut self, id: &NamespacedName) -> Delta {
        self.links.remove(id);
        let moves = self.engine.remove_pod(id);
        self.follow(id, &moves)
    }

    fn follow(&mut self, pod: &NamespacedName, moves: &[Move]) -> Delta {
        if self.compiled.learn(&self.engine).is_err() {
            let before = self.rebuild();
            return diff(&before, &self.plan);
        }
        let mut delta = Delta::default();
        for one in moves {
            self.move_address(*one, &mut delta);
        }
        let contested = moves.iter().filter_map(|one| self.engine.pod_with_address(one.address));
        let mut touched: BTreeSet<NamespacedName> =
            contested.map(|id| self.engine.pod(id).meta.id.clone()).collect();
        touched.extend(self.holders_of(moves));
        touched.insert(pod.clone());
        for id in touched {
            self.settle_local(&id, &mut delta);
        }
        self.collect_garbage(&mut delta);
        delta
    }

    /// Local pods that held an address which has moved.
    fn holders_of(&self, moves: &[Move]) -> Vec<NamespacedName> {
        let held = |pod: &LocalPod| moves.iter().any(|one| pod.addresses.contains(&one.address));
        self.plan.pods.iter().filter(|(_, pod)| held(pod)).map(|(id, _)| id.clone()).collect()
    }

    fn move_address(&mut self, one: Move, delta: &mut Delta) {
        let in_use =
            |class| self.compiled.unions_with(class).iter().filter(|id| self.unions.contains_key(*id));
        let of = |class| -> BTreeSet<UnionId> { in_use(class).copied().collect() };
        let (left, entered) =
            (one.from.map_or_else(BTreeSet::new, of), one.to.map_or_else(BTreeSet::new, of));
        // An address that becomes known is decided by membership from now on, no longer by ranges.
        let newly_known =
            if one.from.is_none() { self.unions_by_range(one.address) } else { BTreeSet::new() };
        delta.narrows |= left.difference(&entered).any(|id| !self.is_everyone(*id))
            || newly_known.difference(&entered).next().is_some();
        for id in left.difference(&entered) {
            self.change_member(*id, one.address, false, delta);
        }
        for id in entered.difference(&left) {
            self.change_member(*id, one.address, true, delta);
        }
        match (one.from, one.to) {
            (None, Some(_)) if self.plan.known.insert(one.address) => delta.known.added.push(one.address),
            (Some(_), None) if self.plan.known.remove(&one.address) => delta.known.removed.push(one.address),
            _ => {}
        }
    }

    fn is_everyone(&self, id: UnionId) -> bool {
        self.compiled.union(id).everyone
    }

    /// The unions that admit an address by their ranges.
    fn unions_by_range(&self, address: IpAddr) -> BTreeSet<UnionId> {
        let holds = |(_, key): &(&UnionId, &UnionKey)| {
            self.plan.unions.get(*key).is_some_and(|union| union.ranges_hold(address))
        };
        self.unions.iter().filter(holds).map(|(id, _)| *id).collect()
    }

    fn change_member(&mut self, id: UnionId, address: IpAddr, enters: bool, delta: &mut Delta) {
        let Some(key) = self.unions.get(&id).cloned() else { return };
        let Some(union) = self.plan.unions.get_mut(&key).filter(|union| !union.everyone) else { return };
        let change = &mut delta.unions_changed.entry(key).or_default().pods;
        if enters && union.pods.insert(address) {
            change.added.push(address);
        } else if !enters && union.pods.remove(&address) {
            change.removed.push(address);
        }
    }

    /// Brings a pod of this node, or one that no longer is, to what the engine says of it.
    fn settle_local(&mut self, id: &NamespacedName, delta: &mut Delta) {
        let before = self.plan.pods.get(id).cloned();
        let after = self.local(id, delta);
        if before == after {
            return;
        }
        delta.narrows |= narrows_pod(&self.plan, before.as_ref(), after.as_ref());
        if let Some(after) = after {
            self.plan.pods.insert(id.clone(), after.clone());
            delta.pods_set.insert(id.clone(), (before, after));
        } else {
            self.plan.pods.remove(id);
            delta.pods_removed.extend(before.map(|before| (id.clone(), before)));
        }
    }

    /// What this node must do for a pod; `None` if it is not one of its own.
    fn local(&mut self, id: &NamespacedName, delta: &mut Delta) -> Option<LocalPod> {
        let pod = self.engine.pod_id(id)?;
        let here =
            self.engine.pod(pod).is_policed() && self.engine.pod(pod).node.as_ref() == Some(&self.node);
        if !here {
            self.compiled.unbind(pod);
            return None;
        }
        self.compiled.bind(&self.engine, pod);
        for direction in Direction::BOTH {
            if let Some(program) = self.compiled.program_of(pod, direction) {
                self.need_program(program, delta);
            }
        }
        Some(local_pod(&self.engine, &self.compiled, pod, &self.links))
    }

    /// Takes a program and its unions into the plan.
    fn need_program(&mut self, id: ProgramId, delta: &mut Delta) {
        if self.programs.contains_key(&id) {
            return;
        }
        let program = self.compiled.program(id);
        let unions: BTreeSet<UnionId> =
            program.ports.values().flatten().map(|row| row.union).chain(program.portless).collect();
        let (key, plan) = (program_key(&self.compiled, id), program_plan(&self.compiled, program));
        for union in unions {
            self.need_union(union, delta);
        }
        self.programs.insert(id, key.clone());
        self.plan.programs.insert(key.clone(), plan.clone());
        delta.programs_removed.remove(&key);
        delta.programs_set.insert(key, plan);
    }

    fn need_union(&mut self, id: UnionId, delta: &mut Delta) {
        if self.unions.contains_key(&id) {
            return;
        }
        let union = self.compiled.union(id);
        let (key, plan) = (union_key(union), union_plan(&self.engine, union));
        self.unions.insert(id, key.clone());
        self.plan.unions.insert(key.clone(), plan.clone());
        delta.unions_set.insert(key, plan);
    }

    /// Drops programs that no pod runs and unions that no program goes to, when a local pod has changed.
    fn collect_garbage(&mut self, delta: &mut Delta) {
        if delta.pods_set.is_empty() && delta.pods_removed.is_empty() {
            return;
        }
        let run: BTreeSet<ProgramKey> = self
            .plan
            .pods
            .values()
            .flat_map(|pod| Direction::BOTH.into_iter().filter_map(|d| pod.program(d).cloned()))
            .collect();
        let idle: Vec<ProgramKey> =
            self.plan.programs.keys().filter(|key| !run.contains(*key)).cloned().collect();
        for key in idle {
            self.plan.programs.remove(&key);
            if delta.programs_set.remove(&key).is_none() {
                delta.programs_removed.insert(key);
            }
        }
        self.programs.retain(|_, key| run.contains(key));
        self.drop_unions(delta);
    }

    fn drop_unions(&mut self, delta: &mut Delta) {
        let used: BTreeSet<UnionKey> =
            self.plan.programs.values().flat_map(|program| program.unions().cloned()).collect();
        let idle: Vec<UnionKey> =
            self.plan.unions.keys().filter(|key| !used.contains(*key)).cloned().collect();
        for key in idle {
            self.plan.unions.remove(&key);
            delta.unions_changed.remove(&key);
            if delta.unions_set.remove(&key).is_none() {
                delta.unions_removed.insert(key);
            }
        }
        self.unions.retain(|_, key| used.contains(key));
    }

    /// Makes the whole plan anew; returns the one before.
    fn rebuild(&mut self) -> NodePlan {
        let local: Vec<_> = self
            .engine
            .pod_ids()
            .filter(|id| self.engine.pod(*id).node.as_ref() == Some(&self.node))
            .collect();
        self.compiled = self.engine.compile(local);
        self.unions = self.compiled.unions().map(|(id, union)| (id, union_key(union))).collect();
        self.programs =
            self.compiled.programs().map(|(id, _)| (id, program_key(&self.compiled, id))).collect();
        let plan = NodePlan::of(&self.engine, &self.compiled, &self.node, &self.links);
        std::mem::replace(&mut self.plan, plan)
    }
}
