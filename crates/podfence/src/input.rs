//! Reading manifests as the common options ask for, and telling what was found on the way.

use std::io::{self, IsTerminal};

use anyhow::bail;
use podfence_analysis::idle_policies;
use podfence_model::{NetworkPolicy, World};
use podfence_report::{diagnostic, terminal};
use podfence_source::{Diagnostic, Input, Loaded, Options, Refused, SourceMap, read};

use crate::cli::Source;
use crate::{git, progress};

/// Reads the input; findings go to stderr. `None` when it is refused, which has then been told.
pub fn load(source: &Source) -> anyhow::Result<Option<Loaded>> {
    Ok(tell_all(source, read_all(source)?, &[]))
}

/// Reads one side of a comparison, which may be without any object; what has been told already is not told again.
pub fn load_side(source: &Source, told: &[Diagnostic]) -> anyhow::Result<Option<Loaded>> {
    let options = Options { may_be_empty: true, ..options(source) };
    Ok(tell_all(source, read_with(source, &options)?, told))
}

fn tell_all(source: &Source, found: Result<Loaded, Refused>, told: &[Diagnostic]) -> Option<Loaded> {
    match found {
        Ok(loaded) => {
            let shown = loaded.notes.iter().filter(|note| !source.quiet && !told.contains(note));
            tell(&shown.cloned().collect::<Vec<_>>(), &loaded.sources);
            Some(loaded)
        }
        Err(refused) => {
            let shown = refused.diagnostics.into_iter().filter(|d| d.is_error() || !source.quiet);
            tell(&shown.collect::<Vec<_>>(), &refused.sources);
            None
        }
    }
}

/// Reads the input and tells nothing.
pub fn read_all(source: &Source) -> anyhow::Result<Result<Loaded, Refused>> {
    read_with(source, &options(source))
}

/// How the common options ask to read.
pub fn options(source: &Source) -> Options {
    let mut options = Options::default();
    if let Some(namespace) = &source.namespace {
        options.default_namespace.clone_from(namespace);
    }
    options
}

fn read_with(source: &Source, options: &Options) -> anyhow::Result<Result<Loaded, Refused>> {
    if source.filenames.is_empty() {
        bail!(
            "no manifests: give -f FILE, -f DIR or -f - for standard input\n\
             A live cluster cannot be asked yet; until then its objects can be piped in:\n  \
             kubectl get namespaces,nodes,pods,services,endpointslices,networkpolicies -A -o yaml | \
             podfence … -f -"
        );
    }
    let mut inputs = Vec::new();
    for name in &source.filenames {
        match name.to_str().map(git::inputs).transpose()?.flatten() {
            Some(none) if none.is_empty() && !options.may_be_empty => {
                bail!("no .yaml, .yml or .json file in {}", name.display())
            }
            Some(at_revision) => inputs.extend(at_revision),
            None => inputs.push(Input::from_argument(name)),
        }
    }
    let typed = inputs.contains(&Input::Stdin) && io::stdin().is_terminal();
    Ok(if typed { read(&inputs, options) } else { progress::during("reading", || read(&inputs, options)) })
}

/// Tells of the policies that choose no pod, but for those that did so in the world before, word for word.
pub fn tell_idle(world: &World, before: &World) {
    let known: Vec<&NetworkPolicy> = idle_policies(before).map(|idle| idle.policy).collect();
    for idle in idle_policies(world).filter(|idle| !known.contains(&idle.policy)) {
        anstream::eprintln!("{}\n", terminal::idle(&idle));
    }
}

/// Tells of findings.
pub fn tell(found: &[Diagnostic], sources: &SourceMap) {
    for one in found {
        anstream::eprintln!("{}", diagnostic::render(one, sources));
    }
}
