//! `podfence lab exec`, `status` and `down`: what other terminals ask of a running lab.

use std::ffi::OsString;

use clap::Args;
use podfence_lab::inside::{InsideError, become_command};
use podfence_lab::session::client;
use podfence_report::{json, terminal};

use crate::cli::Output;
use crate::exit::Exit;
use crate::output;

const ABOUT_EXEC: &str = "\
The command is one of this host's, run with the network and the resolv.conf of the pod; files
and processes are this host's. Names are looked up by DNS alone. Terminal, signals and exit code
are the command's own.

Examples:
  podfence lab exec shop/san -- curl -m 2 nginx:1234
  podfence lab exec deploy/web -- sh
  podfence lab exec node/node-1 -- nft list ruleset
  podfence lab exec outside -- ping -c 1 10.244.1.10

Exit code: the command's; 126 it cannot be run, 127 it was not found, 2 the lab or the pod was
not found.";

/// The arguments of `lab exec`.
#[derive(Debug, Args)]
#[command(after_help = ABOUT_EXEC)]
pub struct Exec {
    /// [NAMESPACE/]POD, a workload such as deploy/web (its first pod), node/NAME, or outside
    #[arg(value_name = "POD")]
    place: String,

    /// What to run; a shell by default
    #[arg(last = true, value_name = "CMD")]
    command: Vec<OsString>,

    /// The name of the lab
    #[arg(long, default_value = super::USUAL_NAME)]
    name: String,
}

/// The arguments of `lab status`.
#[derive(Debug, Args)]
pub struct Status {
    /// The name of the lab
    #[arg(long, default_value = super::USUAL_NAME)]
    name: String,

    /// The form of the answer
    #[arg(short, long, value_enum, default_value_t = Output::Text)]
    output: Output,
}

/// The arguments of `lab down`.
#[derive(Debug, Args)]
pub struct Down {
    /// The name of the lab
    #[arg(long, default_value = super::USUAL_NAME)]
    name: String,
}

/// Becomes the command; returns only when that fails.
pub fn exec(arguments: &Exec) -> anyhow::Result<Exit> {
    let way = client::enter(&arguments.name, &arguments.place)?;
    let shell = ["sh".into()];
    let command = if arguments.command.is_empty() { &shell[..] } else { &arguments.command };
    let error = become_command(&way, command);
    let code = match &error {
        InsideError::NotFound(_) => 127,
        InsideError::Command { .. } => 126,
        _ => return Err(error.into()),
    };
    anstream::eprintln!("{}", crate::exit::error_text(&error.into()));
    Ok(Exit::Shell(code))
}

/// Shows how the lab is. Differences between engine and kernel are findings.
pub fn status(arguments: &Status) -> anyhow::Result<Exit> {
    let status = client::status(&arguments.name)?;
    output::print(&match arguments.output {
        Output::Text => terminal::lab_status(&status),
        Output::Json => json::lab_status(&status),
    })?;
    Ok(if status.differences == 0 { Exit::Good } else { Exit::Denied })
}

/// Ends the lab.
pub fn down(arguments: &Down) -> anyhow::Result<Exit> {
    client::down(&arguments.name)?;
    output::print("The lab is down; nothing is left of it.\n")?;
    Ok(Exit::Good)
}
