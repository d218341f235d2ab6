//! `isolated`: some policy selects each of the pods, in a direction.

use podfence_model::{Direction, Directions, PortSet, Word};

use super::breach::{Outcome, Tally};
use super::judge::Who;
use super::selection::End;
use super::{Checked, Checker, Mistake, Result};

/// Holds a claim against the world.
pub(super) fn check(checker: &Checker<'_>, pods: &[Word], directions: Directions) -> Result<Checked> {
    let judge = &checker.judge;
    let selection = checker.select(pods, End::From)?;
    let mistake =
        |message: &str| pods.iter().take(1).map(|word| Mistake::new(&word.place, message)).collect();
    if !selection.ends.unknown.is_empty() || !selection.ends.outside.is_empty() {
        return Err(mistake("policies isolate pods, not addresses"));
    }
    let mut tally = Tally::default();
    for part in judge.parts(&selection) {
        let number = tally.part(&part.who);
        let members = if let Who::Pods(pods) = &part.who { pods.len() } else { 1 };
        tally.count(members);
        for direction in Direction::BOTH.into_iter().filter(|direction| directions.contains(*direction)) {
            let is_pod = matches!(part.who, Who::Pods(_));
            let isolated =
                is_pod && part.groups.iter().all(|group| judge.matrix().group(*group).is_isolated(direction));
            if !isolated {
                tally.note((number, number), PortSet::all(), None, Outcome::NotIsolated(direction), members);
            }
        }
    }
    tally.finish(judge, |_, _| None).ok_or_else(|| mistake("no pod is meant"))
}
