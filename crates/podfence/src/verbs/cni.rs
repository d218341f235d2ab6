//! `podfence-cni`: the chained CNI plugin, as container runtimes call it; `podfence cni` is the same.

use std::io;
use std::path::{Path, PathBuf};

use clap::Args;
use podfence_agent::cni::{NAME, answer, install, remove};

use crate::exit::Exit;
use crate::output;

const ABOUT: &str = "\
For container runtimes: put this program by the name of podfence-cni beside the other plugins, and
the plugin behind the one that makes the pods' links. It lets a pod start when the agent of its node
has programmed it. CNI specification 1.0.0 and 1.1.0.

Examples:
  podfence cni --install /opt/cni/bin
  CNI_COMMAND=VERSION podfence-cni </dev/null

Exit code: 0 done, 1 not, and why as JSON on standard output.";

/// The arguments of `cni`. A runtime gives none: all is in the environment and on standard input.
#[derive(Debug, Args)]
#[command(after_help = ABOUT)]
pub struct Arguments {
    /// Put a copy of this program as podfence-cni into this directory, and end
    #[arg(long, value_name = "DIRECTORY", conflicts_with = "remove")]
    install: Option<PathBuf>,

    /// Take podfence-cni out of this directory, and end. No network may name it any more
    #[arg(long, value_name = "DIRECTORY")]
    remove: Option<PathBuf>,
}

/// Whether the program is called as a plugin.
pub fn is_called() -> bool {
    let name = std::env::args_os().next().unwrap_or_default();
    Path::new(&name).file_name().is_some_and(|name| name == NAME)
}

/// Runs the verb.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    if let Some(directory) = &arguments.install {
        let plugin = install(Path::new("/proc/self/exe"), directory)?;
        output::print(&format!("{} is in place\n", plugin.display()))?;
        return Ok(Exit::Good);
    }
    match &arguments.remove {
        Some(directory) => remove(directory).map(|()| Exit::Good).map_err(Into::into),
        None => run_plugin(),
    }
}

/// Does what a container runtime asks.
pub fn run_plugin() -> anyhow::Result<Exit> {
    let input = io::read_to_string(io::stdin())?;
    let variables = std::env::vars_os();
    let texts =
        variables.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let answered = answer(texts, &input);
    if let Some(warning) = &answered.warning {
        anstream::eprintln!("{warning}");
    }
    if let Some(output) = &answered.output {
        output::print(&format!("{output}\n"))?;
    }
    Ok(if answered.good { Exit::Good } else { Exit::Denied })
}
