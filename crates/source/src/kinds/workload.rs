//! Kinds that make pods from a template: Deployment, StatefulSet, DaemonSet, ReplicaSet,
//! ReplicationController, Job and CronJob.

use podfence_model::{Copies, Kind, ObjectRef, PodTemplate, Workload};

use super::header::{Header, Naming};
use super::labels::{labels, selector};
use super::manifest::Manifest;
use super::{at, pod};
use crate::code::Code;
use crate::decode::{Fields, Item};

/// More pods than any cluster holds (Kubernetes is tested up to 150 000).
const MAX_COPIES: i64 = 150_000;

/// Reads a workload of this kind into the world.
pub(crate) fn read(manifest: &mut Manifest<'_, '_>, kind: Kind) {
    let spec = manifest.fields.required("spec").and_then(Item::mapping);
    let spec = if kind == Kind::CronJob { spec.and_then(job_spec) } else { spec };
    let parts =
        spec.map(|mut spec| (copies(&mut spec, &kind), template(&mut spec), own_selector(&mut spec, &kind)));
    let Some(header) = Header::read(manifest, kind, Naming::Subdomain) else { return };
    if let Some((copies, Some(template), selector)) = parts {
        if let Some(selector) = selector {
            check_own(&header.id, selector, &template);
        }
        manifest.state(&header);
        let Header { id, origin, .. } = header;
        let workload = Workload { id: id.clone(), origin, copies, template };
        manifest.gathered.world.workloads.insert(id, workload);
    }
}

fn job_spec(mut cron: Fields<'_>) -> Option<Fields<'_>> {
    cron.required("jobTemplate")?.mapping()?.required("spec")?.mapping()
}

fn copies(spec: &mut Fields<'_>, kind: &Kind) -> Copies {
    match kind {
        Kind::DaemonSet => Copies::PerNode,
        Kind::Job | Kind::CronJob => {
            let parallelism = count(spec, "parallelism").unwrap_or(1);
            let completions = count(spec, "completions").unwrap_or(parallelism);
            Copies::Count(parallelism.min(completions))
        }
        _ => Copies::Count(count(spec, "replicas").unwrap_or(1)),
    }
}

/// A number of pods; `None` when absent.
pub(super) fn count(spec: &mut Fields<'_>, field: &'static str) -> Option<u32> {
    let item = spec.get(field)?;
    let number = item.integer()?;
    if !(0..=MAX_COPIES).contains(&number) {
        item.error(
            Code::InvalidCount,
            format!("`{field}` is {number}, not a number from 0 to {MAX_COPIES}"),
            "",
        );
    }
    u32::try_from(number).ok()
}

fn template(spec: &mut Fields<'_>) -> Option<PodTemplate> {
    let mut template = spec.required("template")?.mapping()?;
    let labels = template.mapping("metadata").and_then(|mut m| m.get("labels")).map(labels);
    let spec = template.required("spec")?.mapping().map(pod::spec)?;
    Some(PodTemplate {
        labels: labels.unwrap_or_default(),
        node: spec.node,
        host_network: spec.host_network,
        ports: spec.ports.into(),
    })
}

/// `selector`, of the kinds that must state one.
fn own_selector<'n>(spec: &mut Fields<'n>, kind: &Kind) -> Option<Item<'n>> {
    let states = matches!(kind, Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet | Kind::ReplicaSet);
    states.then(|| spec.get("selector"))?
}

/// A workload that does not select its own pods is refused (`ValidateDeploymentSpec` and its like).
fn check_own(id: &ObjectRef, item: Item<'_>, template: &PodTemplate) {
    let selector = selector(item);
    if !selector.matches(&template.labels) {
        let message = format!("{id} selects {selector}, which its own template does not have");
        at(
            item,
            Code::SelectorMismatch
                .error(message)
                .help("the API server refuses it: mend the template's labels, or the selector"),
        );
    }
}
