//! `podfence status`: how the agent of this node stands.

use std::path::PathBuf;

use anyhow::bail;
use clap::Args;
use podfence_agent::Status;
use podfence_agent::local::{Answer, Client, Request};

use super::agent::SOCKET;
use crate::cli::Output;
use crate::exit::Exit;
use crate::output;

const ABOUT: &str = "\
Examples:
  podfence status                     what this node's agent enforces, and since when
  podfence status --sync              first let it look at its source, and wait until that is enforced

Exit code: 0 the kernel is at what the objects say, 1 it is not, 2 no agent answers.";

/// The arguments of `status`.
#[derive(Debug, Args)]
#[command(after_help = ABOUT)]
pub struct Arguments {
    /// The agent's local socket
    #[arg(long, value_name = "PATH", default_value = SOCKET)]
    socket: PathBuf,

    /// Let the agent look at its source now, and wait until what it says is enforced
    #[arg(long)]
    sync: bool,

    /// How to show it
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    output: Output,
}

/// Runs the verb.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let mut client = Client::open(&arguments.socket)?;
    if arguments.sync {
        client.ask(&Request::Sync)?;
    }
    let Answer::Status(status) = client.ask(&Request::Status)? else {
        bail!("the agent does not say how it stands")
    };
    match arguments.output {
        Output::Json => output::print(&serde_json::to_string_pretty(&status)?)?,
        Output::Text => output::print(&status.to_string())?,
    }
    Ok(if is_good(&status) { Exit::Good } else { Exit::Denied })
}

fn is_good(status: &Status) -> bool {
    status.ready && status.unreadable.is_none() && status.refused.is_empty()
}
