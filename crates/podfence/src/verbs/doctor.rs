//! `podfence doctor`: whether this node is fit for an agent, and what would mend it.

use clap::Args;
use podfence_agent::doctor::{Check, Level, examine, try_kernel};
use podfence_lab::clock;
use podfence_lab::sandbox::{self, SandboxError};
use serde_json::json;

use super::socket::Socket;
use crate::cli::Output;
use crate::exit::Exit;
use crate::output;

const ABOUT: &str = "\
Changes nothing. What the kernel can do is tried in a network namespace that ends with the command.

Examples:
  sudo podfence doctor                all of it
  podfence doctor                     what anybody may see, and whether the lab runs here
  podfence doctor -o json             for programs

Exit code: 0 nothing fails, 1 something does, 2 it cannot look.";

/// The arguments of `doctor`.
#[derive(Debug, Args)]
#[command(after_help = ABOUT)]
pub struct Arguments {
    #[command(flatten)]
    socket: Socket,

    /// How to show it
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    output: Output,
}

/// Runs the verb. The sandbox comes last: from then on this process sees nothing of the node.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let mut checks = examine(&arguments.socket.find()?);
    checks.extend(time_service());
    match sandbox::enter() {
        Ok(_) => {
            checks.extend(try_kernel());
            checks.push(Check::ok("lab", "network namespaces can be made"));
        }
        Err(error) => checks.push(no_lab(&error)),
    }
    show(&checks, arguments.output)?;
    Ok(if worst(&checks) == Level::Fails { Exit::Denied } else { Exit::Good })
}

fn time_service() -> Option<Check> {
    if clock::is_synchronised().ok()? {
        return Some(Check::ok("clock", "kept by a time service"));
    }
    let found = "no time service keeps it: records of nodes may be out of order";
    Some(Check::not("clock", Level::Warning, found, "timedatectl set-ntp true"))
}

fn no_lab(error: &SandboxError) -> Check {
    let found = "no network namespace can be made: neither is the kernel tried here, nor does the lab run";
    Check::not("lab", Level::Unseen, found, error.to_string())
}

fn worst(checks: &[Check]) -> Level {
    checks.iter().map(|check| check.level).max().unwrap_or(Level::Ok)
}

fn show(checks: &[Check], form: Output) -> anyhow::Result<()> {
    let count = |level| checks.iter().filter(|check| check.level == level).count();
    let text = match form {
        Output::Json => {
            let document = json!({ "schema": "doctor-v1", "worst": worst(checks), "checks": checks });
            serde_json::to_string_pretty(&document)? + "\n"
        }
        Output::Text => {
            let (fails, warnings, unseen) =
                (count(Level::Fails), count(Level::Warning), count(Level::Unseen));
            let sum = format!("{fails} fail, {warnings} warnings, {unseen} could not be seen\n");
            checks.iter().map(ToString::to_string).collect::<String>() + &sum
        }
    };
    Ok(output::print(&text)?)
}
