//! `podfence lab`: manifests as real pods, their policies in the kernel, real packets, and the comparison.
//!
//! `lab run` is here; `up` keeps a lab running, and `call` holds what other terminals ask of it.

mod call;
mod expected;
mod running;
mod setup;
mod up;
mod why;

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, Subcommand};
use podfence_analysis::{Explanation, Question, Target, explain};
use podfence_engine::Engine;
use podfence_lab::asked::Asked;
use podfence_lab::cluster::{Cluster, Settings};
use podfence_lab::expect::{self, Ask};
use podfence_lab::run::Findings;
use podfence_lab::scenario::{Step, steps};
use podfence_lab::{place, probe, record, sandbox, table};
use podfence_model::World;
use podfence_report::{grid, json, terminal, verdicts};
use podfence_source::SourceMap;

use crate::cli::{Output, Source};
use crate::exit::Exit;
use crate::{input, output};

/// The arguments of `lab`.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Build, enforce, send packets, compare; then take everything away
    Run(Run),
    /// Keep a lab running and follow its files: on each save, show which verdicts changed
    Up(up::Up),
    /// Run a command inside a pod of a running lab
    Exec(call::Exec),
    /// How a running lab is: its pods, policies, last change, differences
    Status(call::Status),
    /// End a running lab
    Down(call::Down),
}

/// The name of a lab that was given none.
const USUAL_NAME: &str = "lab";

const ABOUT_STEPS: &str = "\
Every pod becomes a network namespace and serves its declared ports. Numbered folders below DIR
are steps, run one after the other on the same pods; manifests beside them hold in every step.
Where a step has a verdicts.md, each row of its table | from | to | on | outcome | must hold in
both engine and kernel. Needs no root and no program: only user namespaces. Nothing is left
behind.

Exit code: 0 engine and kernel agree everywhere and all rows hold, 1 not so, 2 bad use or input.";

/// The arguments of `lab run`.
#[derive(Debug, Args)]
#[command(after_help = ABOUT_STEPS)]
struct Run {
    /// A folder of manifests, or one file
    #[arg(value_name = "DIR")]
    path: PathBuf,

    /// Explain this connection after every step; may be given several times
    #[arg(long, num_args = 2, value_names = ["SRC", "DST"], action = clap::ArgAction::Append)]
    explain: Vec<String>,

    #[command(flatten)]
    setup: setup::Arguments,

    /// The namespace of names and objects that state none
    #[arg(short, long, value_name = "NS")]
    namespace: Option<String>,

    /// Leave out warnings and notes about the input
    #[arg(short, long)]
    quiet: bool,

    /// The form of the findings
    #[arg(short, long, value_enum, default_value_t = Output::Text)]
    output: Output,
}

/// Does what is asked.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    match &arguments.what {
        What::Run(run) => run_steps(run),
        What::Up(arguments) => up::run(arguments),
        What::Exec(arguments) => call::exec(arguments),
        What::Status(arguments) => call::status(arguments),
        What::Down(arguments) => call::down(arguments),
    }
}

/// Runs, and tells by the exit code. Nothing is built before everything is read and understood.
fn run_steps(run: &Run) -> anyhow::Result<Exit> {
    sandbox::enter()?; // before any thread exists
    let steps = steps(&run.path).with_context(|| format!("cannot read {}", run.path.display()))?;
    let mut ready: Vec<Ready> = Vec::new();
    for step in steps {
        let Some(step) = prepare(run, step, ready.last())? else { return Ok(Exit::Unusable) };
        ready.push(step);
    }
    let setup = run.setup.setup();
    let mut lab = Lab {
        run,
        cluster: Cluster::build_on(setup.links, World::default(), Settings::default())?,
        steps: ready.len(),
        bad: Vec::new(),
        told: Vec::new(),
    };
    for (number, step) in (1..).zip(ready) {
        lab.step(number, &step)?;
    }
    lab.finish()
}

/// A step whose manifests and expected verdicts are read.
struct Ready {
    name: Option<String>,
    inputs: Vec<PathBuf>,
    world: World,
    sources: SourceMap,
    asks: Vec<Ask>,
}

/// Reads a step, which changes the world of the step `before`; `None` when its input is refused, which has then been told.
fn prepare(run: &Run, step: Step, before: Option<&Ready>) -> anyhow::Result<Option<Ready>> {
    let filenames: Vec<OsString> = step.inputs.iter().map(OsString::from).collect();
    let source = Source { filenames, namespace: run.namespace.clone(), quiet: run.quiet };
    let Some(loaded) = input::load(&source)? else { return Ok(None) };
    let previous = before.map_or_else(World::default, |step| step.world.clone());
    let world = place::place_after(&previous, loaded.world, run.setup.setup())?;
    if !run.quiet {
        input::tell_idle(&world, &previous);
    }
    let mut sources = loaded.sources;
    explanations(run, &world, &Engine::new(&world))?; // a misspelt name is told now
    let Some(asks) = expected::asks(&step, &world, &mut sources)? else { return Ok(None) };
    Ok(Some(Ready { name: step.name, inputs: step.inputs, world, sources, asks }))
}

/// What was asked for with `--explain`.
fn explanations<'w>(run: &Run, world: &'w World, engine: &Engine) -> anyhow::Result<Vec<Explanation<'w>>> {
    let explained = run.explain.chunks(2).map(|pair| {
        let question = Question {
            source: Target::parse(&pair[0], world).context("SRC")?,
            destination: Target::parse(&pair[1], world).context("DST")?,
            port: None,
            protocol: None,
            namespace: run.namespace.clone(),
        };
        Ok(explain(world, engine, &question)?)
    });
    explained.collect()
}

/// The lab between two steps.
struct Lab<'r> {
    run: &'r Run,
    cluster: Cluster,
    steps: usize,
    /// The steps in which something differs or is broken.
    bad: Vec<String>,
    told: Vec<json::LabStep>,
}

impl Lab<'_> {
    fn step(&mut self, number: usize, step: &Ready) -> anyhow::Result<()> {
        let engine = self.cluster.update(step.world.clone())?;
        let mut asked = Asked::everything(&step.world);
        asked.add(&step.asks);
        let findings = self.cluster.run(&engine, &asked, probe::USUAL_TIMEOUT);
        let rows = expect::check(&step.asks, &findings);
        if findings.differences() > 0 || rows.iter().any(|row| !row.holds) {
            self.bad.push(
                step.name.clone().map_or_else(|| number.to_string(), |name| format!("{number} ({name})")),
            );
        }
        match self.run.output {
            Output::Text => self.tell(number, step, &engine, &findings, &rows),
            Output::Json => {
                self.told.push(record::step(step.name.clone(), &findings, rows));
                Ok(())
            }
        }
    }

    fn tell(
        &self,
        number: usize,
        step: &Ready,
        engine: &Engine,
        findings: &Findings,
        rows: &[json::VerdictRow],
    ) -> anyhow::Result<()> {
        let mut parts = vec![if number == 1 { format!("{}\n", grid::LEGEND) } else { String::new() }];
        parts
            .extend(step.name.iter().map(|name| terminal::heading(&format!("Step {number}: {name}")) + "\n"));
        let compared = findings.compared();
        let agreement = terminal::agreement(compared, findings.differences(), compared);
        let grid = grid::render(&table::grid(&step.world, findings));
        let differing = verdicts::differing(&record::compared(findings));
        let why = why::broken(&step.asks, findings, &step.inputs);
        parts.push(format!("{grid}{agreement}\n{differing}{}{why}", verdicts::render(rows)));
        for explanation in explanations(self.run, &step.world, engine)? {
            parts.push(terminal::explain(&explanation, &step.sources, None));
        }
        Ok(output::print(&parts.join("\n"))?)
    }

    fn finish(self) -> anyhow::Result<Exit> {
        if self.run.output == Output::Json {
            output::print(&json::lab(&self.told))?;
        } else if self.steps > 1 {
            output::print(&verdicts::summary(&self.bad, self.steps))?;
        }
        Ok(if self.bad.is_empty() { Exit::Good } else { Exit::Denied })
    }
}
