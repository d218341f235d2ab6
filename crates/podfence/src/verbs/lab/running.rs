//! A lab that runs: its greeting, and what is told after each save.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use podfence_engine::Engine;
use podfence_lab::asked::Asked;
use podfence_lab::cluster::{Cluster, Settings};
use podfence_lab::expect::Ask;
use podfence_lab::run::Findings;
use podfence_lab::scenario::Step;
use podfence_lab::session::Hall;
use podfence_lab::verdict_changes::Before;
use podfence_lab::{changes, expect, probe, record, table};
use podfence_model::World;
use podfence_report::change::{self, VerdictChange};
use podfence_report::grid::{self, Sign};
use podfence_report::{terminal, verdicts};
use podfence_source::SourceMap;

use super::up::{Up, again, load};
use super::{expected, why};
use crate::{input, output};

/// After a change. Less than TCP's first retransmission: what is late is asked again.
const PATIENCE: Duration = Duration::from_millis(500);

/// A lab between two changes.
pub(super) struct Running<'a> {
    arguments: &'a Up,
    step: Step,
    cluster: Cluster,
    engine: Engine,
    findings: Findings,
    /// How many connections a full run would try.
    possible: usize,
    /// What the step's verdicts.md speaks about.
    asks: Vec<Ask>,
    hall: Hall,
}

impl<'a> Running<'a> {
    /// Builds and enforces the first world, and shows who reaches whom.
    pub(super) fn start(arguments: &'a Up, step: Step, world: World, hall: Hall) -> anyhow::Result<Self> {
        let links = arguments.setup.setup().links;
        let mut cluster = Cluster::build_on(links, World::default(), Settings::default())?;
        note_idle(arguments, &world, &World::default());
        let engine = cluster.update(world)?;
        hall.show(&cluster, Vec::new());
        let asks = asks(&step, cluster.world());
        let mut asked = Asked::everything(cluster.world());
        asked.add(&asks);
        let findings = cluster.run(&engine, &asked, probe::USUAL_TIMEOUT);
        let possible = findings.compared();
        let running = Self { arguments, step, cluster, engine, findings, possible, asks, hall };
        running.greet()?;
        Ok(running)
    }

    fn greet(&self) -> anyhow::Result<()> {
        let grid = grid::render(&table::grid(self.cluster.world(), &self.findings));
        let step = self.step.name.iter().map(|name| format!("Step {}: {name}", self.arguments.step));
        let heading: String = step.flat_map(|step| [terminal::heading(&step), "\n\n".into()]).collect();
        let (agreement, path, pod) = (self.agreement(), self.arguments.path.display(), self.somebody());
        let (name, rows) = (&self.arguments.name, self.rows());
        let of = if name == super::USUAL_NAME { String::new() } else { format!(" --name {name}") };
        Ok(output::print(&format!(
            "{heading}{}\n\n{grid}{agreement}{rows}\n\
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
        self.hall.compared(compared, differences, self.possible);
        let differing = verdicts::differing(&record::step(None, &self.findings, Vec::new()).compared);
        format!("{}\n{differing}", terminal::agreement(compared, differences, self.possible))
    }

    /// Whether the rows of verdicts.md hold.
    fn rows(&self) -> String {
        verdicts::brief(&expect::check(&self.asks, &self.findings))
    }

    /// Follows a save of these files.
    pub(super) fn follow(&mut self, files: &[PathBuf]) -> anyhow::Result<()> {
        let begun = Instant::now();
        let names: Vec<String> = files.iter().map(|file| self.short(file)).collect();
        let word = if files.iter().any(|file| file.exists()) { "saved" } else { "removed" };
        output::print(&format!("\n{}\n", terminal::heading(&format!("{} {word}", names.join(", ")))))?;
        let read = again(self.arguments, &self.step).and_then(|step| {
            self.step = step;
            load(self.arguments, &self.step, self.cluster.world())
        });
        match read {
            Ok(Some(world)) => self.change(world, files, begun),
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

    fn change(&mut self, world: World, files: &[PathBuf], begun: Instant) -> anyhow::Result<()> {
        let before = self.cluster.world().clone();
        let what = changes::of(&before, &world);
        let engine = match self.cluster.update(world) {
            Ok(engine) => engine,
            Err(error) => {
                anstream::eprintln!("{}", crate::exit::error_text(&error.into()));
                return self.refuse("the lab could not follow".into());
            }
        };
        let told: String = what.iter().flat_map(|line| [line, "\n"]).collect();
        self.hall.show(&self.cluster, what);
        note_idle(self.arguments, self.cluster.world(), &before);
        self.asks = asks(&self.step, self.cluster.world());
        if told.is_empty() && !files.iter().any(|file| file.ends_with(expect::FILE)) {
            self.engine = engine;
            return Ok(output::print("Nothing that the network sees is different.\n")?);
        }
        output::print(&told)?;
        self.compare(&before, engine, begun)
    }

    /// Tries what changed, and tells.
    fn compare(&mut self, before: &World, engine: Engine, begun: Instant) -> anyhow::Result<()> {
        let then = Before { world: before, engine: &self.engine, findings: &self.findings };
        let followed = self.cluster.follow(then, &engine, &self.asks, PATIENCE);
        (self.engine, self.findings, self.possible) = (engine, followed.findings, followed.possible);
        let none = "  nothing changed for anybody\n".to_owned();
        let changes = if followed.changes.is_empty() { none } else { change::render(&followed.changes) };
        let took = begun.elapsed().as_secs_f32();
        let tried = "tried: what changed, Services and names, and a sample of the rest";
        let (agreement, rows, why) = (self.agreement(), self.rows(), self.why(&followed.changes));
        Ok(output::print(&format!("{changes}{agreement}{rows}{tried}; {took:.1} s\n{why}"))?)
    }

    /// How to be told the reason: of what was closed if anything was, between two pods, straight or by a cluster address.
    fn why(&self, changes: &[VerdictChange]) -> String {
        let by_node = |on: &str| ["nodePort", "external address", "HTTP"].iter().any(|way| on.contains(way));
        let of_pods = |change: &&VerdictChange| {
            change.from.contains('/') && change.to.contains('/') && !by_node(&change.on)
        };
        let mut told = changes.iter().filter(of_pods);
        let closed = told.clone().find(|change| change.after == Sign::Closed);
        let Some(VerdictChange { from, to, on, .. }) = closed.or_else(|| told.next()) else {
            return String::new();
        };
        let to = to.strip_prefix("svc ").map_or_else(|| to.clone(), |service| service.replace('/', "/svc/"));
        why::command(from, &to, on, &self.step.inputs)
    }
}

/// What the step's verdicts.md speaks about; nothing when that cannot be read, which has then been told.
fn asks(step: &Step, world: &World) -> Vec<Ask> {
    match expected::asks(step, world, &mut SourceMap::default()) {
        Ok(asks) => asks.unwrap_or_default(),
        Err(error) => {
            anstream::eprintln!("{}", crate::exit::error_text(&error));
            Vec::new()
        }
    }
}

fn note_idle(arguments: &Up, world: &World, before: &World) {
    if !arguments.quiet {
        input::tell_idle(world, before);
    }
}
