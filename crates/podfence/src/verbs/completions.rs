//! `podfence completions SHELL`: a script that completes verbs, options and their values.

use clap::{Args, CommandFactory, ValueEnum};
use clap_complete::aot::{Bash, Elvish, Fish, Generator, PowerShell, Zsh};

use crate::cli::{Cli, program};
use crate::exit::Exit;
use crate::output;

const EXAMPLES: &str = "\
Examples:
  source <(podfence completions bash)                      in ~/.bashrc
  podfence completions zsh > ~/.zfunc/_podfence            with ~/.zfunc in fpath
  podfence completions fish > ~/.config/fish/completions/podfence.fish
  podfence completions kubectl > ~/bin/kubectl_complete-podfence; chmod +x ~/bin/kubectl_complete-podfence

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
        Shell::Bash => script(Bash)?,
        Shell::Elvish => script(Elvish)?,
        Shell::Fish => script(Fish)?,
        Shell::Powershell => script(PowerShell)?,
        Shell::Zsh => script(Zsh)?,
        Shell::Kubectl => KUBECTL.to_owned(),
    })?;
    Ok(Exit::Good)
}

fn script(shell: impl Generator) -> anyhow::Result<String> {
    let mut command = Cli::command().name(program());
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, program(), &mut script);
    Ok(String::from_utf8(script)?)
}
