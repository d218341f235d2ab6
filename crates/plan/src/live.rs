//! The plan of a node, kept up to date by pod events.
//!
//! A pod somewhere in the cluster costs what its own addresses cost: they leave some unions and enter others. A pod
//! of this node costs its own programs. Only when a pod of a new kind tells apart what was one union is the node's
//! plan made anew; every step is a [`Delta`] all the same.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;

use podfence_engine::{Compiled, Engine, Move, ProgramId, UnionId};
use podfence_model::{Direction, NamespacedName, Pod};

use crate::diff::{Delta, diff};
use crate::narrow::narrows_pod;
use crate::node::{
    Link, LocalPod, NodePlan, ProgramKey, ProgramPlan, UnionKey, local_pod, program_key, program_plan,
    union_key, union_plan,
};
use crate::roster::Roster;

/// An engine, and the plan of one node that follows it.
#[derive(Debug)]
pub struct LivePlan {
    engine: Engine,
    node: String,
    links: BTreeMap<NamespacedName, Link>,
    compiled: Compiled,
    plan: NodePlan,
    /// The programs of the plan, each used by the pods that run it.
    programs: Roster<ProgramId>,
    /// The unions of the plan, each used by the programs that go to it.
    unions: Roster<UnionId>,
    /// Which local pod has an address.
    holders: HashMap<IpAddr, NamespacedName>,
}

impl LivePlan {
    /// The plan of `node` as the engine stands. `links` as in [`NodePlan::build`].
    pub fn new(engine: Engine, node: &str, links: BTreeMap<NamespacedName, Link>) -> Self {
        let compiled = Compiled::new(&engine);
        let mut live = Self {
            engine,
            node: node.to_owned(),
            links,
            compiled,
            plan: NodePlan::default(),
            programs: Roster::default(),
            unions: Roster::default(),
            holders: HashMap::new(),
        };
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
        touched.extend(moves.iter().filter_map(|one| self.holders.get(&one.address)).cloned());
        touched.insert(pod.clone());
        let idle: Vec<ProgramKey> =
            touched.into_iter().flat_map(|id| self.settle_local(&id, &mut delta)).collect();
        for program in idle {
            self.drop_program(&program, &mut delta);
        }
        delta
    }

    fn move_address(&mut self, one: Move, delta: &mut Delta) {
        let of = |class| -> BTreeSet<UnionId> {
            self.compiled
                .unions_with(class)
                .iter()
                .copied()
                .filter(|id| self.unions.key(*id).is_some())
                .collect()
        };
        let (left, entered) =
            (one.from.map_or_else(BTreeSet::new, of), one.to.map_or_else(BTreeSet::new, of));
        // An address that becomes known is decided by membership from now on, no longer by ranges.
        let stranger = self.engine.class_of_stranger(one.address).filter(|_| one.from.is_none());
        let newly_known = stranger.map_or_else(BTreeSet::new, of);
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

    fn change_member(&mut self, id: UnionId, address: IpAddr, enters: bool, delta: &mut Delta) {
        let Some(key) = self.unions.key(id).cloned() else { return };
        let Some(union) = self.plan.unions.get_mut(&key).filter(|union| !union.everyone) else { return };
        let change = &mut delta.unions_changed.entry(key).or_default().pods;
        if enters && union.pods.insert(address) {
            change.added.push(address);
        } else if !enters && union.pods.remove(&address) {
            change.removed.push(address);
        }
    }

    /// Brings a pod of this node, or one that no longer is, to what the engine says of it. Returns the programs that
    /// nobody may run any more.
    fn settle_local(&mut self, id: &NamespacedName, delta: &mut Delta) -> Vec<ProgramKey> {
        let before = self.plan.pods.get(id).cloned();
        let after = self.local(id, delta);
        if before == after {
            return Vec::new();
        }
        delta.narrows |= narrows_pod(&self.plan, before.as_ref(), after.as_ref());
        let idle = self.recount(id, before.as_ref(), after.as_ref());
        if let Some(after) = after {
            self.plan.pods.insert(id.clone(), after.clone());
            delta.pods_set.insert(id.clone(), (before, after));
        } else {
            self.plan.pods.remove(id);
            delta.pods_removed.extend(before.map(|before| (id.clone(), before)));
        }
        idle
    }

    /// Notes who has which address and who runs which program; returns the programs that one pod less runs.
    fn recount(
        &mut self,
        id: &NamespacedName,
        before: Option<&LocalPod>,
        after: Option<&LocalPod>,
    ) -> Vec<ProgramKey> {
        for ip in before.iter().flat_map(|pod| &pod.addresses) {
            if self.holders.get(ip) == Some(id) {
                self.holders.remove(ip);
            }
        }
        self.holders.extend(after.iter().flat_map(|pod| &pod.addresses).map(|ip| (*ip, id.clone())));
        let left: Vec<ProgramKey> = before.map_or_else(Vec::new, |pod| pod.programs().cloned().collect());
        for key in after.into_iter().flat_map(LocalPod::programs) {
            self.programs.take(key);
        }
        for key in &left {
            self.programs.release(key);
        }
        left
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
        if self.programs.key(id).is_some() {
            return;
        }
        let program = self.compiled.program(id);
        let unions: BTreeSet<UnionId> = program.unions().collect();
        let (key, plan) = (program_key(&self.compiled, id), program_plan(&self.compiled, program));
        for union in unions {
            self.need_union(union, delta);
        }
        self.programs.enter(id, &key);
        self.plan.programs.insert(key.clone(), plan.clone());
        delta.programs_set.insert(key, plan);
    }

    /// Takes a union into the plan, used once more.
    fn need_union(&mut self, id: UnionId, delta: &mut Delta) {
        if let Some(key) = self.unions.key(id).cloned() {
            return self.unions.take(&key);
        }
        let union = self.compiled.union(id);
        let (key, plan) = (union_key(union), union_plan(&self.engine, union));
        self.unions.enter(id, &key);
        self.unions.take(&key);
        self.plan.unions.insert(key.clone(), plan.clone());
        delta.unions_set.insert(key, plan);
    }

    /// Drops a program that no pod runs, and the unions that no program goes to without it.
    fn drop_program(&mut self, key: &ProgramKey, delta: &mut Delta) {
        if !self.programs.forget_unused(key) {
            return;
        }
        let unions: BTreeSet<UnionKey> =
            self.plan.programs.remove(key).iter().flat_map(ProgramPlan::unions).cloned().collect();
        if delta.programs_set.remove(key).is_none() {
            delta.programs_removed.insert(key.clone());
        }
        for union in unions {
            self.unions.release(&union);
            if self.unions.forget_unused(&union) {
                self.drop_union(union, delta);
            }
        }
    }

    fn drop_union(&mut self, key: UnionKey, delta: &mut Delta) {
        self.plan.unions.remove(&key);
        delta.unions_changed.remove(&key);
        if delta.unions_set.remove(&key).is_none() {
            delta.unions_removed.insert(key);
        }
    }

    /// Makes the whole plan anew; returns the one before.
    fn rebuild(&mut self) -> NodePlan {
        let local: Vec<_> = self
            .engine
            .pod_ids()
            .filter(|id| self.engine.pod(*id).node.as_ref() == Some(&self.node))
            .collect();
        self.compiled = self.engine.compile(local);
        let plan = NodePlan::of(&self.engine, &self.compiled, &self.node, &self.links);
        let before = std::mem::replace(&mut self.plan, plan);
        self.enrol();
        before
    }

    /// Counts who uses what in a plan made anew.
    fn enrol(&mut self) {
        (self.programs, self.unions) = (Roster::default(), Roster::default());
        for (id, union) in self.compiled.unions() {
            self.unions.enter(id, &union_key(union));
        }
        for (id, _) in self.compiled.programs() {
            self.programs.enter(id, &program_key(&self.compiled, id));
        }
        for program in self.plan.programs.values() {
            let unions: BTreeSet<&UnionKey> = program.unions().collect();
            for key in unions {
                self.unions.take(key);
            }
        }
        self.holders.clear();
        for (id, pod) in &self.plan.pods {
            self.holders.extend(pod.addresses.iter().map(|ip| (*ip, id.clone())));
            for key in pod.programs() {
                self.programs.take(key);
            }
        }
    }
}
