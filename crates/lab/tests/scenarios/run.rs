//! Every folder of `examples/`, in each lab.

use std::path::{Path, PathBuf};

use libtest_mimic::{Failed, Trial};
use podfence_lab::asked::Asked;
use podfence_lab::expect::{self, Ask};
use podfence_lab::run::Findings;
use podfence_lab::scenario::{Step, steps};
use podfence_lab::setup::Setup;
use podfence_lab::{place, probe, record};
use podfence_model::World;
use podfence_report::verdicts;
use podfence_source::{Input, Options};

/// One trial for each scenario in each lab.
pub fn trials() -> Vec<Trial> {
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

fn of_scenario(folder: &Path) -> impl Iterator<Item = Trial> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    Setup::ALL
        .map(|setup| {
            let folder = folder.to_owned();
            Trial::test(format!("{name}/{setup}"), move || run(&folder, setup))
        })
        .into_iter()
}

fn run(folder: &Path, setup: Setup) -> Result<(), Failed> {
    let mut cluster = crate::begin(setup)?;
    let mut wrong = String::new();
    for step in steps(folder)? {
        let (world, asks) = load(&step, cluster.world(), setup)?;
        if asks.is_empty() {
            return Err(format!("{:?} states no verdicts", step.inputs).into());
        }
        let engine = cluster.update(world)?;
        let mut asked = Asked::everything(cluster.world());
        asked.add(&asks);
        wrong += &judge(&asks, &cluster.run(&engine, &asked, probe::USUAL_TIMEOUT));
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.into()) }
}

fn load(step: &Step, before: &World, setup: Setup) -> Result<(World, Vec<Ask>), Failed> {
    let inputs: Vec<Input> = step.inputs.iter().cloned().map(Input::Path).collect();
    let loaded =
        podfence_source::read(&inputs, &Options::default()).map_err(|refused| text(&refused.diagnostics))?;
    let world = place::place_after(before, loaded.world, setup)?;
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

/// What is wrong; nothing if all is well.
fn judge(asks: &[Ask], findings: &Findings) -> String {
    let rows = expect::check(asks, findings);
    let differ = verdicts::differing(&record::compared(findings));
    if differ.is_empty() && rows.iter().all(|row| row.holds) {
        return String::new();
    }
    format!("{}engine and kernel differ:\n{}", verdicts::render(&rows), differ)
}
