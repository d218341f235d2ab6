//! `podfence learn`: exercises, from the task to the proof on the kernel.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use podfence_lab::sandbox;
use podfence_learn::exercise::Answer;
use podfence_learn::progress::{FULL, HINT, Progress, Record};
use podfence_learn::{Exercise, Proof, catalogue, folder, given, prove};
use podfence_report::json;
use podfence_report::learn::{self as text, Checked, Listed, Started};

use crate::cli::{Output, Source};
use crate::exit::Exit;
use crate::{input, output};

const ABOUT: &str = "\
Without a command it lists the exercises and the score. A task says what must be reachable and
what must not. You write the policies as YAML files in its folder, with any editor; `check` builds
the pods, enforces your policies and sends real packets. It needs no cluster and no root.

  podfence learn start 1
  podfence learn check 1

An exercise brings 10 points; each hint takes 3 of them.

Exit code: 0 good, or all demands hold; 1 not all demands hold; 2 bad use or input.";

/// The arguments of `learn`.
#[derive(Debug, Args)]
#[command(after_help = ABOUT)]
pub struct Arguments {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Make the folder of an exercise and tell its task
    Start(Place),
    /// Prove your answer on the kernel, and say what does not hold yet
    Check(Check),
    /// Tell the next hint; each costs points
    Hint(Begun),
    /// Show a right answer, once it is solved or given up
    Solution(Solution),
}

#[derive(Debug, Args)]
struct Number {
    /// The exercise's number, as the list shows it
    #[arg(value_name = "N")]
    number: u32,
}

#[derive(Debug, Args)]
struct Begun {
    /// The exercise's number; without it the one that was started last
    #[arg(value_name = "N")]
    number: Option<u32>,
}

#[derive(Debug, Args)]
struct Place {
    #[command(flatten)]
    exercise: Number,

    /// The exercise's folder; ./podfence-learn/NN-NAME unless you name another
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct Check {
    #[command(flatten)]
    exercise: Begun,

    /// The exercise's folder, where it is not the one that `start` made
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,

    /// Leave out warnings and notes about the input
    #[arg(short, long)]
    quiet: bool,

    /// The form of the findings
    #[arg(short, long, value_enum, default_value_t = Output::Text)]
    output: Output,
}

#[derive(Debug, Args)]
struct Solution {
    #[command(flatten)]
    exercise: Number,

    /// Show it although the exercise is not solved; it brings no points then
    #[arg(long)]
    give_up: bool,
}

/// Runs, and tells by the exit code.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    match &arguments.what {
        None => list(),
        Some(What::Start(place)) => start(place),
        Some(What::Check(arguments)) => check(arguments),
        Some(What::Hint(exercise)) => hint(exercise),
        Some(What::Solution(arguments)) => solution(arguments),
    }
}

impl Number {
    fn find(&self) -> anyhow::Result<&'static Exercise> {
        find(self.number)
    }
}

impl Begun {
    fn find(&self, progress: &Progress) -> anyhow::Result<&'static Exercise> {
        let last = || progress.started_last().context("no exercise is begun yet: podfence learn start 1");
        self.number.map_or_else(last, find)
    }
}

fn find(number: u32) -> anyhow::Result<&'static Exercise> {
    let all = catalogue::ALL.len();
    let found = catalogue::find(number);
    found.with_context(|| format!("there is no exercise {number}; they are numbered 1 to {all}"))
}

fn say(text: &str) -> anyhow::Result<Exit> {
    output::print(text)?;
    Ok(Exit::Good)
}

fn list() -> anyhow::Result<Exit> {
    let progress = Progress::load()?;
    let listed = |exercise: &Exercise| {
        let Record { folder, hints, points, given_up } = progress.of(exercise);
        let (number, title, level) = (exercise.number, exercise.title(), exercise.level.name());
        Listed { number, title, level, hints, begun: given_up || folder.is_some(), given_up, points }
    };
    let all: Vec<Listed> = catalogue::ALL.iter().map(listed).collect();
    say(&text::list(&all, FULL))
}

fn start(place: &Place) -> anyhow::Result<Exit> {
    let exercise = place.exercise.find()?;
    let mut progress = Progress::load()?;
    let folder = place.folder.clone().unwrap_or_else(|| folder::usual(exercise));
    let again = folder::is_begun(exercise, &folder)?;
    folder::begin(exercise, &folder)?;
    progress.start(exercise, std::path::absolute(&folder).ok().filter(|path| path.to_str().is_some()));
    progress.store()?;
    let to_do = match (exercise.answer, exercise.start) {
        (Answer::LabelsOf(..), _) => "Change given.yaml there",
        (Answer::Policies, Some(_)) => "Change policy.yaml there",
        (Answer::Policies, None) => "Write your policies there, as .yaml files",
    };
    let folder = folder.display().to_string();
    let (number, task) = (exercise.number, exercise.task);
    say(&text::started(&Started { number, task, folder, again, to_do, hint: HINT, full: FULL }))
}

/// Where an answer is: as named, where it was started last, or in the usual place.
fn answer_folder(named: Option<&Path>, exercise: &Exercise, record: &Record) -> anyhow::Result<PathBuf> {
    let here = env::current_dir().unwrap_or_default();
    let nearer = |path: &Path| match path.strip_prefix(&here) {
        Ok(below) if below.as_os_str().is_empty() => PathBuf::from("."),
        Ok(below) => below.to_owned(),
        Err(_) => path.to_owned(),
    };
    let known =
        [named.map(Path::to_owned), record.folder.as_deref().map(nearer), Some(folder::usual(exercise))];
    match known.into_iter().flatten().find(|path| named.is_some() || path.is_dir()) {
        Some(folder) => Ok(folder),
        None => bail!("exercise {0} has no folder yet: podfence learn start {0}", exercise.number),
    }
}

fn check(arguments: &Check) -> anyhow::Result<Exit> {
    sandbox::enter()?; // before any thread exists
    let mut progress = Progress::load()?;
    let exercise = arguments.exercise.find(&progress)?;
    let folder = answer_folder(arguments.folder.as_deref(), exercise, &progress.of(exercise))?;
    let source = Source { filenames: vec![folder.into()], namespace: None, quiet: arguments.quiet };
    let Some(loaded) = input::load(&source)? else { return Ok(Exit::Unusable) };
    let changes = given::changes(&exercise.given_world()?, &loaded.world, exercise.answer);
    let changes: Vec<String> = changes.iter().map(ToString::to_string).collect();
    let proof = changes.is_empty().then(|| prove(exercise, loaded.world)).transpose()?;
    let solved = proof.as_ref().is_some_and(Proof::holds);
    let points = solved.then(|| progress.of_mut(exercise).solve());
    let why = proof.as_ref().map(Proof::why).transpose()?.flatten();
    let idle = proof.as_ref().map_or_else(Vec::new, Proof::idle);
    let checked = Checked {
        number: exercise.number,
        title: exercise.title(),
        changes: &changes,
        demands: proof.as_ref().map_or(&[], Proof::demands),
        differing: proof.as_ref().map_or(&[], Proof::differing),
        why: why.as_ref(),
        idle: &idle,
        points,
        hints_left: exercise.hints().len().saturating_sub(progress.of(exercise).hints),
        next: catalogue::find(exercise.number + 1).map(|next| next.number),
    };
    output::print(&match arguments.output {
        Output::Text => text::checked(&checked, &loaded.sources),
        Output::Json => json::checked(&checked),
    })?;
    if solved {
        progress.store()?;
    }
    Ok(if solved { Exit::Good } else { Exit::Denied })
}

fn hint(asked: &Begun) -> anyhow::Result<Exit> {
    let mut progress = Progress::load()?;
    let exercise = asked.find(&progress)?;
    if !progress.of(exercise).is_begun() && !folder::usual(exercise).is_dir() {
        let number = exercise.number;
        bail!("exercise {number} is not begun yet, and a hint costs points: podfence learn start {number}");
    }
    let hints = exercise.hints();
    let record = progress.of_mut(exercise);
    let shown = record.hint(hints.len());
    let worth = record.points.is_none().then(|| record.worth());
    progress.store()?;
    say(&text::hint(exercise.title(), &hints[..shown], hints.len(), worth))
}

fn solution(arguments: &Solution) -> anyhow::Result<Exit> {
    let exercise = arguments.exercise.find()?;
    let mut progress = Progress::load()?;
    let record = progress.of_mut(exercise);
    if record.points.is_none() && !record.given_up && !arguments.give_up {
        let number = exercise.number;
        bail!(
            "exercise {number} is not solved yet\n\
             podfence learn hint {number}                  tells a hint\n\
             podfence learn solution {number} --give-up    shows a right answer; the exercise then brings no points"
        );
    }
    record.give_up();
    progress.store()?;
    say(exercise.solution)
}
