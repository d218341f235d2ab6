//! Exercises for people: the list with the score, and what came of an answer.

use podfence_analysis::Explanation;
use podfence_source::SourceMap;

use crate::json::{Compared, VerdictRow};
use crate::style::{BAD, BOLD, DIM, GOOD, paint};
use crate::{terminal, verdicts, words};

/// An exercise as the list shows it.
#[derive(Debug, Clone)]
pub struct Listed {
    /// Its number.
    pub number: u32,
    /// Its title.
    pub title: &'static str,
    /// The name of its level; exercises of a level stand together.
    pub level: &'static str,
    /// How many hints were given.
    pub hints: usize,
    /// Whether its folder was made.
    pub begun: bool,
    /// What it brought; `None` until it is solved.
    pub points: Option<u32>,
}

/// The list of exercises, each worth `full` points, and how to go on.
pub fn list(exercises: &[Listed], full: u32) -> String {
    let solved = exercises.iter().filter(|one| one.points.is_some()).count();
    let points: u32 = exercises.iter().filter_map(|one| one.points).sum();
    let most = full * u32::try_from(exercises.len()).unwrap_or(u32::MAX);
    let mut text = format!("{solved} of {} exercises solved, {points} of {most} points\n", exercises.len());
    let width = exercises.iter().map(|one| one.title.len()).max().unwrap_or(0);
    let mut level = "";
    for one in exercises {
        if one.level != level {
            level = one.level;
            text += &format!("\n{}\n", paint(BOLD, level));
        }
        text += format!("  {:>2}  {:<width$}  {}", one.number, one.title, state(one)).trim_end();
        text += "\n";
    }
    let next = exercises.iter().find(|one| one.points.is_none());
    text + &next.map_or_else(|| "\nAll solved.\n".into(), |one| format!("\nNext: podfence learn start {}\n", one.number))
}

fn state(one: &Listed) -> String {
    let hints = match one.hints {
        0 => String::new(),
        n => format!(", {}", words::count(n, "hint", "hints")),
    };
    match one.points {
        Some(points) => format!("{}, {points} points{hints}", paint(GOOD, "solved")),
        None if one.begun || one.hints > 0 => format!("begun{hints}"),
        None => String::new(),
    }
}

/// What came of an answer.
#[derive(Debug)]
pub struct Checked<'a> {
    /// The exercise's number.
    pub number: u32,
    /// Its title.
    pub title: &'a str,
    /// What was changed and may not be; nothing is tried then.
    pub changes: &'a [String],
    /// The demands, tried.
    pub demands: &'a [VerdictRow],
    /// Where engine and kernel differ.
    pub differing: &'a [Compared],
    /// Why the first demand that fails does so.
    pub why: Option<&'a Explanation<'a>>,
    /// What it brought; `None` when it is not solved.
    pub points: Option<u32>,
    /// How many hints are left.
    pub hints_left: usize,
    /// The exercise after it, if there is one.
    pub next: Option<u32>,
}

/// What came of an answer, with the learner's own lines.
pub fn checked(checked: &Checked<'_>, sources: &SourceMap) -> String {
    let Checked { number, title, changes, demands, differing, why, points, .. } = checked;
    let mut text = format!("{}\n\n", paint(BOLD, format!("Exercise {number}: {title}")));
    if !changes.is_empty() {
        return text + &not_the_task(changes);
    }
    for demand in *demands {
        text += &one_demand(demand);
    }
    if !differing.is_empty() {
        text += "\nEngine and kernel differ. That is a bug of Podfence and not your mistake; please report it:\n";
        text += &verdicts::differing(differing);
    }
    let held = demands.iter().filter(|demand| demand.holds).count();
    if let Some(points) = points {
        return text + &solved(held, *points, checked.next);
    }
    text += &format!("\n{}: {held} of {} demands hold\n", paint(BAD, "NOT YET"), demands.len());
    if let Some(why) = why {
        text += &format!("\nWhy the first one fails:\n\n{}", terminal::explain(why, sources));
    }
    if checked.hints_left > 0 {
        text += &format!("\nStuck? podfence learn hint {number}\n");
    }
    text
}

fn solved(demands: usize, points: u32, next: Option<u32>) -> String {
    let points = words::count(points as usize, "point", "points");
    let solved = paint(GOOD, "SOLVED");
    let text = format!("\n{solved}: all {demands} demands hold, in engine and kernel; {points}\n");
    text + &next.map_or_else(String::new, |next| format!("\nNext: podfence learn start {next}\n"))
}

fn not_the_task(changes: &[String]) -> String {
    let lines: String = changes.iter().map(|change| format!("  {change}\n")).collect();
    format!("{}: this may not be changed\n{lines}\nTASK.md says what may.\n", paint(BAD, "NOT THE TASK"))
}

fn one_demand(demand: &VerdictRow) -> String {
    let VerdictRow { from, to, on, outcome, holds, broken, .. } = demand;
    let sentence = format!("{from} → {to} on {on} must {}", must(outcome));
    if *holds {
        return format!("  {}  {sentence}\n", paint(GOOD, "holds"));
    }
    let head = format!("  {}  {}\n", paint(BAD, "FAILS"), paint(BOLD, sentence));
    let found = verdicts::found(broken);
    found.lines().fold(head, |text, line| text + &paint(DIM, format!("     {line}")) + "\n")
}

/// The outcome of a row as what must come of it.
fn must(outcome: &str) -> String {
    match outcome {
        "open" | "refused" => format!("be {outcome}"),
        "times out" => "time out".into(),
        "resolves" => "resolve".into(),
        "does not resolve" => "not resolve".into(),
        other => other.into(),
    }
}

/// A hint: its text, which one it is, and what the exercise is worth now.
pub fn hint(title: &str, hints: &[&str], all: usize, worth: Option<u32>) -> String {
    let mut text = format!("{}\n", paint(BOLD, title));
    for (number, hint) in (1..).zip(hints) {
        text += &format!("\nHint {number} of {all}\n{hint}\n");
    }
    match worth {
        Some(worth) => text + &format!("\nSolving it now brings {}.\n", words::count(worth as usize, "point", "points")),
        None => text,
    }
}
