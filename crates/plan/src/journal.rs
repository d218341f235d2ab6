//! Several deltas in a row as one: what leads from the plan before the first to the plan after the last.

use std::collections::{BTreeMap, BTreeSet};

use podfence_model::NamespacedName;

use crate::diff::{Change, Delta, MemberChange};
use crate::node::{LocalPod, NodePlan, ProgramKey, UnionKey};

/// Deltas that follow each other. Keeps what was touched and what comes and goes, so its cost is theirs and not the plan's.
#[derive(Debug, Default)]
pub struct Journal {
    sum: Delta,
    /// Unions that some delta set or removed: what they are in the end is in the plan.
    unions: BTreeSet<UnionKey>,
    programs: BTreeSet<ProgramKey>,
    /// Local pods that changed, as they were before the first delta.
    pods: BTreeMap<NamespacedName, Option<LocalPod>>,
}

impl Journal {
    /// Notes the next delta.
    pub fn push(&mut self, delta: Delta) {
        self.sum.narrows |= delta.narrows;
        append(&mut self.sum.known, delta.known);
        append(&mut self.sum.local_ranges, delta.local_ranges);
        for (key, change) in delta.unions_changed {
            let MemberChange { pods, ranges } = self.sum.unions_changed.entry(key).or_default();
            append(pods, change.pods);
            append(ranges, change.ranges);
        }
        self.unions.extend(delta.unions_set.into_keys().chain(delta.unions_removed));
        self.programs.extend(delta.programs_set.into_keys().chain(delta.programs_removed));
        for (id, (before, _)) in delta.pods_set {
            self.pods.entry(id).or_insert(before);
        }
        for (id, before) in delta.pods_removed {
            self.pods.entry(id).or_insert(Some(before));
        }
    }

    /// The delta of all; `plan` is the plan after the last of them.
    pub fn finish(self, plan: &NodePlan) -> Delta {
        let mut delta = self.sum;
        for key in self.unions {
            delta.unions_changed.remove(&key);
            match plan.unions.get(&key) {
                Some(union) => drop(delta.unions_set.insert(key, union.clone())),
                None => drop(delta.unions_removed.insert(key)),
            }
        }
        delta.unions_changed.retain(|_, change| !change.pods.is_empty() || !change.ranges.is_empty());
        for key in self.programs {
            match plan.programs.get(&key) {
                Some(program) => drop(delta.programs_set.insert(key, program.clone())),
                None => drop(delta.programs_removed.insert(key)),
            }
        }
        for (id, before) in self.pods {
            match (before, plan.pods.get(&id).cloned()) {
                (before, Some(after)) if before.as_ref() != Some(&after) => {
                    delta.pods_set.insert(id, (before, after));
                }
                (Some(before), None) => drop(delta.pods_removed.insert(id, before)),
                _ => {}
            }
        }
        delta
    }
}

/// Adds what comes and goes later: what came and goes again is as if it had never been, and the other way round.
fn append<T: Ord>(sum: &mut Change<T>, later: Change<T>) {
    fn cancel<T: Ord>(from: &mut Vec<T>, these: Vec<T>) -> Vec<T> {
        if from.is_empty() || these.is_empty() {
            return these;
        }
        let there: BTreeSet<&T> = from.iter().collect();
        let (cancelled, left): (Vec<T>, Vec<T>) = these.into_iter().partition(|one| there.contains(one));
        let cancelled: BTreeSet<T> = cancelled.into_iter().collect();
        from.retain(|one| !cancelled.contains(one));
        left
    }
    // Within one delta nothing comes and goes at once.
    let removed = cancel(&mut sum.added, later.removed);
    let added = cancel(&mut sum.removed, later.added);
    sum.removed.extend(removed);
    sum.added.extend(added);
}
