//! The smallest change of policies that turns a verdict, found by trying: candidates are made to a copy of the world, the engine
//! answers anew, and whole matrices are compared.
//!
//! `allow` and `deny` think of candidates, `names` of ways to name the ends, `group` of paths that one change may turn
//! together, and `weigh` finds what a change does beside. Of those that help, the one that opens (or closes) least is taken, then
//! the one that states most, then the shortest. Start with [`smallest`].

mod allow;
mod amendment;
mod deny;
mod group;
mod names;
mod weigh;

use podfence_engine::{Engine, Outcome};
use podfence_model::{LabelSelector, PeerKind, World};

use self::group::Group;
use crate::diff::Snapshot;
use crate::explain::explain;
use crate::explanation::{Explanation, Question, Verdict};

pub use amendment::Amendment;
pub use weigh::Effect;

/// Changes made one after the other at most: a flow has two directions, and pods of several policies may be meant.
const ROUNDS: usize = 6;
/// Worlds with more pods try only the likeliest candidates.
const MANY: usize = 400;

/// A change of policies that turns a verdict.
#[derive(Debug, Clone)]
pub struct Mended {
    /// What to change, in this order.
    pub amendments: Vec<Amendment>,
    /// The world with all of it.
    pub world: World,
    /// What happens to all connections, most dangerous first.
    pub effects: Vec<Effect>,
}

/// What the change is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goal {
    /// Every path passes.
    Allow,
    /// Every path is refused.
    Deny,
}

impl Goal {
    fn is_reached(self, verdict: &Verdict) -> bool {
        match self {
            Self::Allow => *verdict == Verdict::Allowed,
            Self::Deny => *verdict == Verdict::Denied,
        }
    }

    /// How many pairs of ends, by direction, still stand against it.
    fn left(self, explanation: &Explanation<'_>) -> usize {
        let of_path = |path: &crate::Path| {
            let refused = path.answer.sides().filter(|side| side.outcome == Outcome::Denied).count();
            let directions = match self {
                Self::Allow => refused,
                Self::Deny => usize::from(refused == 0),
            };
            directions * path.sources.len() * path.destinations.len()
        };
        explanation.paths.iter().map(of_path).sum()
    }
}

/// Something to try.
#[derive(Debug, Clone)]
struct Candidate {
    amendment: Amendment,
    cost: Cost,
}

/// What a candidate costs beside what it opens and closes; less is better, in this order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Cost {
    /// Selectors that mean every pod of some namespace, those to come included.
    generality: usize,
    /// Lines of text, about.
    lines: usize,
    /// How far down it stands among the ways to name the ends.
    variant: usize,
}

impl Cost {
    fn of(variant: usize, peers: &[PeerKind]) -> Self {
        let everything = LabelSelector::everything();
        let general = |peer: &&PeerKind| matches!(peer, PeerKind::Pods { pods, .. } if *pods == everything);
        Self { generality: peers.iter().filter(general).count(), lines: 0, variant }
    }
}

/// Finds the smallest change that turns the answer to a question; `None` where it is so already, or where no change of policies
/// leads there. `world` is as for [`explain`].
pub fn smallest(world: &World, question: &Question, goal: Goal) -> Option<Mended> {
    let engine = Engine::new(world);
    let before = Snapshot { world, engine: &engine };
    let mut changed = world.clone();
    let mut amendments = Vec::new();
    for _ in 0..=ROUNDS {
        let now = Engine::new(&changed);
        let explanation = explain(&changed, &now, question).ok()?;
        if goal.is_reached(&explanation.verdict) {
            let after = Snapshot { world: &changed, engine: &now };
            let effects = weigh::effects(before, after, &explanation, &amendments);
            return (!amendments.is_empty()).then(|| Mended { amendments, world: changed.clone(), effects });
        }
        let tried = Trial { before, world: &changed, question, goal, left: goal.left(&explanation) };
        let step = tried.best(candidates(&changed, &explanation, goal))?;
        step.apply(&mut changed);
        amendments.push(step);
    }
    None
}

fn candidates(world: &World, explanation: &Explanation<'_>, goal: Goal) -> Vec<Candidate> {
    let few = world.pods.len() > MANY;
    match goal {
        Goal::Allow => {
            Group::refused(explanation).map_or_else(Vec::new, |group| allow::candidates(world, &group, few))
        }
        Goal::Deny => deny::candidates(world, &Group::admitted(explanation)),
    }
}

/// What candidates are tried on.
struct Trial<'a> {
    before: Snapshot<'a>,
    /// With the changes so far.
    world: &'a World,
    question: &'a Question,
    goal: Goal,
    /// See [`Goal::left`].
    left: usize,
}

/// How good a candidate is, the least first: pairs that are left, what happens beside, and its own cost.
type Merit = (usize, (u128, u128), Cost);

impl Trial<'_> {
    /// The candidate after which fewest pairs are left, and of these the one that changes least beside.
    fn best(&self, candidates: Vec<Candidate>) -> Option<Amendment> {
        let tried = candidates.into_iter().filter_map(|one| Some((self.merit(&one)?, one.amendment)));
        tried.min_by(|(a, _), (b, _)| a.cmp(b)).map(|(_, amendment)| amendment)
    }

    /// `None` where it helps nothing.
    fn merit(&self, candidate: &Candidate) -> Option<Merit> {
        let mut changed = self.world.clone();
        candidate.amendment.apply(&mut changed);
        let engine = Engine::new(&changed);
        let left = self.goal.left(&explain(&changed, &engine, self.question).ok()?);
        let after = Snapshot { world: &changed, engine: &engine };
        let weight = (left < self.left).then(|| weigh::weigh(self.before, after))?;
        let beside = match self.goal {
            // A port that was meant to be another one is not missed.
            Goal::Allow if matches!(candidate.amendment, Amendment::ReplacePort(..)) => (weight.opened, 0),
            Goal::Allow => (weight.opened, weight.closed),
            Goal::Deny => (weight.closed, weight.opened),
        };
        Some((left, beside, candidate.cost))
    }
}
