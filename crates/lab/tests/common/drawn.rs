//! What the suites of random worlds share: whose questions are asked, and how differences are told.

use podfence_lab::record;
use podfence_lab::run::Findings;
use podfence_model::{Origin, World};
use podfence_testkit::describe;

/// Fails with the first differences between engine and kernel, if there are any, and the world that they are in.
pub fn no_difference(world: &World, findings: &Findings) -> Result<(), String> {
    if findings.differences() == 0 {
        return Ok(());
    }
    let all = record::step(None, findings, Vec::new()).compared;
    let differ: Vec<String> =
        all.iter().filter(|one| !one.agree).take(8).map(|one| format!("{one:?}")).collect();
    Err(format!("{}\n{}\nservices {:#?}", differ.join("\n"), describe::to_yaml(world), world.services))
}

/// Lets all pods and Services but those of the cluster DNS count as stated, so that they are asked.
pub fn state_all(world: &mut World) {
    let pods = world.pods.values_mut().map(|pod| &mut pod.meta);
    let services = world.services.values_mut().map(|service| &mut service.meta);
    let others = pods.chain(services).filter(|meta| meta.id.namespace != "kube-system");
    others.for_each(|meta| meta.origin = Origin::Api("1".into()));
}
