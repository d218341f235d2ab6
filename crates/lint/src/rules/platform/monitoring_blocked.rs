//! # Prometheus may not ask what it is to monitor
//!
//! A `ServiceMonitor` or `PodMonitor` names pods that are isolated for ingress, and their policies do not admit Prometheus.
//!
//! ## Why is this bad?
//!
//! The target is down for Prometheus, and alerts that need its numbers never fire.
//!
//! ## Example
//!
//! ```yaml fires
//! apiVersion: monitoring.coreos.com/v1
//! kind: ServiceMonitor
//! metadata: {name: web, namespace: shop}
//! spec:
//!   selector: {matchLabels: {app: web}}
//!   endpoints: [{port: metrics}]
//! ---
//! apiVersion: v1
//! kind: Service
//! metadata: {name: web, namespace: shop, labels: {app: web}}
//! spec: {selector: {app: web}, ports: [{name: metrics, port: 9100}]}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop, labels: {app: web}}
//! spec: {containers: [{name: web, image: web}]}
//! ---
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {}
//!   policyTypes: [Ingress]
//!   ingress:
//!     - from: [{podSelector: {}}]
//! ---
//! apiVersion: monitoring.coreos.com/v1
//! kind: Prometheus
//! metadata: {name: k8s, namespace: monitoring}
//! spec: {replicas: 2}
//! ```
//!
//! ```text
//! note: Prometheus monitoring/prometheus-k8s-0 may not ask 1 pod (web) on TCP 9100
//!   1:1 selects them
//!   22:3 isolates them
//!   help: admit the pods of Prometheus, on TCP 9100
//! ```
//!
//! ## When it is silent
//!
//! No Prometheus is in the input (pods `app.kubernetes.io/name: prometheus`), or one of several may reach the pods.
//!
//! ```yaml silent
//! apiVersion: monitoring.coreos.com/v1
//! kind: PodMonitor
//! metadata: {name: web, namespace: shop}
//! spec:
//!   selector: {matchLabels: {app: web}}
//!   podMetricsEndpoints: [{port: metrics}]
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop, labels: {app: web}}
//! spec: {containers: [{name: web, image: web, ports: [{name: metrics, containerPort: 9100}]}]}
//! ---
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {}
//!   policyTypes: [Ingress]
//!   ingress:
//!     - from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: monitoring}}}]
//!       ports: [{port: metrics}]
//! ---
//! apiVersion: monitoring.coreos.com/v1
//! kind: Prometheus
//! metadata: {name: k8s, namespace: monitoring}
//! spec: {replicas: 2}
//! ```

use podfence_analysis::{Backend, backends, served_at};
use podfence_engine::Outcome;
use podfence_model::{
    Direction, Endpoint, Layer4, Monitor, MonitorScope, Pod, Protocol, Service, TargetPort,
};
use podfence_source::Severity;

use crate::context::{Context, place_of};
use crate::family::Family;
use crate::finding::Finding;
use crate::rule::{Check, Rule};
use crate::words;

pub(super) static RULE: Rule = Rule {
    code: "monitoring-blocked",
    family: Family::Platform,
    severity: Severity::Note,
    file: include_str!("monitoring_blocked.rs"),
    check: Check::World(check),
};

fn check(context: &Context<'_>) -> Vec<Finding> {
    let is_it = |pod: &&Pod| {
        let app = pod.meta.labels.get("app.kubernetes.io/name");
        pod.is_policed() && app.is_some_and(|app| app == "prometheus")
    };
    let askers: Vec<&Pod> = context.pods().filter(is_it).collect();
    if askers.is_empty() {
        return Vec::new();
    }
    context.world.monitors.iter().filter_map(|monitor| finding(context, &askers, monitor)).collect()
}

fn finding(context: &Context<'_>, askers: &[&Pod], monitor: &Monitor) -> Option<Finding> {
    let targets = targets(context, monitor);
    let blocked: Vec<&Backend> =
        targets.iter().filter(|target| is_blocked(context, askers, target)).collect();
    let first = blocked.first()?;
    let policy = context.isolating(&first.end, Direction::Ingress).into_iter().next()?;
    let pods = words::pods(blocked.iter().filter_map(|target| context.pod(&target.end)));
    let who = askers.first().map(|pod| pod.meta.id.to_string()).unwrap_or_default();
    let message = format!("Prometheus {who} may not ask {pods} on {}", first.layer4);
    Some(
        Finding::new(&RULE, monitor.object.clone(), message)
            .at(place_of(&monitor.origin).cloned(), "selects them")
            .at(context.subject_place(policy), "isolates them")
            .help(format!("admit the pods of Prometheus, on {}", first.layer4)),
    )
}

fn is_blocked(context: &Context<'_>, askers: &[&Pod], target: &Backend) -> bool {
    askers.iter().all(|asker| {
        let source = Endpoint::Pod { id: asker.meta.id.clone(), address: None };
        let answer = context.outcome(source, target.end.clone(), target.layer4);
        answer == Some(Outcome::Denied) && !context.isolating(&target.end, Direction::Ingress).is_empty()
    })
}

/// Whom a monitor names, with the ports that it asks.
fn targets(context: &Context<'_>, monitor: &Monitor) -> Vec<Backend> {
    let looks_into = |namespace: &str| match &monitor.scope {
        MonitorScope::Own => namespace == monitor.object.namespace,
        MonitorScope::Named(names) => names.iter().any(|name| name == namespace),
        MonitorScope::Any => true,
    };
    if monitor.object.kind.as_str() == "PodMonitor" {
        let pods = context.pods().filter(|pod| looks_into(&pod.meta.id.namespace));
        let pods = pods.filter(|pod| monitor.selector.matches(&pod.meta.labels));
        return pods.flat_map(|pod| of_pod(monitor, pod)).collect();
    }
    let services = context.world.services.values().filter(|service| looks_into(&service.meta.id.namespace));
    let services = services.filter(|service| monitor.selector.matches(&service.meta.labels));
    services.flat_map(|service| of_service(context, monitor, service)).collect()
}

fn of_pod(monitor: &Monitor, pod: &Pod) -> Vec<Backend> {
    let number = |port: &TargetPort| match port {
        TargetPort::Named(name) => pod.named_port(name, Protocol::Tcp).next(),
        TargetPort::Number(number) => Some(*number),
    };
    let end = Endpoint::Pod { id: pod.meta.id.clone(), address: None };
    let backend = |port| Backend { end: end.clone(), layer4: Layer4::Port(Protocol::Tcp, port) };
    monitor.ports.iter().filter_map(number).map(backend).collect()
}

/// Prometheus goes to the pods behind a Service: to where the named port leads, or to the pods' port itself.
fn of_service(context: &Context<'_>, monitor: &Monitor, service: &Service) -> Vec<Backend> {
    let behind = |wanted: &TargetPort| {
        let mut ports = service.ports.iter();
        let port = ports.find(|port| match wanted {
            TargetPort::Named(name) => port.name.as_ref() == Some(name),
            TargetPort::Number(_) => port.target == *wanted,
        });
        let ends = if matches!(wanted, TargetPort::Named(_)) { served_at } else { backends };
        port.map_or_else(Vec::new, |port| ends(context.world, service, port))
    };
    monitor.ports.iter().flat_map(behind).collect()
}
