//! `podfence completions SHELL`: a script that completes verbs, options and their values.

use clap::{Args, ValueEnum};
use clap_complete::aot::{Bash, Elvish, Fish, Generator, PowerShell, Zsh};

use crate::cli::{command, program};
use crate::exit::Exit;
use crate::output;

const EXAMPLES: &str = "\
Examples:
  source <(podfence completions bash)                      in ~/.bashrc
  podfence completions zsh > ~/.zfunc/_podfence            with ~/.zfunc in fpath
  podfence completions fish > ~/.config/fish/completions/podfence.fish
  podfence completions kubectl > ~/bin/kubectl_complete-podfence
  chmod +x ~/bin/kubectl_complete-podfence

Under the name kubectl-podfence the script is for that name. Exit code: 0 good, 2 bad use.";

/// The arguments of `completions`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// Whose script to write
    shell: Shell,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Shell {
    Bash,
    Elvish,
    Fish,
    Powershell,
    Zsh,
    /// For `kubectl podfence`, in every shell that kubectl completes in; needs bash
    Kubectl,
}

/// Completes `kubectl podfence`: <https://kubernetes.io/docs/tasks/extend-kubectl/kubectl-plugins/>.
const KUBECTL: &str = include_str!("completions/kubectl.sh");

/// Prints the script.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    output::print(&match arguments.shell {
        Shell::Bash => bash()?,
        Shell::Elvish => script(Elvish, program())?,
        Shell::Fish => script(Fish, program())?,
        Shell::Powershell => script(PowerShell, program())?,
        Shell::Zsh => script(Zsh, program())?,
        Shell::Kubectl => KUBECTL.to_owned(),
    })?;
    Ok(Exit::Good)
}

/// The script for bash. Made for `podfence` under either name, since what is made for a name with a hyphen does not complete below the
/// verbs (clap_complete 4.6).
fn bash() -> anyhow::Result<String> {
    let script = script(Bash, "podfence")?;
    Ok(script.replace("-o default podfence\n", &format!("-o default {}\n", program())))
}

fn script(shell: impl Generator, name: &'static str) -> anyhow::Result<String> {
    let mut command = command().name(name);
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, name, &mut script);
    Ok(String::from_utf8(script)?)
}
