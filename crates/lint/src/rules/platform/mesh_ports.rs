//! # The service mesh's own ports are closed
//!
//! Pods are part of an Istio mesh, and their policies leave out a port that the mesh itself needs: TCP 15008 for ingress in ambient
//! mode, TCP 15012 to the control plane for egress with sidecars.
//!
//! ## Why is this bad?
//!
//! In ambient mode, connections between pods of the mesh arrive in a tunnel, on port 15008, whatever port the application has: a rule
//! that names the application's port does not match them. A sidecar fetches its certificate and its configuration from the control
//! plane on port 15012, and the pod does not become ready without.
//!
//! ## Example
//!
//! ```yaml fires
//! apiVersion: v1
//! kind: Namespace
//! metadata: {name: shop, labels: {istio.io/dataplane-mode: ambient}}
//! ---
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: db, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: db}}
//!   policyTypes: [Ingress]
//!   ingress:
//!     - from:
//!         - podSelector: {matchLabels: {app: web}}
//!       ports:
//!         - port: 5432
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: db, namespace: shop, labels: {app: db}}
//! spec: {containers: [{name: db, image: db}]}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop, labels: {app: web}}
//! spec: {containers: [{name: web, image: web}]}
//! ```
//!
//! ```text
//! warning: in Istio's ambient mode, connections of the mesh arrive on TCP 15008, which this rule leaves out
//!   15:9 not the tunnel's port
//!   help: add port 15008
//! ```
//!
//! ```yaml fixed
//! apiVersion: v1
//! kind: Namespace
//! metadata: {name: shop, labels: {istio.io/dataplane-mode: ambient}}
//! ---
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: db, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: db}}
//!   policyTypes: [Ingress]
//!   ingress:
//!     - from:
//!         - podSelector: {matchLabels: {app: web}}
//!       ports:
//!         - port: 5432
//!         - port: 15008
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: db, namespace: shop, labels: {app: db}}
//! spec: {containers: [{name: db, image: db}]}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop, labels: {app: web}}
//! spec: {containers: [{name: web, image: web}]}
//! ```
//!
//! ```text
//! widened   all of shop → all of shop TCP 15008 (TCP 5432 stays allowed)
//! ```
//!
//! With sidecars:
//!
//! ```yaml fires
//! apiVersion: v1
//! kind: Namespace
//! metadata: {name: shop, labels: {istio-injection: enabled}}
//! ---
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: web}}
//!   policyTypes: [Egress]
//!   egress:
//!     - to:
//!         - podSelector: {matchLabels: {app: db}}
//!       ports:
//!         - port: 5432
//!     - ports:
//!         - {port: 53, protocol: UDP}
//!         - {port: 53, protocol: TCP}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop, labels: {app: web}}
//! spec: {containers: [{name: web, image: web}]}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: db, namespace: shop, labels: {app: db}}
//! spec: {containers: [{name: db, image: db}]}
//! ```
//!
//! ```text
//! warning: 1 pod (web) may not reach Istio's control plane: no rule admits TCP 15012
//!   11:3 no rule for the sidecar
//!   help: admit TCP 15012 to the pods `app: istiod` in `istio-system`
//! ```
//!
//! ## When it is silent
//!
//! - The namespace is not labelled for a mesh, or the pod is left out of it by a label of its own.
//! - The rule names addresses only: those are not in the mesh.
//!
//! ```yaml silent
//! apiVersion: v1
//! kind: Namespace
//! metadata: {name: shop, labels: {istio.io/dataplane-mode: ambient}}
//! ---
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: db, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: db}}
//!   policyTypes: [Ingress]
//!   ingress:
//!     - from:
//!         - podSelector: {matchLabels: {app: web}}
//!       ports:
//!         - port: 5432
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: db, namespace: shop, labels: {app: db, istio.io/dataplane-mode: none}}
//! spec: {containers: [{name: db, image: db}]}
//! ```

use podfence_model::{Direction, Layer4, PeerKind, Pod, Port, PortSet, Protocol};
use podfence_source::{Edit, Severity};

use crate::context::{Context, PolicyRule};
use crate::family::Family;
use crate::finding::Finding;
use crate::isolated::{Isolated, isolated, numbered_ports};
use crate::rule::{Check, Rule};
use crate::words;

pub(super) static RULE: Rule = Rule {
    code: "mesh-ports",
    family: Family::Platform,
    severity: Severity::Warning,
    file: include_str!("mesh_ports.rs"),
    check: Check::World(check),
};

/// The tunnel between pods in ambient mode (HBONE).
const TUNNEL: Layer4 = Layer4::Port(Protocol::Tcp, Port::new(15008).unwrap());
/// The control plane, for sidecars.
const CONTROL: Layer4 = Layer4::Port(Protocol::Tcp, Port::new(15012).unwrap());

const MODE: &str = "istio.io/dataplane-mode";
const INJECT: &str = "sidecar.istio.io/inject";

fn check(context: &Context<'_>) -> Vec<Finding> {
    let into = isolated(context, Direction::Ingress);
    let mut found: Vec<Finding> = into.iter().flat_map(|group| tunnels(context, group)).collect();
    found.dedup();
    let out = isolated(context, Direction::Egress);
    found.extend(out.iter().filter_map(|group| control(context, group)));
    found
}

/// Rules for pods in ambient mode that leave the tunnel out.
fn tunnels(context: &Context<'_>, group: &Isolated<'_>) -> Vec<Finding> {
    let ambient = |pod: &&Pod| label(context, pod, MODE, MODE) == Some("ambient");
    if !group.pods.iter().any(ambient) {
        return Vec::new();
    }
    let lacking =
        group.rules().filter(|rule| is_for_pods(*rule) && !numbered_ports(rule.rule).contains(TUNNEL));
    // A rule without numbers has names only: nobody can say.
    let lacking = lacking.filter(|rule| numbered_ports(rule.rule) != PortSet::NONE);
    lacking.map(|rule| tunnel(context, rule)).collect()
}

fn is_for_pods(rule: PolicyRule<'_>) -> bool {
    let pods = rule.rule.peers.iter().any(|peer| matches!(peer.kind, PeerKind::Pods { .. }));
    pods || rule.rule.peers.is_empty()
}

fn tunnel(context: &Context<'_>, rule: PolicyRule<'_>) -> Finding {
    let ports = context.view(rule.rule.place.as_ref()).and_then(|rule| rule.get(&["ports"]));
    let message =
        "in Istio's ambient mode, connections of the mesh arrive on TCP 15008, which this rule leaves out";
    Finding::about(&RULE, rule.policy, message)
        .at(ports.map(|ports| ports.place()), "not the tunnel's port")
        .help("add port 15008")
        .suggest(ports.and_then(edit))
}

fn edit(ports: podfence_source::View<'_, '_>) -> Option<Vec<Edit>> {
    Some(vec![ports.add_item("port: 15008")?])
}

/// Pods with sidecars that may not reach the control plane.
fn control(context: &Context<'_>, group: &Isolated<'_>) -> Option<Finding> {
    let injected = |pod: &&&Pod| {
        label(context, pod, INJECT, "istio-injection")
            .is_some_and(|value| ["true", "enabled"].contains(&value))
    };
    let pods: Vec<&Pod> = group.pods.iter().filter(injected).copied().collect();
    let first = group.rules().next().filter(|_| !pods.is_empty())?;
    if group.rules().any(|rule| numbered_ports(rule.rule).contains(CONTROL)) {
        return None;
    }
    let message =
        format!("{} may not reach Istio's control plane: no rule admits TCP 15012", words::pods(pods));
    let egress = context.spec(first.policy).and_then(|spec| Some(spec.field("egress")?.key_place()));
    Some(
        Finding::about(&RULE, first.policy, message)
            .at(egress, "no rule for the sidecar")
            .help("admit TCP 15012 to the pods `app: istiod` in `istio-system`"),
    )
}

/// A label of a pod, or else one of its namespace.
fn label<'w>(context: &'w Context<'_>, pod: &'w Pod, of_pod: &str, of_namespace: &str) -> Option<&'w str> {
    let namespace = context.world.namespaces.get(&pod.meta.id.namespace);
    let inherited = || namespace?.labels.get(of_namespace);
    pod.meta.labels.get(of_pod).or_else(inherited).map(String::as_str)
}
