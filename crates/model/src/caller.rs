//! Who calls Services without being told by a policy: API servers, and monitoring.

use crate::labels::LabelSelector;
use crate::meta::{NamespacedName, ObjectRef, Origin, Place};
use crate::net::Port;
use crate::service::TargetPort;

/// A Service that API servers call: that of an admission webhook (`admissionregistration.k8s.io/v1`), or of an aggregated API
/// (`apiregistration.k8s.io/v1`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callback {
    /// The object that says so.
    pub object: ObjectRef,
    /// Where it was read.
    pub origin: Origin,
    /// `webhooks[].name`, or the name of the API.
    pub name: String,
    /// The Service.
    pub service: NamespacedName,
    /// The Service's port, 443 by default. It is called over TCP.
    pub port: Port,
    /// Whether requests fail while nobody answers: not with `failurePolicy: Ignore`.
    pub required: bool,
    /// Where the Service is named.
    pub place: Place,
}

/// Namespaces that a monitor looks into (`NamespaceSelector` of prometheus-operator).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MonitorScope {
    /// The monitor's own one, which is the default.
    Own,
    /// These.
    Named(Vec<String>),
    /// `any: true`.
    Any,
}

/// A `ServiceMonitor` or `PodMonitor` (`monitoring.coreos.com/v1`): what Prometheus is to ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Monitor {
    /// The object; its kind says whether Services or pods are selected.
    pub object: ObjectRef,
    /// Where it was read.
    pub origin: Origin,
    /// Where it looks.
    pub scope: MonitorScope,
    /// Which Services or pods.
    pub selector: LabelSelector,
    /// The endpoints' ports: for a name, that of the Service's or the pods' port; for a number, the pods' port.
    pub ports: Vec<TargetPort>,
}
