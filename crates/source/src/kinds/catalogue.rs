//! The table of kinds: which API groups and versions we read, which we know and need not read, and what
//! to say of the rest.

use podfence_model::{Kind, nearest};

use super::{at, facts, operator};
use crate::code::Code;
use crate::decode::Item;

/// Who reads an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reader {
    Namespace,
    Pod,
    Node,
    Service,
    EndpointSlice,
    Ingress,
    NetworkPolicy,
    ClusterFacts,
    Webhooks(&'static str),
    ApiService,
    Monitor(&'static str),
    Workload(Kind),
}

/// What to do with an object.
pub(super) enum Answer {
    Read(Reader),
    /// An object that a known operator turns into pods.
    Operator,
    /// Of a kind that we do not know: it may make pods.
    Unknown,
    /// Of no interest, or refused (which is reported).
    Skip,
}

struct Row {
    kind: &'static str,
    reader: Reader,
    /// The `apiVersion` to write today.
    current: &'static str,
    /// Versions that clusters no longer serve, of the same shape as far as it is read.
    legacy: &'static [&'static str],
    /// Versions that clusters no longer serve, of another shape or meaning.
    gone: &'static [&'static str],
}

const NONE: &[&str] = &[];
const OLD_APPS: &[&str] = &["extensions/v1beta1", "apps/v1beta1", "apps/v1beta2"];
const OLD_NET: &[&str] = &["extensions/v1beta1", "networking.k8s.io/v1beta1"];
const OLD_WEBHOOKS: &[&str] = &["admissionregistration.k8s.io/v1beta1"];
const OLD_API: &[&str] = &["apiregistration.k8s.io/v1beta1"];
const OLD_BATCH: &[&str] = &["batch/v1beta1", "batch/v2alpha1"];

const fn row(
    kind: &'static str,
    reader: Reader,
    current: &'static str,
    legacy: &'static [&'static str],
    gone: &'static [&'static str],
) -> Row {
    Row { kind, reader, current, legacy, gone }
}

const fn webhooks(kind: &'static str) -> Row {
    row(kind, Reader::Webhooks(kind), "admissionregistration.k8s.io/v1", OLD_WEBHOOKS, NONE)
}

const fn monitor(kind: &'static str) -> Row {
    row(kind, Reader::Monitor(kind), "monitoring.coreos.com/v1", NONE, NONE)
}

static ROWS: [Row; 20] = [
    row("Namespace", Reader::Namespace, "v1", NONE, NONE),
    row("Pod", Reader::Pod, "v1", NONE, NONE),
    row("Node", Reader::Node, "v1", NONE, NONE),
    row("Service", Reader::Service, "v1", NONE, NONE),
    row("ReplicationController", Reader::Workload(Kind::ReplicationController), "v1", NONE, NONE),
    row("Deployment", Reader::Workload(Kind::Deployment), "apps/v1", OLD_APPS, NONE),
    row("StatefulSet", Reader::Workload(Kind::StatefulSet), "apps/v1", OLD_APPS, NONE),
    row("DaemonSet", Reader::Workload(Kind::DaemonSet), "apps/v1", OLD_APPS, NONE),
    row("ReplicaSet", Reader::Workload(Kind::ReplicaSet), "apps/v1", OLD_APPS, NONE),
    row("Job", Reader::Workload(Kind::Job), "batch/v1", NONE, NONE),
    row("CronJob", Reader::Workload(Kind::CronJob), "batch/v1", OLD_BATCH, NONE),
    row("EndpointSlice", Reader::EndpointSlice, "discovery.k8s.io/v1", &["discovery.k8s.io/v1beta1"], NONE),
    row("Ingress", Reader::Ingress, "networking.k8s.io/v1", NONE, OLD_NET),
    row("NetworkPolicy", Reader::NetworkPolicy, "networking.k8s.io/v1", NONE, OLD_NET),
    row(facts::KIND, Reader::ClusterFacts, facts::API_VERSION, NONE, NONE),
    webhooks("ValidatingWebhookConfiguration"),
    webhooks("MutatingWebhookConfiguration"),
    row("APIService", Reader::ApiService, "apiregistration.k8s.io/v1", OLD_API, NONE),
    monitor("ServiceMonitor"),
    monitor("PodMonitor"),
];

/// Kubernetes' own API groups. Their other kinds make no pods, so they need not be read.
const BUILT_IN: [&str; 24] = [
    "",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "apps",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "extensions",
    "flowcontrol.apiserver.k8s.io",
    "imagepolicy.k8s.io",
    "internal.apiserver.k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "resource.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
];

/// Groups whose policies decide about traffic, too.
const OTHER_POLICIES: [(&str, &str); 5] = [
    ("projectcalico.org", "Calico"),
    ("crd.projectcalico.org", "Calico"),
    ("cilium.io", "Cilium"),
    ("crd.antrea.io", "Antrea"),
    ("policy.networking.k8s.io", "admin"),
];

/// Other kinds of prometheus-operator that make no pods.
const MONITORING: [&str; 4] = ["AlertmanagerConfig", "Probe", "PrometheusRule", "ScrapeConfig"];

/// Looks a kind up; what is wrong with it or its `apiVersion` is reported at the item it is read from.
pub(super) fn look_up(
    (api_version, api_item): (&str, Item<'_>),
    (kind, kind_item): (&str, Item<'_>),
) -> Answer {
    let group = api_version.rsplit_once('/').map_or("", |(group, _)| group);
    if operator::knows(group, kind) {
        return Answer::Operator;
    }
    let row = ROWS.iter().find(|row| row.kind == kind);
    match row {
        Some(row) if is_ours(group, row) => versions(row, api_version, api_item),
        _ if BUILT_IN.contains(&group) => built_in(api_version, kind, kind_item),
        _ => foreign(group, kind, api_item),
    }
}

/// Whether an object of a kind that we read means that kind, and not another vendor's of the same name.
/// Groups without a dot, or below `k8s.io`, are Kubernetes' own, or misspelt.
fn is_ours(group: &str, row: &Row) -> bool {
    let others = OTHER_POLICIES.iter().any(|(other, _)| *other == group);
    let own = BUILT_IN.contains(&group) || !group.contains('.') || group.ends_with(".k8s.io");
    match row.reader {
        Reader::ClusterFacts => facts::API_VERSION.starts_with(group) && !group.is_empty(),
        Reader::NetworkPolicy => !others,
        Reader::Monitor(_) => group == "monitoring.coreos.com",
        _ => !others && own,
    }
}

fn versions(row: &Row, api_version: &str, item: Item<'_>) -> Answer {
    if api_version == row.current {
        return Answer::Read(row.reader.clone());
    }
    if row.legacy.contains(&api_version) {
        let message = format!("{} of `{api_version}` is no longer served by clusters", row.kind);
        at(item, Code::LegacyApi.note(message).help(format!("write `{}`", row.current)));
        return Answer::Read(row.reader.clone());
    }
    let gone = row.gone.contains(&api_version);
    if gone && row.reader == Reader::Ingress {
        let message = format!("Ingress of `{api_version}` is not read");
        at(item, Code::LegacyApi.warning(message).help(format!("convert it to `{}`", row.current)));
        return Answer::Skip;
    }
    let why = if gone { "is no longer served by clusters" } else { "does not exist" };
    let message = format!("{} of `{api_version}` {why}", row.kind);
    let diagnostic = Code::ApiVersion
        .error(message)
        .help(format!("write `apiVersion: {}`", row.current))
        .edit(item.place(), row.current);
    at(item, diagnostic);
    Answer::Skip
}

/// Another kind of Kubernetes' own. One that is nearly the name of a kind we read is a typo: skipping it
/// would leave out a policy without a word.
fn built_in(api_version: &str, kind: &str, item: Item<'_>) -> Answer {
    let close = |row: &&Row| row.kind.len() > 4 && nearest(kind, [row.kind]).is_some();
    let same_group = |row: &&Row| row.current == api_version;
    if let Some(row) = ROWS.iter().filter(same_group).find(close).filter(|_| !is_real(kind)) {
        let message = format!("unknown kind `{kind}` in `{api_version}`; did you mean `{}`?", row.kind);
        at(item, Code::UnknownKind.error(message));
    }
    Answer::Skip
}

/// Kinds of our groups whose names come close to those that we read.
fn is_real(kind: &str) -> bool {
    matches!(kind, "PodTemplate" | "ServiceCIDR" | "ServiceAccount" | "IngressClass" | "Endpoints" | "Secret")
}

fn foreign(group: &str, kind: &str, item: Item<'_>) -> Answer {
    let engine = OTHER_POLICIES.iter().find(|(other, _)| *other == group);
    if group == "monitoring.coreos.com" && MONITORING.contains(&kind) {
        return Answer::Skip;
    }
    if let Some((_, name)) = engine.filter(|_| kind.contains("Policy")) {
        let message = format!("{name} policies are not read: verdicts leave this {kind} out");
        at(item, Code::UnreadPolicy.warning(message));
    }
    Answer::Unknown
}
