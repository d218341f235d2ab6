//! A lab that runs: its greeting, and what is told after each save.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use podfence_engine::Engine;
use podfence_lab::asked::Asked;
use podfence_lab::cluster::{Cluster, Settings};
use podfence_lab::run::Findings;
use podfence_lab::scenario::Step;
use podfence_lab::session::Hall;
use podfence_lab::{changes, probe, record, table};
use podfence_model::World;
use podfence_report::change::{self, VerdictChange};
use podfence_report::grid::{self, Sign};
use podfence_report::{terminal, verdicts};

use super::up::{Up, load, step};
use crate::output;

/// After a change. Less than TCP's first retransmission: what is late is asked again.
const PATIENCE: Duration = Duration::from_millis(500);

/// A lab between two changes.
pub(super) struct Running<'a> {
    arguments: &'a Up,
    step: Step,
    cluster: Cluster,
    engine: Engine,
    findings: Findings,
    hall: Hall,
}

impl<'a> Running<'a> {
    /// Builds and enforces the first world, and shows who reaches whom.
    pub(super) fn start(arguments: &'a Up, step: Step, world: World, hall: Hall) -> anyhow::Result<Self> {
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

    /// Follows a save of these files.
    pub(super) fn follow(&mut self, files: &[PathBuf]) -> anyhow::Result<()> {
        let begun = Instant::now();
        let names: Vec<String> = files.iter().map(|file| self.short(file)).collect();
        let word = if files.iter().any(|file| file.exists()) { "saved" } else { "removed" };
        output::print(&format!("\n{}\n", terminal::heading(&format!("{} {word}", names.join(", ")))))?;
        let read = step(self.arguments).and_then(|step| {
            self.step = step;
            load(self.arguments, &self.step, self.cluster.world())
        });
        match read {
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
        let why = self.why(&followed.changes);
        Ok(output::print(&format!("{changes}{}{tried}; {took:.1} s\n{why}", self.agreement()))?)
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
        let on = match on.split(' ').collect::<Vec<_>>().as_slice() {
            ["TCP", port, ..] => format!(" --port {port}"),
            [protocol, port, ..] if *protocol != "ICMP" => {
                format!(" --port {port} --protocol {}", protocol.to_lowercase())
            }
            _ => " --protocol icmp".to_owned(),
        };
        let inputs: Vec<String> =
            self.step.inputs.iter().map(|path| format!("-f {}", path.display())).collect();
        format!("why: podfence explain {from} {to}{on} {}\n", inputs.join(" "))
    }
}
