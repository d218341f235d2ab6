//! `v1` Pod, and the pod spec that templates share.

use std::net::IpAddr;

use podfence_model::{Addresses, ContainerPort, Kind, Labels, Life, ObjectRef, Pod};

use super::header::{Header, Naming};
use super::labels::labels;
use super::manifest::Manifest;
use super::{address, port};
use crate::code::Code;
use crate::decode::{Fields, Item};
use crate::names;

/// The label that names a node by itself (`nodeSelector: {kubernetes.io/hostname: NODE}`).
const HOSTNAME: &str = "kubernetes.io/hostname";
/// The label with which a Deployment tells its ReplicaSets apart.
const TEMPLATE_HASH: &str = "pod-template-hash";

/// The network part of a pod spec.
#[derive(Default)]
pub(crate) struct PodSpec {
    pub(crate) node: Option<String>,
    pub(crate) host_network: bool,
    pub(crate) ports: Vec<ContainerPort>,
}

/// What a pod's status says.
struct Status {
    ips: Vec<IpAddr>,
    phase: Option<Phase>,
    ready: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Running,
    Finished,
}

/// Reads a Pod into the world.
pub(crate) fn read(manifest: &mut Manifest<'_, '_>) {
    let spec = manifest.fields.required("spec").and_then(Item::mapping).map(spec).unwrap_or_default();
    let status = manifest.fields.mapping("status").map(status);
    let Some(mut header) = Header::read(manifest, Kind::Pod, Naming::Subdomain) else { return };
    manifest.state(&header);
    let workload = owner(&mut header);
    let meta = header.meta();
    let pod = Pod {
        workload,
        node: spec.node,
        addresses: addresses(status.as_ref()),
        host_network: spec.host_network,
        life: life(&mut header, status.as_ref()),
        ready: status.is_none_or(|s| s.ready),
        ports: spec.ports.into(),
        meta,
    };
    manifest.gathered.world.pods.insert(pod.meta.id.clone(), pod);
}

/// A manifest says nothing of addresses; a pod that a cluster has taken on has a phase.
fn addresses(status: Option<&Status>) -> Addresses {
    match status {
        Some(status) if !status.ips.is_empty() => Addresses::Known(status.ips.clone()),
        Some(Status { phase: Some(_), .. }) => Addresses::NotYet,
        _ => Addresses::Unstated,
    }
}

fn life(header: &mut Header<'_>, status: Option<&Status>) -> Life {
    match status.and_then(|s| s.phase) {
        Some(Phase::Finished) => Life::Finished,
        _ if header.fields.get("deletionTimestamp").is_some() => Life::Terminating,
        _ => Life::Present,
    }
}

/// The controller among `ownerReferences`; for a Deployment's ReplicaSet the Deployment itself, whose name
/// is the ReplicaSet's without the template hash.
fn owner(header: &mut Header<'_>) -> Option<ObjectRef> {
    let mut controller = header
        .fields
        .mappings("ownerReferences")
        .find_map(|mut owner| owner.flag("controller").then_some(owner))?;
    let kind = kind_of(controller.required("kind")?.text()?);
    let name = controller.required("name")?.text()?;
    let namespace = header.id.namespace.clone();
    let hash = header.labels.get(TEMPLATE_HASH).map(|hash| format!("-{hash}"));
    if let (Kind::ReplicaSet, Some(stem)) = (&kind, hash.and_then(|hash| name.strip_suffix(&hash))) {
        return Some(ObjectRef { kind: Kind::Deployment, namespace, name: stem.to_owned() });
    }
    Some(ObjectRef { kind, namespace, name: name.to_owned() })
}

fn kind_of(name: &str) -> Kind {
    let workloads = [
        Kind::Deployment,
        Kind::StatefulSet,
        Kind::DaemonSet,
        Kind::ReplicaSet,
        Kind::ReplicationController,
        Kind::Job,
        Kind::CronJob,
    ];
    workloads.into_iter().find(|kind| kind.as_str() == name).unwrap_or_else(|| Kind::Other(name.to_owned()))
}

/// Reads a pod spec.
pub(crate) fn spec(mut fields: Fields<'_>) -> PodSpec {
    let selector: Labels = fields.get("nodeSelector").map(labels).unwrap_or_default();
    let named = fields.text("nodeName").map(str::to_owned);
    let host_network = fields.flag("hostNetwork");
    let mut ports: Vec<ContainerPort> = fields.mappings("containers").flat_map(container_ports).collect();
    ports.extend(fields.mappings("initContainers").filter_map(sidecar).flat_map(container_ports));
    PodSpec { node: named.or_else(|| selector.get(HOSTNAME).cloned()), host_network, ports }
}

/// An init container that goes on running (KEP-753).
fn sidecar(mut container: Fields<'_>) -> Option<Fields<'_>> {
    (container.text("restartPolicy") == Some("Always")).then_some(container)
}

/// The declared ports of one container.
pub(crate) fn container_ports(mut container: Fields<'_>) -> Vec<ContainerPort> {
    container.mappings("ports").filter_map(container_port).collect()
}

fn container_port(mut fields: Fields<'_>) -> Option<ContainerPort> {
    let name = fields.get("name").and_then(port_name);
    let protocol = port::protocol(&mut fields);
    let number = fields.required("containerPort").and_then(port::number);
    Some(ContainerPort { name, protocol: protocol?, number: number? })
}

fn port_name(item: Item<'_>) -> Option<String> {
    let name = item.text().filter(|name| !name.is_empty())?;
    if let Err(why) = names::port_name(name) {
        item.error(Code::InvalidPort, format!("port name `{name}` {why}"), "");
    }
    Some(name.to_owned())
}

fn status(mut fields: Fields<'_>) -> Status {
    let ip = |mut fields: Fields<'_>| fields.get("ip").and_then(address::ip);
    let mut ips: Vec<IpAddr> = fields.mappings("podIPs").filter_map(ip).collect();
    if ips.is_empty() {
        ips.extend(fields.get("podIP").filter(|item| item.text() != Some("")).and_then(address::ip));
    }
    let phase = fields.text("phase").map(|phase| match phase {
        "Succeeded" | "Failed" => Phase::Finished,
        _ => Phase::Running,
    });
    let ready = fields.mappings("conditions").find_map(|mut condition| {
        (condition.text("type") == Some("Ready")).then(|| condition.text("status") == Some("True"))
    });
    Status { ips, phase, ready: ready.unwrap_or(true) }
}
