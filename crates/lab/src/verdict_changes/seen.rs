//! Flows as they must have come out before a change and must come out after it, by engine and declared ports alone.
//!
//! Which of them are asked of the kernel is for `Cluster::follow` to say; [`both`] finds them.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, RandomState};

use podfence_engine::Engine;
use podfence_model::{Flow, World};
use podfence_report::grid::Sign;

use super::Before;
use crate::{foreseen, named_ports};

/// Flows that did not change and are tried all the same.
const SAMPLE: usize = 40;

/// A world and what judges it.
#[derive(Clone, Copy)]
struct Now<'a> {
    world: &'a World,
    engine: &'a Engine,
}

/// A flow, and what must have come and must come of it.
pub(super) struct Seen {
    pub(super) flow: Flow,
    pub(super) before: Option<Sign>,
    pub(super) after: Option<Sign>,
}

impl Seen {
    fn new(flow: &Flow, before: Now<'_>, after: Now<'_>) -> Self {
        let sign = |Now { world, engine }: Now<'_>| {
            engine.answer(flow).ok().map(|answer| foreseen::flow(world, flow, &answer.outcome))
        };
        Self { flow: flow.clone(), before: sign(before), after: sign(after) }
    }

    pub(super) fn changed(&self) -> bool {
        self.before != self.after
    }
}

/// The flows that a run shows; and those on ports that policies name, where nobody need listen. Of these, none to or from who is
/// new: there is nothing that they were before.
pub(super) fn both(
    shown: &[Flow],
    before: Before<'_>,
    (world, engine): (&World, &Engine),
) -> (Vec<Seen>, Vec<Seen>) {
    let (then, now) = (Now { world: before.world, engine: before.engine }, Now { world, engine });
    let known: BTreeSet<&Flow> = shown.iter().collect();
    let others = named_ports::flows(before.world, world);
    let others = others.iter().filter(|flow| !known.contains(flow));
    let named = others.map(|flow| Seen::new(flow, then, now)).filter(|one| one.before.is_some());
    (shown.iter().map(|flow| Seen::new(flow, then, now)).collect(), named.collect())
}

/// Some of the flows, others each time.
pub(super) fn sample(flows: Vec<&Seen>) -> Vec<&Seen> {
    let random = RandomState::new();
    let mut drawn: Vec<(u64, &Seen)> =
        flows.into_iter().map(|one| (random.hash_one(&one.flow), one)).collect();
    drawn.sort_unstable_by_key(|(number, _)| *number);
    drawn.into_iter().take(SAMPLE).map(|(_, one)| one).collect()
}
