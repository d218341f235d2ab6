//! Exercises for people: the list with the score, and what came of an answer.

use podfence_analysis::{Explanation, Idle, Verdict};
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
    /// Whether its solution was shown before it was solved.
    pub given_up: bool,
    /// What it brought; `None` until it is solved.
    pub points: Option<u32>,
}

/// The list of exercises, each worth `full` points, and how to go on.
pub fn list(exercises: &[Listed], full: u32) -> String {
    let solved = exercises.iter().filter(|one| one.points.is_some()).count();
    let points: u32 = exercises.iter().filter_map(|one| one.points).sum();
    let most = full * u32::try_from(exercises.len()).unwrap_or(u32::MAX);
    let mut lines =
        vec![format!("{solved} of {} exercises solved, {points} of {most} points", exercises.len())];
    let width = exercises.iter().map(|one| one.title.len()).max().unwrap_or(0);
    for level in exercises.chunk_by(|one, next| one.level == next.level) {
        lines.extend([String::new(), paint(BOLD, level[0].level)]);
        let line = |one: &Listed| format!("  {:>2}  {:<width$}  {}", one.number, one.title, state(one));
        lines.extend(level.iter().map(|one| line(one).trim_end().to_owned()));
    }
    let next = exercises.iter().find(|one| one.points.is_none());
    let next = next.map_or("All solved".into(), |one| format!("Next: podfence learn start {}", one.number));
    lines.extend([String::new(), next]);
    lines.join("\n") + "\n"
}

fn state(one: &Listed) -> String {
    let hints = match one.hints {
        0 => String::new(),
        n => format!(", {}", words::count(n, "hint", "hints")),
    };
    match one.points {
        Some(points) => format!("{}, {points} points{hints}", paint(GOOD, "solved")),
        None if one.given_up => format!("given up{hints}"),
        None if one.begun || one.hints > 0 => format!("begun{hints}"),
        None => String::new(),
    }
}

/// An exercise that is begun.
#[derive(Debug, Clone)]
pub struct Started<'a> {
    /// Its number.
    pub number: u32,
    /// The task in Markdown; its first line is a heading.
    pub task: &'a str,
    /// The learner's folder.
    pub folder: String,
    /// Whether the folder was there already.
    pub again: bool,
    /// What the learner does there, without a full stop.
    pub to_do: &'a str,
    /// What a hint costs.
    pub hint: u32,
    /// What the exercise is worth.
    pub full: u32,
}

/// The task, where its folder is, and how to go on.
pub fn started(started: &Started<'_>) -> String {
    let Started { number, task, folder, again, to_do, hint, full } = started;
    let (heading, rest) = task.split_once('\n').unwrap_or((task, ""));
    let made = if *again {
        format!("{folder} was there already; your files in it are as they were.")
    } else {
        format!("Your folder is {folder}")
    };
    format!(
        "{}\n{rest}\n{made}\n{to_do}. Then:\n\n  \
         podfence learn check {number}    proves it on the kernel\n  \
         podfence learn hint {number}     tells a hint, for {hint} of {full} points\n",
        paint(BOLD, heading)
    )
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
    /// Policies that choose no pod.
    pub idle: &'a [Idle<'a>],
    /// What it brought; `None` when it is not solved.
    pub points: Option<u32>,
    /// How many hints are left.
    pub hints_left: usize,
    /// The exercise after it, if there is one.
    pub next: Option<u32>,
}

/// What came of an answer, with the learner's own lines.
pub fn checked(checked: &Checked<'_>, sources: &SourceMap) -> String {
    let heading = paint(BOLD, format!("Exercise {}: {}", checked.number, checked.title));
    let parts =
        if checked.changes.is_empty() { tried(checked, sources) } else { not_the_task(checked.changes) };
    format!("{heading}\n\n{}\n", parts.join("\n"))
}

fn tried(checked: &Checked<'_>, sources: &SourceMap) -> Vec<String> {
    let Checked { number, demands, differing, why, .. } = checked;
    let mut lines: Vec<String> = demands.iter().flat_map(one_demand).collect();
    if !differing.is_empty() {
        let bug =
            "Engine and kernel differ. That is a bug of Podfence and not your mistake; please report it:";
        lines.extend([String::new(), bug.into(), verdicts::differing(differing).trim_end().to_owned()]);
    }
    let held = demands.iter().filter(|demand| demand.holds).count();
    if let Some(points) = checked.points {
        lines.extend(solved(held, points, checked.next));
        return lines;
    }
    let not_yet = paint(BAD, "NOT YET");
    lines.extend([String::new(), format!("{not_yet}: {held} of {} demands hold", demands.len())]);
    lines.extend(checked.idle.iter().map(words::idle));
    if let Some(why) = why {
        let explained = terminal::explain(why, sources, None).trim_end().to_owned();
        let first =
            demands.iter().find(|demand| !demand.holds).and_then(|demand| instead(demand, &why.verdict));
        let first = first.map(|instead| format!(" {instead}")).unwrap_or_default();
        lines.extend([String::new(), format!("Why the first one fails:{first}"), String::new()]);
        lines.push(explained);
    }
    if checked.hints_left > 0 {
        lines.extend([String::new(), format!("Stuck? podfence learn hint {number}")]);
    }
    lines
}

/// What must be and what is; nothing where the verdict is as it must be, and only the kernel's finding is not.
fn instead(demand: &VerdictRow, verdict: &Verdict) -> Option<String> {
    let is = match verdict {
        Verdict::Allowed if demand.outcome != "times out" => return None,
        Verdict::Allowed => "allowed",
        Verdict::Denied => "denied",
        Verdict::Depends => "partly denied",
        Verdict::Undecidable => "undecidable",
    };
    Some(format!("it must {}, but it is {is}", must(&demand.outcome)))
}

fn solved(demands: usize, points: u32, next: Option<u32>) -> Vec<String> {
    let points = words::count(points as usize, "point", "points");
    let solved = paint(GOOD, "SOLVED");
    let mut lines =
        vec![String::new(), format!("{solved}: all {demands} demands hold, in engine and kernel; {points}")];
    lines.extend(next.map(|next| format!("\nNext: podfence learn start {next}")));
    lines
}

fn not_the_task(changes: &[String]) -> Vec<String> {
    let not_the_task = paint(BAD, "NOT THE TASK");
    let mut lines = vec![format!("{not_the_task}: something was changed that must stay as it is")];
    lines.extend(changes.iter().map(|change| format!("  {change}")));
    lines.push("\nTASK.md says what you may change.".into());
    lines
}

/// The demand, and what was found instead.
fn one_demand(demand: &VerdictRow) -> Vec<String> {
    let VerdictRow { from, to, on, outcome, holds, broken, .. } = demand;
    let sentence = format!("{from} → {to} on {on} must {}", must(outcome));
    if *holds {
        return vec![format!("  {}  {sentence}", paint(GOOD, "holds"))];
    }
    let head = format!("  {}  {}", paint(BAD, "FAILS"), paint(BOLD, sentence));
    let found = verdicts::found(broken);
    let found = found.lines().map(|line| paint(DIM, format!("     {line}")));
    [head].into_iter().chain(found).collect()
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

/// The hints so far, of `all` that there are, and what solving it brings now if it is not solved yet.
pub fn hint(title: &str, hints: &[&str], all: usize, worth: Option<u32>) -> String {
    let mut lines = vec![paint(BOLD, title)];
    lines.extend((1..).zip(hints).map(|(number, hint)| format!("\nHint {number} of {all}\n{hint}")));
    let worth = worth.map(|worth| words::count(worth as usize, "point", "points"));
    lines.extend(worth.map(|worth| format!("\nSolving it now brings {worth}.")));
    lines.join("\n") + "\n"
}
