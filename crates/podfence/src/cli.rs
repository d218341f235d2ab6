//! The command line: what every verb shares, and the list of verbs.

use std::ffi::OsString;

use clap::{Args, Command, CommandFactory, Parser, Subcommand, ValueEnum};

use crate::verbs::{
    agent, cni, completions, diff, doctor, explain, flows, graph, lab, learn, lint, man, matrix, status, test,
};

/// Kubernetes NetworkPolicy you can see, test and trust
#[derive(Debug, Parser)]
#[command(name = "podfence", bin_name = bin_name(), version, max_term_width = 100, arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// The verbs, one module each under `verbs`.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Can SRC reach DST, and why?
    Explain(explain::Arguments),
    /// The traps in policies, and how to mend them
    Lint(lint::Arguments),
    /// What changes for connections from one set of manifests to another
    Diff(diff::Arguments),
    /// Do expectations hold?
    Test(test::Arguments),
    /// Who reaches whom, on which ports?
    Matrix(matrix::Arguments),
    /// Who reaches whom, as a page, a picture or data
    Graph(graph::Arguments),
    /// The same on the real kernel: pods as network namespaces, real packets
    Lab(lab::Arguments),
    /// Exercises in NetworkPolicy, proven on the kernel
    Learn(learn::Arguments),
    /// Enforce on this node: the daemon
    Agent(agent::Arguments),
    /// Whom the agent of this node refused or admitted, and why
    Flows(flows::Arguments),
    /// How the agent of this node stands
    Status(status::Arguments),
    /// The CNI plugin that lets pods start when they are programmed; runtimes call it podfence-cni
    Cni(cni::Arguments),
    /// Is this node fit for an agent, and what would mend it?
    Doctor(doctor::Arguments),
    /// A script that completes verbs and options in a shell
    Completions(completions::Arguments),
    /// Manual pages
    Man(man::Arguments),
}

/// Where objects come from, and how much to say about reading them.
#[derive(Debug, Args)]
pub struct Source {
    /// Manifests to read: a file, a directory, - for standard input, or git:REV:PATH; may be given
    /// several times
    #[arg(short = 'f', long = "filename", value_name = "FILE|DIR|-")]
    pub filenames: Vec<OsString>,

    /// The namespace of names and objects that state none
    #[arg(short, long, value_name = "NS")]
    pub namespace: Option<String>,

    /// Leave out warnings and notes about the input
    #[arg(short, long)]
    pub quiet: bool,
}

/// `-o`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people
    Text,
    /// For programs
    Json,
}

/// The command line, with examples that call the command as the user did.
pub fn command() -> Command {
    let command = Cli::command();
    if !is_plugin() {
        return command;
    }
    let verbs: Vec<String> =
        command.get_subcommands().map(|verb| format!("podfence {}", verb.get_name())).collect();
    command.mut_subcommands(|verb| as_plugin(verb, &verbs))
}

/// A verb, and those below it, with the examples of a plugin.
fn as_plugin(verb: Command, calls: &[String]) -> Command {
    let verb = verb.mut_subcommands(|below| as_plugin(below, calls));
    let Some(text) = verb.get_after_help().map(ToString::to_string) else { return verb };
    verb.after_help(calls.iter().fold(text, |text, call| text.replace(call, &format!("kubectl {call}"))))
}

/// The name to show in usage lines.
fn bin_name() -> &'static str {
    if is_plugin() { "kubectl podfence" } else { "podfence" }
}

/// The name of the program on the path.
pub fn program() -> &'static str {
    if is_plugin() { "kubectl-podfence" } else { "podfence" }
}

/// Whether the program has the name of a plugin: kubectl runs it as `kubectl-podfence`.
fn is_plugin() -> bool {
    let name = std::env::args_os().next().unwrap_or_default();
    let stem = std::path::Path::new(&name).file_stem().unwrap_or_default();
    stem.to_string_lossy().starts_with("kubectl-")
}
