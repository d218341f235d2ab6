//! The programs and unions of a plan that follows events: taken in when a pod needs them, dropped when none does.

use std::collections::BTreeSet;

use podfence_engine::{ProgramId, UnionId};

use super::LivePlan;
use crate::diff::Delta;
use crate::narrow::narrows_program;
use crate::node::{ProgramKey, ProgramPlan, UnionKey, program_key, program_plan, union_key, union_plan};

/// What was used before an event and may not be after it. It is dropped last: another pod may need it in the same event.
#[derive(Debug, Default)]
pub(super) struct Idle {
    pub programs: Vec<ProgramKey>,
    pub unions: BTreeSet<UnionKey>,
    /// Programs that got other rows in this event, and so were there before it.
    changed: BTreeSet<ProgramKey>,
}

impl LivePlan {
    /// Takes a program and its unions into the plan.
    pub(super) fn need_program(&mut self, id: ProgramId, delta: &mut Delta, idle: &mut Idle) {
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
        let before = self.plan.programs.insert(key.clone(), plan.clone());
        if before.as_ref() == Some(&plan) {
            return self.release_unions(&plan, idle);
        }
        if let Some(before) = &before {
            delta.narrows |= narrows_program((&self.plan, before), (&self.plan, &plan));
            self.release_unions(before, idle);
            idle.changed.insert(key.clone());
        }
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

    /// One program less goes to these unions.
    fn release_unions(&mut self, program: &ProgramPlan, idle: &mut Idle) {
        let unions: BTreeSet<&UnionKey> = program.unions().collect();
        for union in unions {
            self.unions.release(union);
            idle.unions.insert(union.clone());
        }
    }

    /// Drops the programs that no pod runs, and the unions that no program goes to.
    pub(super) fn drop_idle(&mut self, mut idle: Idle, delta: &mut Delta) {
        for key in std::mem::take(&mut idle.programs) {
            self.drop_program(&key, delta, &mut idle);
        }
        for union in idle.unions {
            if self.unions.forget_unused(&union) {
                self.drop_union(union, delta);
            }
        }
    }

    fn drop_program(&mut self, key: &ProgramKey, delta: &mut Delta, idle: &mut Idle) {
        if !self.programs.forget_unused(key) {
            return;
        }
        if let Some(program) = self.plan.programs.remove(key) {
            self.release_unions(&program, idle);
        }
        if delta.programs_set.remove(key).is_none() || idle.changed.contains(key) {
            delta.programs_removed.insert(key.clone());
        }
    }

    fn drop_union(&mut self, key: UnionKey, delta: &mut Delta) {
        self.plan.unions.remove(&key);
        delta.unions_changed.remove(&key);
        if delta.unions_set.remove(&key).is_none() {
            delta.unions_removed.insert(key);
        }
    }
}
