//! `podfence diff OLD NEW`: what changes for connections.

use std::ffi::OsString;

use anyhow::ensure;
use clap::{Args, ValueEnum};
use podfence_analysis::assumed;
use podfence_analysis::diff::{Change, Difference, HostChange, Said, Scope, Snapshot, Turn, diff};
use podfence_engine::Engine;
use podfence_model::World;
use podfence_report::{diff as told, json};
use podfence_source::{Diagnostic, Loaded};

use crate::cli::Source;
use crate::exit::Exit;
use crate::{input, output, progress};

const EXAMPLES: &str = "\
OLD and NEW are files, directories, - for standard input, or git:REV:PATH: a file or directory at
a revision of the git repository around the working directory, as in `git show REV:PATH`. What both
have in common, such as workloads apart from policies, is given once with -f. A side may be empty.

Changes are told most dangerous first: opened before undecidable before closed; from outside, to
outside, across namespaces, inside one; more ports, then more pods. Connections of new pods and of
pods that are gone come after those between pods that both sides have.

Examples:
  podfence diff old/ new/
  podfence diff git:main:deploy deploy/ --fail-on opened
  podfence diff old-policies/ new-policies/ -f workloads/ -o md
  kustomize build . | podfence diff live.yaml -

Exit code: 0, or 1 if there is what --fail-on names; 2 bad use or input.";

/// The arguments of `diff`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The manifests before
    #[arg(value_name = "OLD")]
    old: OsString,

    /// The manifests after
    #[arg(value_name = "NEW")]
    new: OsString,

    #[command(flatten)]
    input: Source,

    /// The form of the answer
    #[arg(short, long, value_enum, default_value_t = Form::Text)]
    output: Form,

    /// End with 1 if some connection changes so; may be given several times
    #[arg(long, value_enum, value_name = "WHAT", value_delimiter = ',')]
    fail_on: Vec<FailOn>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// For people
    Text,
    /// For programs
    Json,
    /// Markdown, for a comment on a pull request
    Md,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// Denied before and allowed now, between ends that both sides have; or a pod that has hostNetwork now
    Opened,
    /// Allowed before and denied now, between ends that both sides have; or a pod that lost hostNetwork
    Closed,
    /// Decided before and undecidable now, between ends that both sides have
    Undecidable,
    /// Possible from or to a pod that OLD does not have
    New,
    /// Any change at all
    Any,
}

impl FailOn {
    fn holds(self, change: &Change) -> bool {
        let existing = change.scope == Scope::Existing;
        match self {
            Self::Opened => existing && change.turn == Turn::Opened,
            Self::Closed => existing && change.turn == Turn::Closed,
            Self::Undecidable => existing && change.turn.after() == Said::Undecidable,
            Self::New => change.scope == Scope::New,
            Self::Any => true,
        }
    }

    fn holds_of_host(self, change: &HostChange) -> bool {
        match self {
            Self::Opened => change.has_now,
            Self::Closed => !change.has_now,
            Self::Undecidable | Self::New => false,
            Self::Any => true,
        }
    }
}

/// Compares, and tells by the exit code.
pub fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let all = arguments.input.filenames.iter().chain([&arguments.old, &arguments.new]);
    ensure!(all.filter(|name| *name == "-").count() < 2, "standard input can be read only once");
    let Some((old, notes)) = load(arguments, &arguments.old, &[])? else { return Ok(Exit::Unusable) };
    let Some((new, _)) = load(arguments, &arguments.new, &notes)? else { return Ok(Exit::Unusable) };
    if !arguments.input.quiet {
        input::tell_idle(&new, &old);
    }
    let (before, after) = progress::during("indexing policies", || (Engine::new(&old), Engine::new(&new)));
    let old = Snapshot { world: &old, engine: &before };
    let new = Snapshot { world: &new, engine: &after };
    let difference = progress::during("comparing", || diff(old, new));
    output::print(&match arguments.output {
        Form::Text => told::text(&difference),
        Form::Json => json::diff(&difference),
        Form::Md => told::markdown(&difference),
    })?;
    Ok(exit(arguments, &difference))
}

fn exit(arguments: &Arguments, difference: &Difference<'_>) -> Exit {
    let fails = |change: &Change| arguments.fail_on.iter().any(|what| what.holds(change));
    let host_fails = |change: &HostChange| arguments.fail_on.iter().any(|what| what.holds_of_host(change));
    let fails = difference.changes.iter().any(fails) || difference.hosts.iter().any(host_fails);
    if fails { Exit::Denied } else { Exit::Good }
}

/// One side with what both have in common, and what was told of it.
fn load(
    arguments: &Arguments,
    side: &OsString,
    told: &[Diagnostic],
) -> anyhow::Result<Option<(World, Vec<Diagnostic>)>> {
    let Source { filenames, namespace, quiet } = &arguments.input;
    let filenames = filenames.iter().chain([side]).cloned().collect();
    let source = Source { filenames, namespace: namespace.clone(), quiet: *quiet };
    let Some(Loaded { mut world, notes, .. }) = input::load_side(&source, told)? else { return Ok(None) };
    if !*quiet && world == World::default() {
        let side = side.display();
        anstream::eprintln!(
            "note: {side} holds no Kubernetes object: all of the other side is new or gone\n"
        );
    }
    assumed::add_cluster_dns(&mut world);
    Ok(Some((world, notes)))
}
