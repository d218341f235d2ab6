//! `podfence lab up DIR`: a lab that keeps running and follows its files.

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;
use podfence_agent::Watch;
use podfence_lab::place;
use podfence_lab::sandbox::{self, Sandbox};
use podfence_lab::scenario::{Step, sources, steps};
use podfence_lab::session::{Claim, Hall, attend};
use podfence_model::World;

use super::running::Running;
use super::setup;
use crate::cli::Source;
use crate::exit::Exit;
use crate::{input, output};

const ABOUT_UP: &str = "\
Builds the pods of DIR, enforces their policies, shows who reaches whom, and then follows the
files: on every save the lab changes by what differs, and the verdicts that changed are shown,
from the engine and from real packets. A file that cannot be read changes nothing. Where DIR has
numbered folders, one of them is taken: --step.

From other terminals: `podfence lab exec POD -- CMD…`, `podfence lab status`, `podfence lab
down`. Ctrl-C ends the lab; nothing is left behind.

Exit code: 0 it was ended, 2 bad use or input.";

/// The arguments of `lab up`.
#[derive(Debug, Args)]
#[command(after_help = ABOUT_UP)]
pub struct Up {
    /// A folder of manifests, or one file
    #[arg(value_name = "DIR")]
    pub(super) path: PathBuf,

    /// Which of the numbered folders to take
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(super) step: usize,

    /// The name of the lab, for `exec`, `status` and `down`
    #[arg(long, default_value = super::USUAL_NAME)]
    pub(super) name: String,

    #[command(flatten)]
    pub(super) setup: setup::Arguments,

    /// The namespace of names and objects that state none
    #[arg(short, long, value_name = "NS")]
    namespace: Option<String>,

    /// Leave out warnings and notes about the input
    #[arg(short, long)]
    pub(super) quiet: bool,
}

/// Runs until it is ended from outside.
pub fn run(arguments: &Up) -> anyhow::Result<Exit> {
    let step = step(arguments)?;
    let mut watch = watch(arguments, &step); // before the files are read, or a save in between is missed
    let Some(world) = load(arguments, &step, &World::default())? else { return Ok(Exit::Unusable) };
    let claim = Claim::take(&arguments.name)?; // before the sandbox, in which the user has another number
    let entered = sandbox::enter()?; // before any thread exists
    let of_step = step.name.as_ref().map(|name| format!(", step {}: {name}", arguments.step));
    let follows = format!("{}{}", arguments.path.display(), of_step.unwrap_or_default());
    let namespace = arguments.namespace.as_deref().unwrap_or("default");
    let hall = Hall::new(&arguments.name, follows, entered == Sandbox::Rootless, namespace)?;
    attend(claim, hall.clone(), end)?;
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

/// Looks at what the step reads: files that come later too.
fn watch(arguments: &Up, step: &Step) -> Watch {
    let (path, folder) = (arguments.path.clone(), step.folder.clone());
    Watch::new(move || sources(&path, folder.as_deref()))
}

/// The step that was asked for.
fn step(arguments: &Up) -> anyhow::Result<Step> {
    let steps = all_steps(arguments)?;
    let (number, all) = (arguments.step, steps.len());
    match steps.into_iter().nth(number.wrapping_sub(1)) {
        Some(step) => Ok(step),
        None => bail!("{} has {all} steps; --step {number} is none of them", arguments.path.display()),
    }
}

/// The step that is followed, as it is now. Another one of its number is not taken for it.
pub(super) fn again(arguments: &Up, followed: &Step) -> anyhow::Result<Step> {
    let mut steps = all_steps(arguments)?.into_iter();
    let path = arguments.path.display();
    match (steps.find(|step| step.folder == followed.folder), &followed.folder) {
        (Some(step), _) => Ok(step),
        (None, Some(folder)) => {
            bail!("{} is gone, the folder of the step; to follow another, start again", folder.display())
        }
        (None, None) => bail!("{path} has numbered folders now; to follow one, start again with --step"),
    }
}

fn all_steps(arguments: &Up) -> anyhow::Result<Vec<Step>> {
    steps(&arguments.path).with_context(|| format!("cannot read {}", arguments.path.display()))
}

/// Reads the files and places what they say after the world before; `None` when they are refused, which has then been told.
pub(super) fn load(arguments: &Up, step: &Step, before: &World) -> anyhow::Result<Option<World>> {
    let filenames: Vec<OsString> = step.inputs.iter().map(OsString::from).collect();
    let source = Source { filenames, namespace: arguments.namespace.clone(), quiet: arguments.quiet };
    let Some(loaded) = input::load(&source)? else { return Ok(None) };
    Ok(Some(place::place_after(before, loaded.world, arguments.setup.setup())?))
}
