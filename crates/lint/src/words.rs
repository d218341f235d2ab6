//! Words that several rules need: names in lists, pods by their workloads, counts.

use std::collections::BTreeSet;

use podfence_analysis::short_kind;
use podfence_model::Pod;
pub(crate) use podfence_model::words::{count, list};

/// `3 pods (deploy/carts, deploy/orders)`; with the namespace before each name where they live in several.
pub(crate) fn pods<'p>(pods: impl IntoIterator<Item = &'p Pod>) -> String {
    let pods: Vec<&Pod> = pods.into_iter().collect();
    format!("{} ({})", count(pods.len(), "pod", "pods"), list(&owners(&pods)))
}

/// The workloads of pods, and the names of those without one.
pub(crate) fn owners(pods: &[&Pod]) -> Vec<String> {
    let home = pods.first().map(|pod| &pod.meta.id.namespace);
    let one_home = pods.iter().all(|pod| Some(&pod.meta.id.namespace) == home);
    let mut names: BTreeSet<String> = BTreeSet::new();
    for pod in pods {
        let name = pod.workload.as_ref().map_or_else(
            || pod.meta.id.name.clone(),
            |workload| format!("{}/{}", short_kind(&workload.kind), workload.name),
        );
        let namespace = if one_home { String::new() } else { format!("{}/", pod.meta.id.namespace) };
        names.insert(format!("{namespace}{name}"));
    }
    names.into_iter().collect()
}
