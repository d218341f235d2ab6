//! Every folder of `examples/` on the real kernel: in each step engine = kernel on everything, and all rows of its
//! `verdicts.md` hold in both.
//!
//! A new folder is found by itself. Runs as root and without; where the system forbids both it says why and skips, except in
//! CI, where that is a failure.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};
use podfence_engine::Engine;
use podfence_lab::asked::Asked;
use podfence_lab::cluster::Cluster;
use podfence_lab::expect::{self, Ask};
use podfence_lab::run::Findings;
use podfence_lab::scenario::{Step, steps};
use podfence_lab::{place, probe, record, sandbox};
use podfence_model::World;
use podfence_report::verdicts;
use podfence_source::{Input, Options};
use podfence_testkit::sandboxed;

/// Steps that run at the same time: they mostly wait for time-outs.
const AT_ONCE: usize = 8;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(AT_ONCE);
    sandboxed::run(&arguments, sandbox::enter(), |_| trials())
}

/// One trial for each step of each scenario.
fn trials() -> Vec<Trial> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let mut folders: Vec<PathBuf> = match std::fs::read_dir(&root) {
        Ok(entries) => entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect(),
        Err(_) => Vec::new(),
    };
    folders.sort();
    let mut trials: Vec<Trial> = folders.iter().flat_map(|folder| of_scenario(folder)).collect();
    let found = trials.len();
    let some = move || if found > 0 { Ok(()) } else { Err("no scenario was found".into()) };
    trials.push(Trial::test("there_are_scenarios", some));
    trials
}

fn of_scenario(folder: &Path) -> Vec<Trial> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    match steps(folder) {
        Ok(steps) => (1..)
            .zip(steps)
            .map(|(number, step)| Trial::test(format!("{name}/{number}"), move || run(&step)))
            .collect(),
        Err(error) => vec![Trial::test(name, move || Err(error.to_string().into()))],
    }
}

fn run(step: &Step) -> Result<(), Failed> {
    let (world, asks) = load(step)?;
    if asks.is_empty() {
        return Err("it states no verdicts".into());
    }
    let engine = Engine::new(&world);
    let mut cluster = Cluster::build(world)?;
    cluster.enforce(&engine)?;
    let mut asked = Asked::everything(cluster.world());
    asked.add(&asks);
    judge(&asks, &cluster.run(&engine, &asked, probe::USUAL_TIMEOUT))
}

fn load(step: &Step) -> Result<(World, Vec<Ask>), Failed> {
    let inputs: Vec<Input> = step.inputs.iter().cloned().map(Input::Path).collect();
    let loaded =
        podfence_source::read(&inputs, &Options::default()).map_err(|refused| text(&refused.diagnostics))?;
    let world = place::place(loaded.world)?;
    let mut rows = Vec::new();
    for file in &step.verdicts {
        let table = expect::read(&file.display().to_string(), &std::fs::read_to_string(file)?);
        rows.extend(table.map_err(|wrong| text(&wrong))?);
    }
    let asks = expect::ask(&world, rows).map_err(|wrong| text(&wrong))?;
    Ok((world, asks))
}

fn text(wrong: &[impl ToString]) -> String {
    wrong.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn judge(asks: &[Ask], findings: &Findings) -> Result<(), Failed> {
    let rows = expect::check(asks, findings);
    let differ = verdicts::differing(&record::compared(findings));
    if differ.is_empty() && rows.iter().all(|row| row.holds) {
        return Ok(());
    }
    Err(format!("{}engine and kernel differ:\n{}", verdicts::render(&rows), differ).into())
}
