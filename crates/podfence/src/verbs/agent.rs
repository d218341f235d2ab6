//! `podfence agent`: the daemon of one node.

mod flags;
mod log;

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use podfence_agent::config::{AgentSocket, ConfigError, resolve};
use podfence_agent::local::{Answer, Request};
use podfence_agent::{LogLevel, Setup, clean_up, run as run_agent, wait_for_end};

use self::flags::Flags;
use crate::exit::Exit;
use crate::{input, output};

const ABOUT: &str = "\
Keeps the kernel of this node at what the policies say, beside the CNI that is there. What it
enforces stays in force when it ends, is killed or is replaced; only --cleanup removes it.

Every option but the last seven can also be set by a variable of the environment, such as
PODFENCE_LOG_LEVEL for --log-level, and in the configuration file. An option counts more than the
environment, and that more than the file.

Examples:
  podfence agent --source api                     the cluster's API server, as a pod or by a kubeconfig
  podfence agent --source dir:/etc/podfence       manifests of files; read again when they change
  podfence agent --print-config                   what is configured, and where
  podfence agent --set-log-level debug            tell the agent that runs here to log more
  podfence agent --profile 10                     where it spends its time
  podfence agent --cleanup                        remove everything it has put into the kernel
  podfence status                                 how it stands
  podfence flows -f                               whom it refuses, and why

Exit code: 0 it was told to end, 2 it cannot start.";

/// The arguments of `agent`.
#[derive(Debug, Args)]
#[command(after_help = ABOUT)]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command line")]
pub struct Arguments {
    #[command(flatten)]
    flags: Flags,

    /// The configuration file; /etc/podfence/config.yaml is read if it is there
    /// [env: `PODFENCE_CONFIG`]
    #[arg(long, value_name = "PATH")]
    config: Option<PathBuf>,

    /// Show what is configured, and where each value comes from, as a configuration file; and end
    #[arg(long)]
    print_config: bool,

    /// Tell the agent that runs here to log as much as this: off, error, warn, info, debug, trace
    #[arg(long, value_name = "LEVEL")]
    set_log_level: Option<LogLevel>,

    /// Show everything that the agent that runs here enforces, object by object, as JSON
    #[arg(long)]
    dump: bool,

    /// Show where the agent that runs here spends its time, for this many seconds
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    profile: Option<u64>,

    /// Remove everything from the kernel that an agent has put there, and its socket; and end
    #[arg(long)]
    cleanup: bool,

    /// With --cleanup: do not end before SIGTERM or SIGINT, for pods of a DaemonSet, which are started again when they end
    #[arg(long, requires = "cleanup")]
    wait: bool,
}

/// Runs the verb.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    if let Some(request) = question(arguments) {
        return ask(arguments, &request);
    }
    let resolve = || resolve(flags_of(arguments), environment, arguments.config.as_deref());
    let Some(resolved) = told(resolve())? else { return Ok(Exit::Unusable) };
    if arguments.print_config {
        output::print(&resolved.to_string())?;
        return Ok(Exit::Good);
    }
    let told = resolved.configuration.clone();
    let log = log::start(told.log_level, told.log_json);
    resolved.tell();
    if arguments.cleanup {
        clean_up(told.dataplane, &told.socket).context("cannot clean up")?;
        if arguments.wait {
            wait_for_end()?;
        }
        return Ok(Exit::Good);
    }
    run_agent(&Setup { log, ..Setup::try_from(told)? })?;
    Ok(Exit::Good)
}

fn seconds(text: &str) -> Result<u64, String> {
    let whole = text.strip_suffix('s').filter(|number| number.parse::<u64>().is_ok());
    let hint = || format!("write whole seconds without a unit, such as {}", whole.unwrap_or("10"));
    text.parse().map_err(|_| hint())
}

/// What the agent that runs here is asked or told.
fn question(arguments: &Arguments) -> Option<Request> {
    let level = arguments.set_log_level.map(|level| Request::LogLevel { level: level.to_string() });
    let dump = arguments.dump.then_some(Request::Dump);
    level.or(dump).or(arguments.profile.map(|seconds| Request::Profile { seconds }))
}

fn ask(arguments: &Arguments, request: &Request) -> anyhow::Result<Exit> {
    let found = AgentSocket::find(flags_of(arguments), environment, arguments.config.as_deref());
    let Some(socket) = told(found)? else { return Ok(Exit::Unusable) };
    match socket.open()?.ask(request)? {
        Answer::Dump(dump) => output::print(&(serde_json::to_string_pretty(&dump)? + "\n"))?,
        Answer::Profile(profile) => output::print(&profile.to_string())?,
        _ => {
            if let Request::LogLevel { level } = request {
                output::print(&format!("the agent at {} logs {level} now\n", socket.path.display()))?;
            }
        }
    }
    Ok(Exit::Good)
}

fn flags_of(arguments: &Arguments) -> impl Fn(&str) -> Vec<String> {
    |flag| arguments.flags.of(flag)
}

fn environment(variable: &str) -> Option<String> {
    std::env::var(variable).ok()
}

/// What was read of the settings. `None` when the file is refused, which has then been told.
fn told<T>(read: Result<T, ConfigError>) -> anyhow::Result<Option<T>> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(ConfigError::File(refused)) => {
            input::tell(&refused.diagnostics, &refused.sources);
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}
