//! The plan of a node, kept up to date by events.
//!
//! A pod somewhere in the cluster costs what its own addresses cost: they leave some unions and enter others. A pod
//! of this node costs its own programs, and a policy those of the pods of its namespace here (`inventory`). Only when a
//! pod of a new kind tells apart what was one union, or a node's addresses change, is the plan made anew; every step is
//! a [`Delta`] all the same.

mod inventory;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;

use podfence_engine::{Compiled, Engine, Move, ProgramId, UnionId};
use podfence_model::{
    Change, Direction, Namespace, NamespacedName, NetworkPolicy, Node, Object, ObjectKey, Pod,
};

use self::inventory::Idle;
use crate::diff::{Delta, diff};
use crate::narrow::narrows_pod;
use crate::node::{Link, LocalPod, NodePlan, ProgramKey, UnionKey, local_pod, program_key, union_key};
use crate::roster::Roster;

/// Programs of policies that have changed since, which are not worth a new compilation.
const SOME: usize = 1_024;

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

    /// Follows a change of any object. `link` is asked only of a pod: see [`LivePlan::put_pod`].
    pub fn follow(&mut self, change: Change, link: impl FnOnce(&Pod) -> Option<Link>) -> Delta {
        match change {
            Change::Put(Object::Pod(pod)) => {
                let link = link(&pod);
                self.put_pod(*pod, link)
            }
            Change::Put(Object::Policy(policy)) => self.put_policy(*policy),
            Change::Put(Object::Namespace(namespace)) => self.put_namespace(namespace),
            Change::Put(Object::Node(node)) => self.put_node(node),
            Change::Put(Object::Service(service)) => {
                self.engine.put_service(*service);
                Delta::default()
            }
            Change::Remove(ObjectKey::Pod(id)) => self.remove_pod(&id),
            Change::Remove(ObjectKey::Policy(id)) => self.remove_policy(&id),
            Change::Remove(ObjectKey::Namespace(name)) => self.remove_namespace(&name),
            Change::Remove(ObjectKey::Node(name)) => self.remove_node(&name),
            Change::Remove(ObjectKey::Service(id)) => {
                self.engine.remove_service(&id);
                Delta::default()
            }
        }
    }

    /// A pod has come or changed. `link` is the host's end of its link, if it is one of this node's and has one.
    pub fn put_pod(&mut self, pod: Pod, link: Option<Link>) -> Delta {
        let id = pod.meta.id.clone();
        match link {
            Some(link) => drop(self.links.insert(id.clone(), link)),
            None => drop(self.links.remove(&id)),
        }
        let mut addresses = self.addresses_of(&id);
        addresses.extend(pod.ips());
        let moves = self.engine.put_pod(pod);
        self.follow_moves(Some(&id), addresses, &moves)
    }

    /// A pod has gone.
    pub fn remove_pod(&mut self, id: &NamespacedName) -> Delta {
        self.links.remove(id);
        let addresses = self.addresses_of(id);
        let moves = self.engine.remove_pod(id);
        self.follow_moves(Some(id), addresses, &moves)
    }

    /// A policy has come or changed.
    pub fn put_policy(&mut self, policy: NetworkPolicy) -> Delta {
        let namespace = policy.meta.id.namespace.clone();
        self.engine.put_policy(policy);
        self.follow_policy(&namespace)
    }

    /// A policy has gone.
    pub fn remove_policy(&mut self, id: &NamespacedName) -> Delta {
        self.engine.remove_policy(id);
        self.follow_policy(&id.namespace)
    }

    /// A namespace has come or has other labels.
    pub fn put_namespace(&mut self, namespace: Namespace) -> Delta {
        let moves = self.engine.put_namespace(namespace);
        self.follow_moves(None, Vec::new(), &moves)
    }

    /// A namespace has gone.
    pub fn remove_namespace(&mut self, name: &str) -> Delta {
        let moves = self.engine.remove_namespace(name);
        self.follow_moves(None, Vec::new(), &moves)
    }

    /// A node has come or changed: this one or another.
    pub fn put_node(&mut self, node: Node) -> Delta {
        if self.engine.put_node(node) { self.remade() } else { Delta::default() }
    }

    /// A node has gone.
    pub fn remove_node(&mut self, name: &str) -> Delta {
        if self.engine.remove_node(name) { self.remade() } else { Delta::default() }
    }

    /// Makes the plan anew and says what that changes.
    fn remade(&mut self) -> Delta {
        let before = self.rebuild();
        diff(&before, &self.plan)
    }

    /// Takes over what the engine tells apart by now; false when the plan has to be made anew for it.
    fn catches_up(&mut self) -> bool {
        if self.engine.is_worn() {
            self.engine.renew();
            return false;
        }
        let worn = self.compiled.programs().count() > 2 * self.plan.programs.len() + SOME;
        !worn && self.compiled.learn(&self.engine).is_ok()
    }

    /// The policies of a namespace are others than before.
    fn follow_policy(&mut self, namespace: &str) -> Delta {
        if !self.catches_up() {
            return self.remade();
        }
        let first = NamespacedName::new(namespace, "");
        let here = self.plan.pods.range(first..).map(|(id, _)| id);
        let here: Vec<_> = here.take_while(|id| id.namespace == namespace).cloned().collect();
        let mut delta = Delta::default();
        self.settle(here, &mut delta);
        delta
    }

    fn addresses_of(&self, id: &NamespacedName) -> Vec<IpAddr> {
        self.engine.pod_id(id).map_or_else(Vec::new, |pod| self.engine.pod(pod).ips().to_vec())
    }

    /// `addresses` are those that the pod has or had. Another pod may take them over, or be given them back, without any
    /// move: when both are of the same class.
    fn follow_moves(
        &mut self,
        pod: Option<&NamespacedName>,
        mut addresses: Vec<IpAddr>,
        moves: &[Move],
    ) -> Delta {
        if !self.catches_up() {
            return self.remade();
        }
        let mut delta = Delta::default();
        for one in moves {
            self.move_address(*one, &mut delta);
        }
        addresses.extend(moves.iter().map(|one| one.address));
        let owners = addresses.iter().filter_map(|ip| self.engine.pod_with_address(*ip));
        let mut touched: BTreeSet<NamespacedName> =
            owners.map(|id| self.engine.pod(id).meta.id.clone()).collect();
        touched.extend(addresses.iter().filter_map(|ip| self.holders.get(ip)).cloned());
        touched.extend(pod.cloned());
        self.settle(touched, &mut delta);
        delta
    }

    /// Brings pods to what the engine says of them, and then drops what nobody uses any more.
    fn settle(&mut self, pods: impl IntoIterator<Item = NamespacedName>, delta: &mut Delta) {
        let mut idle = Idle::default();
        for id in pods {
            self.settle_local(&id, delta, &mut idle);
        }
        self.drop_idle(idle, delta);
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

    /// Brings a pod of this node, or one that no longer is, to what the engine says of it. Notes what nobody may use
    /// any more.
    fn settle_local(&mut self, id: &NamespacedName, delta: &mut Delta, idle: &mut Idle) {
        let before = self.plan.pods.get(id).cloned();
        let after = self.local(id, delta, idle);
        if before == after {
            return;
        }
        delta.narrows |= narrows_pod(&self.plan, before.as_ref(), after.as_ref());
        idle.programs.extend(self.recount(id, before.as_ref(), after.as_ref()));
        if let Some(after) = after {
            self.plan.pods.insert(id.clone(), after.clone());
            delta.pods_set.insert(id.clone(), (before, after));
        } else {
            self.plan.pods.remove(id);
            delta.pods_removed.extend(before.map(|before| (id.clone(), before)));
        }
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
    fn local(&mut self, id: &NamespacedName, delta: &mut Delta, idle: &mut Idle) -> Option<LocalPod> {
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
                self.need_program(program, delta, idle);
            }
        }
        Some(local_pod(&self.engine, &self.compiled, pod, &self.links))
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
