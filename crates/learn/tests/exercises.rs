//! Every exercise on the real kernel: what is given fails, the solution holds, and each typical wrong answer fails exactly
//! the demands that it says.
//!
//! An exercise is a folder of `exercises/` with `task.md`, `given.yaml`, `hints.md`, `solution.yaml`, `start.yaml` where
//! there is something to mend, and a `wrong-*.yaml` for each mistake that people make. A wrong answer begins with lines
//! `# breaks: FROM → TO on ON: OUTCOME`, one for each demand that must fail. What a learner is told about a wrong answer
//! may hold neither a hint nor a line of the solution. Runs as root and without; where the system forbids both it says why and
//! skips, except in CI, where that is a failure.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};
use podfence_lab::sandbox;
use podfence_learn::exercise::Answer;
use podfence_learn::{Exercise, Proof, catalogue, given, prove};
use podfence_report::json::VerdictRow;
use podfence_report::learn::{self as text, Checked};
use podfence_source::{Input, Loaded, Options};
use podfence_testkit::sandboxed;

/// Answers that are tried at the same time: they mostly wait for time-outs.
const AT_ONCE: usize = 8;
/// Mistakes that an exercise must know at least.
const MISTAKES: usize = 3;

fn main() -> ExitCode {
    if let Some(ended) = podfence_lab::agents::become_one_if_told() {
        return ended;
    }
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(AT_ONCE);
    sandboxed::run(&arguments, sandbox::enter(), |_| trials())
}

fn trials() -> Vec<Trial> {
    let all = catalogue::ALL.iter();
    let mut trials: Vec<Trial> = all.flat_map(of_exercise).collect();
    trials.push(Trial::test("every_folder_is_in_the_catalogue", every_folder_is_in_the_catalogue));
    trials
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("exercises")
}

fn of_exercise(exercise: &'static Exercise) -> Vec<Trial> {
    let name = |what: &str| format!("{}/{what}", exercise.folder);
    let wrong = wrong_answers(exercise);
    let mistakes = wrong.len();
    let mut trials = vec![
        Trial::test(name("well_formed"), move || well_formed(exercise, mistakes)),
        Trial::test(name("given"), move || unanswered(exercise)),
        Trial::test(name("solution"), move || solution(exercise)),
    ];
    trials.extend(wrong.into_iter().map(|path| {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Trial::test(name(&stem), move || wrong_answer(exercise, &path))
    }));
    trials
}

fn wrong_answers(exercise: &Exercise) -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join(exercise.folder)).into_iter().flatten().flatten();
    let is_wrong =
        |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("wrong-"));
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(is_wrong).collect();
    found.sort();
    found
}

fn every_folder_is_in_the_catalogue() -> Result<(), Failed> {
    let mut folders: Vec<String> = fs::read_dir(root())?
        .map(|entry| entry.map(|e| e.file_name().to_string_lossy().into_owned()))
        .collect::<Result<_, _>>()?;
    folders.sort();
    let listed: Vec<&str> = catalogue::ALL.iter().map(|exercise| exercise.folder).collect();
    if folders == listed { Ok(()) } else { Err(format!("folders {folders:?}, catalogue {listed:?}").into()) }
}

fn well_formed(exercise: &Exercise, mistakes: usize) -> Result<(), Failed> {
    let number = format!("{:02}-", exercise.number);
    let heading = format!("# {}. {}", exercise.number, exercise.title());
    let rises = catalogue::ALL.iter().filter(|other| other.number < exercise.number);
    let right = [
        ("its folder begins with its number", exercise.folder.starts_with(&number)),
        ("its task begins with number and title", exercise.task.starts_with(&heading)),
        ("it has two hints or three", (2..=3).contains(&exercise.hints().len())),
        ("it knows some mistakes", mistakes >= MISTAKES),
        ("levels rise", rises.into_iter().all(|other| other.level <= exercise.level)),
    ];
    match right.iter().find(|(_, holds)| !holds) {
        Some((what, _)) => Err((*what).into()),
        None => exercise.demands().map(|_| ()).map_err(|wrong| format!("{wrong:?}").into()),
    }
}

/// The learner's folder with an answer, read as the command does.
fn read(exercise: &Exercise, answer: Option<&str>) -> Result<Loaded, Failed> {
    let input = |name: &str, text: &str| Input::Bytes { name: name.into(), bytes: text.into() };
    let given = input(Exercise::GIVEN, exercise.given);
    let inputs: Vec<Input> =
        [given].into_iter().chain(answer.map(|text| input(Exercise::START, text))).collect();
    let loaded = podfence_source::read(&inputs, &Options::default())?;
    let changes = given::changes(&exercise.given_world()?, &loaded.world, exercise.answer);
    if changes.is_empty() { Ok(loaded) } else { Err(format!("{changes:?}").into()) }
}

fn unanswered(exercise: &Exercise) -> Result<(), Failed> {
    let proof = prove(exercise, read(exercise, exercise.start)?.world)?;
    agrees(&proof)?;
    if proof.holds() { Err("all demands hold before anything is done".into()) } else { Ok(()) }
}

fn solution(exercise: &Exercise) -> Result<(), Failed> {
    let proof = prove(exercise, read(exercise, Some(exercise.solution))?.world)?;
    agrees(&proof)?;
    match broken(&proof).as_slice() {
        [] if proof.why()?.is_none() => Ok(()),
        broken => Err(broken.join("\n").into()),
    }
}

fn wrong_answer(exercise: &Exercise, path: &Path) -> Result<(), Failed> {
    let answer = fs::read_to_string(path)?;
    let loaded = read(exercise, Some(&answer))?;
    let proof = prove(exercise, loaded.world.clone())?;
    agrees(&proof)?;
    let mut expected: Vec<String> =
        answer.lines().filter_map(|line| line.strip_prefix("# breaks: ")).map(str::to_owned).collect();
    let mut found = broken(&proof);
    expected.sort();
    found.sort();
    if found.is_empty() || found != expected {
        return Err(format!("it says\n{}\nbut these fail\n{}", expected.join("\n"), found.join("\n")).into());
    }
    gives_nothing_away(exercise, &answer, &told(exercise, &proof, &loaded)?)
}

fn agrees(proof: &Proof) -> Result<(), Failed> {
    if proof.differing().is_empty() { Ok(()) } else { Err(format!("{:?}", proof.differing()).into()) }
}

fn broken(proof: &Proof) -> Vec<String> {
    let sentence = |row: &VerdictRow| format!("{} → {} on {}: {}", row.from, row.to, row.on, row.outcome);
    proof.demands().iter().filter(|row| !row.holds).map(sentence).collect()
}

fn told(exercise: &Exercise, proof: &Proof, loaded: &Loaded) -> Result<String, Failed> {
    let why = proof.why()?;
    let checked = Checked {
        number: exercise.number,
        title: exercise.title(),
        changes: &[],
        demands: proof.demands(),
        differing: proof.differing(),
        why: why.as_ref(),
        idle: &proof.idle(),
        points: None,
        hints_left: exercise.hints().len(),
        next: None,
    };
    if why.is_none() {
        return Err("it does not say why".into());
    }
    Ok(text::checked(&checked, &loaded.sources) + &podfence_report::json::checked(&checked))
}

/// Neither hints nor lines of the solution that the learner has not written.
fn gives_nothing_away(exercise: &Exercise, answer: &str, told: &str) -> Result<(), Failed> {
    if told.contains("hint: ") {
        return Err(format!("a hint in\n{told}").into());
    }
    if let Some(hint) = exercise.hints().into_iter().find(|hint| told.contains(hint)) {
        return Err(format!("the hint `{hint}` in\n{told}").into());
    }
    let known = |line: &str| answer.contains(line) || exercise.given.contains(line);
    let mut secret = exercise.solution.lines().map(|line| line.trim().trim_start_matches("- "));
    let is_answer = exercise.answer == Answer::Policies;
    match secret.find(|line| is_answer && line.contains(": ") && !known(line) && told.contains(line)) {
        Some(line) => Err(format!("the solution's `{line}` in\n{told}").into()),
        None => Ok(()),
    }
}
