//! `podfence lab up DIR`: a lab that keeps running and follows its files.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::Args;
use podfence_engine::Engine;
use podfence_lab::asked::Asked;
use podfence_lab::cluster::{Cluster, Settings};
use podfence_lab::run::Findings;
use podfence_lab::sandbox::{self, Sandbox};
use podfence_lab::scenario::{Step, steps};
use podfence_lab::session::{Claim, Hall, attend};
use podfence_lab::watch::Watch;
use podfence_lab::{changes, place, probe, record, table};
use podfence_model::World;
use podfence_report::{change, grid, terminal, verdicts};

use super::setup;
use crate::cli::Source;
use crate::exit::Exit;
use crate::{input, output};

/// After a change. Less than TCP's first retransmission: what is late is asked again.
const PATIENCE: Duration = Duration::from_millis(500);

const ABOUT_UP: &str = "\
Builds the pods of DIR, enforces their policies, shows who reaches whom, and then follows the files: on every save the
lab changes by what differs, and the verdicts that changed are shown, from the engine and from real packets. A file that
cannot be read changes nothing. Where DIR has numbered folders, one of them is taken: --step.

From other terminals: `podfence lab exec POD -- CMD…`, `podfence lab status`, `podfence lab down`. Ctrl-C ends the lab;
nothing is left behind.

Exit code: 0 it was ended, 2 bad use or input.";

/// The arguments of `lab up`.
#[derive(Debug, Args)]
#[command(after_help = ABOUT_UP)]
pub struct Up {
    /// A folder of manifests, or one file
    #[arg(value_name = "DIR")]
    path: PathBuf,

    /// Which of the numbered folders to take
    #[arg(long, value_name = "N", default_value_t = 1)]
    step: usize,

    /// The name of the lab, for `exec`, `status` and `down`
    #[arg(long, default_value = super::USUAL_NAME)]
    name: String,

    #[command(flatten)]
    setup: setup::Arguments,

    /// The namespace of names and objects that state none
    #[arg(short, long, value_name = "NS")]
    namespace: Option<String>,

    /// Leave out warnings and notes about the input
    #[arg(short, long)]
    quiet: bool,
}

/// Runs until it is ended from outside.
pub fn run(arguments: &Up) -> anyhow::Result<Exit> {
    let step = step(arguments)?;
    let Some(world) = load(arguments, &step, &World::default())? else { return Ok(Exit::Unusable) };
    let claim = Claim::take(&arguments.name)?; // before the sandbox, in which the user has another number
    let entered = sandbox::enter()?; // before any thread exists
    let follows: Vec<String> = step.inputs.iter().map(|path| path.display().to_string()).collect();
    let namespace = arguments.namespace.as_deref().unwrap_or("default");
    let hall = Hall::new(&arguments.name, follows, entered == Sandbox::Rootless, namespace)?;
    attend(claim, hall.clone(), end)?;
    let mut watch = Watch::new(step.inputs.clone());
    let mut running = Running::start(arguments, step, world, hall)?;
    loop {
        let files = watch.wait();
        running.follow(&files)?;
    }
}

/// The kernel takes namespaces, links and tables away with the last process in them.
fn end() {
    _ = output::print("\nThe lab is down; nothing is left of it.\n");
    std::process::exit(0);
}

/// The step that was asked for.
fn step(arguments: &Up) -> anyhow::Result<Step> {
    let steps =
        steps(&arguments.path).with_context(|| format!("cannot read {}", arguments.path.display()))?;
    let (number, all) = (arguments.step, steps.len());
    match steps.into_iter().nth(number.wrapping_sub(1)) {
        Some(step) => Ok(step),
        None => bail!("{} has {all} steps; --step {number} is none of them", arguments.path.display()),
    }
}

/// Reads the files and places what they say after the world before; `None` when they are refused, which has then been told.
fn load(arguments: &Up, step: &Step, before: &World) -> anyhow::Result<Option<World>> {
    let filenames: Vec<OsString> = step.inputs.iter().map(OsString::from).collect();
    let source = Source { filenames, namespace: arguments.namespace.clone(), quiet: arguments.quiet };
    let Some(loaded) = input::load(&source)? else { return Ok(None) };
    Ok(Some(place::place_after(before, loaded.world, arguments.setup.setup())?))
}

/// A lab between two changes.
struct Running<'a> {
    arguments: &'a Up,
    step: Step,
    cluster: Cluster,
    engine: Engine,
    findings: Findings,
    hall: Hall,
}

impl<'a> Running<'a> {
    fn start(arguments: &'a Up, step: Step, world: World, hall: Hall) -> anyhow::Result<Self> {
        let links = arguments.setup.setup().links;
        let mut cluster = Cluster::build_on(links, World::default(), Settings::default())?;
        let engine = cluster.update(world)?;
        hall.show(&cluster, Vec::new());
        let findings = cluster.run(&engine, &Asked::everything(cluster.world()), probe::USUAL_TIMEOUT);
        let running = Self { arguments, step, cluster, engine, findings, hall };
        running.greet()?;
        Ok(running)
    }

    fn greet(&self) -> anyhow::Result<()> {
        let grid = grid::render(&table::grid(self.cluster.world(), &self.findings));
        let step = self.step.name.iter().map(|name| format!("Step {}: {name}", self.arguments.step));
        let heading: String = step.flat_map(|step| [terminal::heading(&step), "\n\n".into()]).collect();
        let (agreement, path, pod) = (self.agreement(), self.arguments.path.display(), self.somebody());
        let name = &self.arguments.name;
        let of = if name == super::USUAL_NAME { String::new() } else { format!(" --name {name}") };
        Ok(output::print(&format!(
            "{heading}{}\n\n{grid}{agreement}\n\
             The lab is up and follows {path}: save a file there and see what changes. In another terminal:\n  \
             podfence lab exec{of} {pod} -- CMD…   run a command inside a pod\n  \
             podfence lab status{of}\n\
             Ctrl-C ends it.\n",
            grid::LEGEND
        ))?)
    }

    /// A pod to show how commands are run.
    fn somebody(&self) -> String {
        let mut pods = self.cluster.world().pods.values();
        let own = pods.rfind(|pod| pod.meta.id.namespace != "kube-system");
        own.map_or_else(|| "POD".into(), |pod| pod.meta.id.to_string())
    }

    /// How engine and kernel compare now, with the differences.
    fn agreement(&self) -> String {
        let (compared, differences) = (self.findings.compared(), self.findings.differences());
        self.hall.compared(compared, differences);
        let differing = verdicts::differing(&record::step(None, &self.findings, Vec::new()).compared);
        format!("{}\n{differing}", terminal::agreement(compared, differences))
    }

    fn follow(&mut self, files: &[PathBuf]) -> anyhow::Result<()> {
        let begun = Instant::now();
        let names: Vec<String> = files.iter().map(|file| self.short(file)).collect();
        let word = if files.iter().any(|file| file.exists()) { "saved" } else { "removed" };
        output::print(&format!("\n{}\n", terminal::heading(&format!("{} {word}", names.join(", ")))))?;
        match load(self.arguments, &self.step, self.cluster.world()) {
            Ok(Some(world)) => self.change(world, begun),
            Ok(None) => self.refuse(format!("see the errors in {}", names.join(", "))),
            Err(error) => {
                anstream::eprintln!("{}", crate::exit::error_text(&error));
                self.refuse(format!("{error:#}"))
            }
        }
    }

    /// A file as it is called in the folder that is followed.
    fn short(&self, file: &Path) -> String {
        let inside = file.strip_prefix(&self.arguments.path).ok().filter(|path| !path.as_os_str().is_empty());
        inside.unwrap_or(file).display().to_string()
    }

    fn refuse(&self, why: String) -> anyhow::Result<()> {
        self.hall.refuse(why);
        Ok(output::print("Nothing was changed: the last good state is still enforced.\n")?)
    }

    fn change(&mut self, world: World, begun: Instant) -> anyhow::Result<()> {
        let what = changes::of(self.cluster.world(), &world);
        let engine = match self.cluster.update(world) {
            Ok(engine) => engine,
            Err(error) => {
                anstream::eprintln!("{}", crate::exit::error_text(&error.into()));
                return self.refuse("the lab could not follow".into());
            }
        };
        let told: String = what.iter().flat_map(|line| [line, "\n"]).collect();
        self.hall.show(&self.cluster, what);
        if told.is_empty() {
            self.engine = engine;
            return Ok(output::print("Nothing that the network sees is different.\n")?);
        }
        output::print(&told)?;
        let followed = self.cluster.follow((&self.engine, &self.findings), &engine, PATIENCE);
        (self.engine, self.findings) = (engine, followed.findings);
        let none = "  no verdict changed\n".to_owned();
        let changes = if followed.changes.is_empty() { none } else { change::render(&followed.changes) };
        let took = begun.elapsed().as_secs_f32();
        let tried = "tried: what changed, Services and names, and a sample of the rest";
        Ok(output::print(&format!("{changes}{}{tried}; {took:.1} s\n", self.agreement()))?)
    }
}
