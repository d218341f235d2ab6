//! Reading manifests as the common options ask for, and telling what was found on the way.

use anyhow::bail;
use podfence_analysis::idle_policies;
use podfence_model::{NetworkPolicy, World};
use podfence_report::{diagnostic, terminal};
use podfence_source::{Diagnostic, Input, Loaded, Options, Refused, SourceMap, read};

use crate::cli::Source;

/// Reads the input; findings go to stderr. `None` when it is refused, which has then been told.
pub fn load(source: &Source) -> anyhow::Result<Option<Loaded>> {
    match read_all(source)? {
        Ok(loaded) => {
            if !source.quiet {
                tell(&loaded.notes, &loaded.sources);
            }
            Ok(Some(loaded))
        }
        Err(refused) => {
            let shown = refused.diagnostics.into_iter().filter(|d| d.is_error() || !source.quiet);
            tell(&shown.collect::<Vec<_>>(), &refused.sources);
            Ok(None)
        }
    }
}

/// Reads the input and tells nothing.
pub fn read_all(source: &Source) -> anyhow::Result<Result<Loaded, Refused>> {
    if source.filenames.is_empty() {
        bail!(
            "no manifests: give -f FILE, -f DIR or -f - for standard input\n\
             A live cluster cannot be asked yet; until then its objects can be piped in:\n  \
             kubectl get namespaces,nodes,pods,services,endpointslices,networkpolicies -A -o yaml | \
             podfence … -f -"
        );
    }
    let inputs: Vec<Input> = source.filenames.iter().map(|f| Input::from_argument(f)).collect();
    let mut options = Options::default();
    if let Some(namespace) = &source.namespace {
        options.default_namespace.clone_from(namespace);
    }
    Ok(read(&inputs, &options))
}

/// Tells of the policies that choose no pod, but for those that did so in the world before, word for word.
pub fn tell_idle(world: &World, before: &World) {
    let known: Vec<&NetworkPolicy> = idle_policies(before).map(|idle| idle.policy).collect();
    for idle in idle_policies(world).filter(|idle| !known.contains(&idle.policy)) {
        anstream::eprintln!("{}\n", terminal::idle(&idle));
    }
}

fn tell(found: &[Diagnostic], sources: &SourceMap) {
    for one in found {
        anstream::eprintln!("{}", diagnostic::render(one, sources));
    }
}
