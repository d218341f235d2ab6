//! Whether a new plan takes something away: only then do open connections have to be judged again.

use std::collections::BTreeSet;

use podfence_model::{Direction, Protocol};

use crate::node::{LocalPod, NodePlan, PortRow, ProgramKey, ProgramPlan, UnionKey, UnionPlan};

/// Whether some flow of a local pod that `old` admits is refused by `new`, or an address has lost its pod
/// (whoever gets it next must not inherit its connections). May say yes where the answer is no; never the
/// other way round.
pub fn narrows(old: &NodePlan, new: &NodePlan) -> bool {
    let mut seen: BTreeSet<(Option<&ProgramKey>, &ProgramKey)> = BTreeSet::new();
    old.pods.iter().any(|(id, before)| {
        let Some(after) = new.pods.get(id) else { return !before.addresses.is_empty() };
        loses_address(before, after)
            || Direction::BOTH.into_iter().any(|direction| {
                let (a, b) = (before.program(direction), after.program(direction));
                b.is_some_and(|b| seen.insert((a, b)) && narrower((old, a), (new, b)))
            })
    })
}

/// Whether a change of one local pod takes something away from it, the unions staying as they are.
pub(crate) fn narrows_pod(plan: &NodePlan, before: Option<&LocalPod>, after: Option<&LocalPod>) -> bool {
    let (Some(before), Some(after)) = (before, after) else {
        return before.is_some_and(|pod| !pod.addresses.is_empty());
    };
    loses_address(before, after)
        || Direction::BOTH.into_iter().any(|direction| {
            let (a, b) = (before.program(direction), after.program(direction));
            a != b && b.is_some_and(|b| narrower((plan, a), (plan, b)))
        })
}

fn loses_address(before: &LocalPod, after: &LocalPod) -> bool {
    before.addresses.iter().any(|ip| !after.addresses.contains(ip))
}

type Side<'a, K> = (&'a NodePlan, K);

fn narrower((old, a): Side<'_, Option<&ProgramKey>>, (new, b): Side<'_, &ProgramKey>) -> bool {
    let Some(a) = a.and_then(|a| old.programs.get(a)) else { return true }; // open before, a program now
    let Some(b) = new.programs.get(b) else { return true };
    narrows_program((old, a), (new, b))
}

/// Whether the program `b` of plan `new` refuses something that `a` admitted in plan `old`.
pub(crate) fn narrows_program((old, a): Side<'_, &ProgramPlan>, (new, b): Side<'_, &ProgramPlan>) -> bool {
    let loses = |was: Option<&UnionKey>, is: Option<&UnionKey>| {
        let was = was.and_then(|key| old.unions.get(key));
        let is = is.and_then(|key| new.unions.get(key));
        was.is_some_and(|was| is.is_none_or(|is| !holds((new, is), (old, was))))
    };
    loses(a.portless.as_ref(), b.portless.as_ref())
        || Protocol::ALL.into_iter().any(|protocol| {
            pairs(rows(a, protocol), rows(b, protocol)).into_iter().any(|(was, is)| loses(Some(was), is))
        })
}

fn rows(program: &ProgramPlan, protocol: Protocol) -> &[PortRow] {
    program.ports.get(&protocol).map_or(&[], Vec::as_slice)
}

/// Each union of `old` rows with the union that `new` rows have on some of the same ports.
fn pairs<'a>(old: &'a [PortRow], new: &'a [PortRow]) -> BTreeSet<(&'a UnionKey, Option<&'a UnionKey>)> {
    let mut edges = BTreeSet::new();
    for row in old.iter().chain(new) {
        edges.extend([u32::from(row.first), u32::from(row.last) + 1]);
    }
    let at = |rows: &'a [PortRow], port: u32| {
        rows.iter().find(|r| (u32::from(r.first)..=u32::from(r.last)).contains(&port)).map(|r| &r.union)
    };
    edges.iter().filter_map(|port| Some((at(old, *port)?, at(new, *port)))).collect()
}

/// Whether the union `is` of plan `new` holds all that `was` held in plan `old`.
fn holds((new, is): Side<'_, &UnionPlan>, (old, was): Side<'_, &UnionPlan>) -> bool {
    if is.everyone {
        return true;
    }
    // An address that has become a known pod's is now decided by membership alone.
    let newly_known = new.known.difference(&old.known).filter(|ip| was.admits(**ip, &old.known));
    !was.everyone
        && was.pods.iter().all(|ip| is.admits(*ip, &new.known))
        && was.ranges.iter().all(|range| is.ranges.iter().any(|r| r.covers(*range)))
        && newly_known.into_iter().all(|ip| is.admits(*ip, &new.known))
}
