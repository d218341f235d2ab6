//! The smallest change of policies that turns a verdict, found by trying: candidates are put into an engine, which answers
//! anew, and what they open and close is weighed.
//!
//! `allow` and `deny` think of candidates, `names` of ways to name the ends, `group` of paths that one change may turn
//! together; `trial` tries them and `weigh` finds what one does beside. Of those that help, the one that opens (or closes) least
//! is taken, then the one that states most, then the shortest. What is told of it (`effects`) is what the changed policies say
//! when they are read from the changed text: a candidate whose text says something else is none. Start with [`smallest`].

mod allow;
mod amendment;
mod deny;
mod effects;
mod group;
mod names;
mod trial;
mod weigh;

use podfence_engine::{Engine, Outcome};
use podfence_model::{Direction, LabelSelector, NetworkPolicy, PeerKind, World};

use self::group::Group;
use self::trial::Trial;
use self::weigh::Weight;
use crate::diff::Snapshot;
use crate::explain::explain;
use crate::explanation::{Explanation, Question, Verdict};

pub use amendment::Amendment;
pub use effects::Effect;

/// Changes made one after the other at most: a flow has two directions, and pods of several policies may be meant.
const ROUNDS: usize = 6;

/// What the policies that some amendments change or add are, read from the text with all of them made; `None` where the text
/// cannot be written.
pub type ReadBack<'a> = dyn Fn(&[Amendment]) -> Option<Vec<NetworkPolicy>> + 'a;

/// Why there is no change to tell of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unmended {
    /// The verdict is so already.
    AlreadySo,
    /// It may be so already: facts are missing.
    Undecided,
    /// It passes whatever policies say.
    Always,
    /// No policy sees either end.
    Unseen,
    /// Nothing that was tried leads there.
    NotFound,
}

/// A change of policies that turns a verdict.
#[derive(Debug, Clone)]
pub struct Mended {
    /// What to change, in this order.
    pub amendments: Vec<Amendment>,
    /// The world with all of it, as read back.
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

    /// What a change does beside, what counts most first.
    fn beside(self, amendment: &Amendment, weight: Weight) -> (u128, u128) {
        match self {
            // A port that was meant to be another one is not missed.
            Self::Allow if matches!(amendment, Amendment::ReplacePort(..)) => (weight.opened, 0),
            Self::Allow => (weight.opened, weight.closed),
            Self::Deny => (weight.closed, weight.opened),
        }
    }

    /// How many pairs of ends, by direction, still stand against it.
    fn left(self, explanation: &Explanation<'_>) -> usize {
        let of_path = |path: &crate::Path| {
            let mut sides = path.answer.sides();
            let directions = match self {
                Self::Allow => sides.filter(|side| side.outcome != Outcome::Allowed).count(),
                Self::Deny => usize::from(sides.all(|side| side.outcome != Outcome::Denied)),
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

/// Finds the smallest change that turns the answer to a question. `before` is as for [`explain`].
pub fn smallest(
    before: Snapshot<'_>,
    question: &Question,
    goal: Goal,
    read_back: &ReadBack<'_>,
) -> Result<Mended, Unmended> {
    let mut trial = Trial::new(before.world, question, goal);
    let now = explain(before.world, before.engine, question).map_err(|_| Unmended::NotFound)?;
    if goal.is_reached(&now.verdict) {
        return Err(Unmended::AlreadySo);
    }
    if goal == Goal::Allow && now.verdict == Verdict::Undecidable {
        return Err(Unmended::Undecided);
    }
    let mut amendments = Vec::new();
    for _ in 0..ROUNDS {
        let Some(steps) = next(&mut trial, &amendments, read_back) else { return Err(why_none(&now)) };
        for step in steps {
            step.amended(&trial.world).map(|policy| trial.put(policy));
            amendments.push(step);
        }
        if trial.left() == Some(0) {
            return finished(before, question, goal, amendments, read_back).ok_or(Unmended::NotFound);
        }
    }
    Err(Unmended::NotFound)
}

/// The change with all that it does, if it does what it is for once it is written and read.
fn finished(
    before: Snapshot<'_>,
    question: &Question,
    goal: Goal,
    amendments: Vec<Amendment>,
    read_back: &ReadBack<'_>,
) -> Option<Mended> {
    let mut world = before.world.clone();
    let policies = read_back(&amendments)?;
    let names = policies.iter().map(|policy| policy.meta.id.clone()).collect();
    world.policies.extend(policies.into_iter().map(|policy| (policy.meta.id.clone(), policy)));
    let engine = Engine::new(&world);
    let explanation = explain(&world, &engine, question).ok()?;
    if !goal.is_reached(&explanation.verdict) {
        return None;
    }
    let after = Snapshot { world: &world, engine: &engine };
    let effects = effects::effects(before, after, &explanation, &names);
    Some(Mended { amendments, world, effects })
}

/// The best thing to do next, one amendment where one is enough to let fewer pairs be left.
fn next(trial: &mut Trial<'_>, made: &[Amendment], read_back: &ReadBack<'_>) -> Option<Vec<Amendment>> {
    let explanation = trial.explain()?;
    let goal = trial.goal;
    let left = goal.left(&explanation);
    let candidates = match goal {
        Goal::Allow => Group::refused(&explanation)
            .map_or_else(Vec::new, |group| allow::candidates(&trial.world, &group)),
        Goal::Deny => deny::candidates(&trial.world, &Group::admitted(&explanation)),
    };
    let ranked = trial.ranked(candidates, |trial| trial.left().filter(|still| *still < left));
    for ((still, ..), Candidate { amendment, .. }) in ranked {
        if is_written_so(trial, made, std::slice::from_ref(&amendment), still, read_back) {
            return Some(vec![amendment]);
        }
    }
    if goal == Goal::Allow {
        return None;
    }
    let chains = Direction::BOTH.into_iter().filter_map(|direction| chain(trial, direction, left));
    let (_, steps, still) = chains.min_by_key(|(closed, steps, _)| (*closed, steps.len()))?;
    is_written_so(trial, made, &steps, still, read_back).then_some(steps)
}

/// Whether the text with some more steps leaves as many pairs as they do.
fn is_written_so(
    trial: &mut Trial<'_>,
    made: &[Amendment],
    steps: &[Amendment],
    left: usize,
    read_back: &ReadBack<'_>,
) -> bool {
    let policies = read_back(&[made, steps].concat());
    policies.is_some_and(|policies| trial.with(policies, Trial::left) == Some(left))
}

/// What takes out of one direction, one after the other, the rules each of which admits: what it closes, the steps, and how many
/// pairs are left.
fn chain(trial: &mut Trial<'_>, direction: Direction, left: usize) -> Option<(u128, Vec<Amendment>, usize)> {
    let mut steps = Vec::new();
    let mut before = Vec::new();
    let mut closed = 0;
    let mut still = left;
    while still == left && steps.len() < ROUNDS {
        let Some(((_, (beside, _), _), step)) = narrowed(trial, direction, left) else { break };
        closed += beside;
        let Some(policy) = step.amended(&trial.world) else { break };
        before.extend(trial.put(policy));
        steps.push(step);
        still = trial.left()?;
    }
    before.into_iter().rev().for_each(|policy| drop(trial.put(policy)));
    (still < left).then_some((closed, steps, still))
}

/// The best way to keep the rule that admits in one direction from doing so.
fn narrowed(trial: &mut Trial<'_>, direction: Direction, left: usize) -> Option<(Merit, Amendment)> {
    let group = admitted(trial, direction)?;
    let rule = group.admitted_by.clone()?;
    let candidates = deny::candidates(&trial.world, std::slice::from_ref(&group));
    let moves_on = |trial: &Trial<'_>| {
        let next = admitted(trial, direction).and_then(|group| group.admitted_by);
        let is_another = next.is_none_or(|next| next.place != rule.place || next.policy != rule.policy);
        trial.left().filter(|still| *still < left || is_another)
    };
    let ranked = trial.ranked(candidates, moves_on);
    ranked.into_iter().next().map(|(merit, candidate)| (merit, candidate.amendment))
}

fn admitted(trial: &Trial<'_>, direction: Direction) -> Option<Group> {
    Group::admitted(&trial.explain()?).into_iter().find(|group| group.direction == direction)
}

/// What stands in the way of any change of policies.
fn why_none(explanation: &Explanation<'_>) -> Unmended {
    let mut sides = explanation.paths.iter().flat_map(|path| path.answer.sides());
    if explanation.paths.iter().any(|path| path.answer.always.is_some()) {
        Unmended::Always
    } else if sides.all(|side| side.tiers.is_empty()) {
        Unmended::Unseen
    } else {
        Unmended::NotFound
    }
}

/// How good a candidate is, the least first: pairs that are left, what happens beside, and its own cost.
type Merit = (usize, (u128, u128), Cost);
