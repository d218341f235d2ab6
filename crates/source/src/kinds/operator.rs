//! Objects of prometheus-operator that make pods: Prometheus, PrometheusAgent, Alertmanager, ThanosRuler.
//!
//! Their pods carry `spec.podMetadata.labels` and labels of the operator's own, which win. Source:
//! prometheus-operator `pkg/{prometheus,alertmanager,thanos}` (`makeStatefulSetSpec`, selector labels).

use podfence_model::{ContainerPort, Copies, Kind, Labels, PodTemplate, Port, Protocol, Workload};

use super::header::{Header, Naming};
use super::labels::labels;
use super::manifest::Manifest;
use super::pod::container_ports;
use super::workload::count;
use crate::decode::{Fields, Item};

/// What the operator makes of one kind.
struct Recipe {
    kind: &'static str,
    /// `app.kubernetes.io/name`.
    app: &'static str,
    /// The label that holds the object's name, beside `app.kubernetes.io/instance`.
    name_label: Option<&'static str>,
    /// The port that `portName` names.
    web: u16,
    /// The other ports, whose names are fixed.
    ports: &'static [(&'static str, Protocol, u16)],
    /// `spec.shards` multiplies the pods.
    sharded: bool,
}

/// More shards than anybody runs; a bound on what a typo can ask for.
const MAX_SHARDS: u32 = 1000;

const RELOADER: (&str, Protocol, u16) = ("reloader-web", Protocol::Tcp, 8080);

const RECIPES: [Recipe; 4] = [
    Recipe {
        kind: "Prometheus",
        app: "prometheus",
        name_label: Some("prometheus"),
        web: 9090,
        ports: &[RELOADER],
        sharded: true,
    },
    Recipe {
        kind: "PrometheusAgent",
        app: "prometheus-agent",
        name_label: None,
        web: 9090,
        ports: &[RELOADER],
        sharded: true,
    },
    Recipe {
        kind: "Alertmanager",
        app: "alertmanager",
        name_label: Some("alertmanager"),
        web: 9093,
        ports: &[("mesh-tcp", Protocol::Tcp, 9094), ("mesh-udp", Protocol::Udp, 9094), RELOADER],
        sharded: false,
    },
    Recipe {
        kind: "ThanosRuler",
        app: "thanos-ruler",
        name_label: Some("thanos-ruler"),
        web: 10902,
        ports: &[("grpc", Protocol::Tcp, 10901), RELOADER],
        sharded: false,
    },
];

/// Whether an object of this kind makes pods that are known how.
pub(crate) fn knows(group: &str, kind: &str) -> bool {
    group == "monitoring.coreos.com" && RECIPES.iter().any(|r| r.kind == kind)
}

/// Reads an operator's object into the world: one workload for each shard.
pub(crate) fn read(manifest: &mut Manifest<'_, '_>, kind: &str) {
    let Some(recipe) = RECIPES.iter().find(|r| r.kind == kind) else { return };
    let spec = manifest.fields.required("spec").and_then(Item::mapping);
    let Some(header) = Header::read(manifest, Kind::Other(kind.to_owned()), Naming::Subdomain) else {
        return;
    };
    let Some(mut spec) = spec else { return };
    manifest.state(&header);
    let copies = Copies::Count(count(&mut spec, "replicas").unwrap_or(1));
    let shards = if recipe.sharded { count(&mut spec, "shards").unwrap_or(1) } else { 1 };
    let template = template(recipe, &mut spec, &header.id.name);
    for number in 0..shards.min(MAX_SHARDS) {
        let origin = header.origin.clone();
        let mut workload = Workload { id: header.id.clone(), origin, copies, template: template.clone() };
        if recipe.sharded {
            name_shard(&mut workload, number);
        }
        manifest.gathered.world.workloads.insert(workload.id.clone(), workload);
    }
}

/// The first shard bears the object's own name.
fn name_shard(workload: &mut Workload, number: u32) {
    workload.template.labels.insert("operator.prometheus.io/shard".into(), number.to_string());
    if number > 0 {
        workload.id.name = format!("{}-shard-{number}", workload.id.name);
    }
}

fn template(recipe: &Recipe, spec: &mut Fields<'_>, name: &str) -> PodTemplate {
    let stated = spec.mapping("podMetadata").and_then(|mut m| m.get("labels")).map(labels);
    let mut labels: Labels = stated.unwrap_or_default();
    labels.extend(own_labels(recipe, name));
    let mut ports = own_ports(recipe, spec);
    ports.extend(spec.mappings("containers").flat_map(container_ports));
    PodTemplate { labels, node: None, host_network: spec.flag("hostNetwork"), ports: ports.into() }
}

fn own_labels(recipe: &Recipe, name: &str) -> Labels {
    let mut labels = vec![
        ("app.kubernetes.io/name", recipe.app),
        ("app.kubernetes.io/instance", name),
        ("app.kubernetes.io/managed-by", "prometheus-operator"),
    ];
    labels.extend(recipe.name_label.map(|label| (label, name)));
    if recipe.sharded {
        labels.push(("operator.prometheus.io/name", name));
    }
    labels.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

fn own_ports(recipe: &Recipe, spec: &mut Fields<'_>) -> Vec<ContainerPort> {
    let mut ports = Vec::new();
    let web = spec.text("portName").unwrap_or("web");
    if !spec.flag("listenLocal") {
        ports.extend(port(web, Protocol::Tcp, recipe.web));
    }
    ports.extend(recipe.ports.iter().filter_map(|(name, protocol, number)| port(name, *protocol, *number)));
    if spec.get("thanos").is_some() {
        ports.extend(port("http", Protocol::Tcp, 10902));
        ports.extend(port("grpc", Protocol::Tcp, 10901));
    }
    ports
}

fn port(name: &str, protocol: Protocol, number: u16) -> Option<ContainerPort> {
    Some(ContainerPort { name: Some(name.to_owned()), protocol, number: Port::new(number)? })
}
