//! `podfence agent`: the daemon of one node.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;
use podfence_agent::{Setup, clean_up, host_name, run as run_agent};
use podfence_dataplane_nft::Settings;
use podfence_model::Cidr;
use tracing_subscriber::EnvFilter;

use crate::exit::Exit;

const ABOUT: &str = "\
Keeps the kernel of this node at what the policies say, beside the CNI that is there. What it
enforces stays in force when it ends, is killed or is replaced; only --cleanup removes it.

Examples:
  podfence agent --source dir:/etc/podfence       manifests of files; read again when they change
  podfence agent --cleanup                        remove everything it has put into the kernel
  podfence status                                 how it stands
  podfence flows -f                               whom it refuses, and why

Exit code: 0 it was told to end, 2 it cannot start.";

/// The arguments of `agent`.
#[derive(Debug, Args)]
#[command(after_help = ABOUT)]
pub struct Arguments {
    /// Where objects come from: dir:PATH, a file or directory of manifests with pods, their addresses
    /// and nodes; may be given several times
    #[arg(long = "source", value_name = "dir:PATH", required_unless_present = "cleanup")]
    sources: Vec<OsString>,

    /// The node whose pods are guarded; the host's name if not given
    #[arg(long, value_name = "NAME", env = "NODE_NAME")]
    node_name: Option<String>,

    /// What pods may do before the first state is enforced, where no earlier agent has left one
    #[arg(long, value_name = "HOW", default_value = "closed")]
    before_first_sync: BeforeFirstSync,

    /// A range that this node's pods get their addresses from, to be closed at first; may be given
    /// several times
    #[arg(long = "pod-range", value_name = "CIDR")]
    pod_ranges: Vec<Cidr>,

    /// The local socket, for `podfence status` and the CNI plugin
    #[arg(long, value_name = "PATH", default_value = SOCKET)]
    socket: PathBuf,

    /// Write flow records to this file, as JSON lines; `podfence flows` shows the last ones in any case
    #[arg(long, value_name = "PATH")]
    flow_log: Option<PathBuf>,

    /// How many megabytes that file may hold before it becomes PATH.1
    #[arg(long, value_name = "MB", default_value_t = 64)]
    flow_log_size: u64,

    /// Bits of the connection mark that are ours
    #[arg(long, value_name = "MASK", value_parser = mask)]
    mark_mask: Option<u32>,

    /// Write the log as JSON lines
    #[arg(long)]
    log_json: bool,

    /// Remove everything from the kernel that an agent has put there, and end
    #[arg(long)]
    cleanup: bool,
}

/// Where an agent listens unless told otherwise.
pub const SOCKET: &str = "/run/podfence/agent.sock";

/// What pods may do before anything is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum BeforeFirstSync {
    /// Nothing, in the ranges that --pod-range names
    Closed,
    /// Everything
    Open,
}

/// Runs the verb.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    log(arguments.log_json);
    let mut dataplane = Settings::default();
    if let Some(mask) = arguments.mark_mask {
        dataplane.mark_mask = mask;
    }
    if arguments.cleanup {
        clean_up(dataplane).context("cannot remove what is enforced")?;
        return Ok(Exit::Good);
    }
    let closed = arguments.before_first_sync == BeforeFirstSync::Closed;
    let setup = Setup {
        node: node_name(arguments)?,
        manifests: arguments.sources.iter().map(directory).collect::<anyhow::Result<_>>()?,
        socket: arguments.socket.clone(),
        links: BTreeMap::new(),
        closed_at_first: if closed { arguments.pod_ranges.clone() } else { Vec::new() },
        flow_log: arguments.flow_log.clone().map(|path| (path, arguments.flow_log_size.max(1) << 20)),
        dataplane,
    };
    run_agent(&setup)?;
    Ok(Exit::Good)
}

fn node_name(arguments: &Arguments) -> anyhow::Result<String> {
    if let Some(name) = &arguments.node_name {
        return Ok(name.clone());
    }
    host_name().context("the host's name cannot be read; give --node-name")
}

/// The path of `dir:PATH`.
fn directory(source: &OsString) -> anyhow::Result<OsString> {
    match source.to_str().and_then(|text| text.strip_prefix("dir:")) {
        Some("") => bail!("--source dir: names no path"),
        Some(path) => Ok(path.into()),
        None => bail!("--source {}: an agent reads manifests so far; write dir:PATH", source.display()),
    }
}

fn mask(text: &str) -> Result<u32, String> {
    let number =
        text.strip_prefix("0x").map_or_else(|| text.parse().ok(), |hex| u32::from_str_radix(hex, 16).ok());
    number.ok_or_else(|| "a mask is a number such as 0xff000000".into())
}

fn log(json: bool) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let builder =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_target(false);
    if json { builder.json().init() } else { builder.init() }
}
