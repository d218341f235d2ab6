//! `podfence lab run DIR`: manifests as real pods, their policies in the kernel, real packets, and the comparison.

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, Subcommand};
use podfence_analysis::{Question, Target, explain};
use podfence_engine::Engine;
use podfence_lab::cluster::Cluster;
use podfence_lab::run::Findings;
use podfence_lab::scenario::{Step, steps};
use podfence_lab::{place, probe, record, sandbox, table};
use podfence_model::World;
use podfence_report::{grid, json, terminal};
use podfence_source::{Loaded, SourceMap};

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
}

const ABOUT_STEPS: &str = "\
Every pod becomes a network namespace and serves its declared ports. Numbered folders below DIR are steps, run one
after the other on the same pods; manifests beside them hold in every step. Needs no root and no program: only user
namespaces. Nothing is left behind.

Exit code: 0 engine and kernel agree everywhere, 1 they differ, 2 bad use or input.";

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

/// Runs, and tells by the exit code.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let What::Run(run) = &arguments.what;
    sandbox::enter()?; // before any thread exists
    let steps = steps(&run.path).with_context(|| format!("cannot read {}", run.path.display()))?;
    let mut lab = Lab { run, cluster: None, differences: 0, told: Vec::new() };
    for (number, step) in (1..).zip(&steps) {
        let Some(loaded) = lab.load(step)? else { return Ok(Exit::Unusable) };
        lab.step(number, step, loaded)?;
    }
    lab.finish()
}

/// The lab between two steps.
struct Lab<'r> {
    run: &'r Run,
    cluster: Option<Cluster>,
    differences: usize,
    told: Vec<json::LabStep>,
}

impl Lab<'_> {
    fn load(&self, step: &Step) -> anyhow::Result<Option<Loaded>> {
        let filenames: Vec<OsString> = step.inputs.iter().map(OsString::from).collect();
        input::load(&Source { filenames, namespace: self.run.namespace.clone(), quiet: self.run.quiet })
    }

    fn step(&mut self, number: usize, step: &Step, loaded: Loaded) -> anyhow::Result<()> {
        let world = place::place(loaded.world)?;
        let engine = Engine::new(&world);
        let cluster = self.cluster_for(&world)?;
        cluster.enforce(&engine)?;
        let findings = cluster.run(&engine, probe::USUAL_TIMEOUT);
        self.differences += findings.differences();
        match self.run.output {
            Output::Text => self.tell(number, step, &world, &engine, &findings, &loaded.sources),
            Output::Json => {
                self.told.push(record::step(step.name.clone(), &findings));
                Ok(())
            }
        }
    }

    /// The cluster as it runs, or a new one where the step has other pods, nodes or Services.
    fn cluster_for(&mut self, world: &World) -> anyhow::Result<&mut Cluster> {
        let fits = self.cluster.as_ref().is_some_and(|cluster| cluster.fits(world));
        if !fits {
            self.cluster = None; // the old one goes first: it may hold the same addresses
            self.cluster = Some(Cluster::build(world.clone())?);
        }
        self.cluster.as_mut().context("the lab was just built")
    }

    fn tell(
        &self,
        number: usize,
        step: &Step,
        world: &World,
        engine: &Engine,
        findings: &Findings,
        sources: &SourceMap,
    ) -> anyhow::Result<()> {
        let mut text = if number == 1 { format!("{}\n\n", grid::LEGEND) } else { String::new() };
        if let Some(name) = &step.name {
            text += &format!("{}\n\n", terminal::heading(&format!("Step {number}: {name}")));
        }
        text += &grid::render(&table::grid(world, findings));
        text += &format!("{}\n", terminal::agreement(findings.compared(), findings.differences()));
        for pair in self.run.explain.chunks(2) {
            let question = self.question(world, &pair[0], &pair[1])?;
            text += &format!("\n{}\n", terminal::explain(&explain(world, engine, &question)?, sources));
        }
        Ok(output::print(&(text + "\n"))?)
    }

    fn question(&self, world: &World, source: &str, destination: &str) -> anyhow::Result<Question> {
        Ok(Question {
            source: Target::parse(source, world).context("SRC")?,
            destination: Target::parse(destination, world).context("DST")?,
            port: None,
            protocol: None,
            namespace: self.run.namespace.clone(),
        })
    }

    fn finish(self) -> anyhow::Result<Exit> {
        if self.run.output == Output::Json {
            output::print(&json::lab(&self.told))?;
        }
        Ok(if self.differences == 0 { Exit::Good } else { Exit::Denied })
    }
}
