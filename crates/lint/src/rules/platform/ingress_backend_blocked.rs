//! # The ingress controller may not reach a backend
//!
//! An Ingress leads to a Service whose pods are isolated for ingress, and their policies do not admit the ingress controller on
//! the port that the pods listen on. Where no controller is in the input: they admit nobody on it.
//!
//! ## Why is this bad?
//!
//! Clients outside talk to the controller, and the controller talks to the pods. They get `504 Gateway Timeout`.
//!
//! ## Example
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: Ingress
//! metadata: {name: shop, namespace: shop}
//! spec:
//!   rules:
//!     - host: shop.example.com
//!       http:
//!         paths:
//!           - path: /
//!             pathType: Prefix
//!             backend: {service: {name: web, port: {number: 80}}}
//! ---
//! apiVersion: v1
//! kind: Service
//! metadata: {name: web, namespace: shop}
//! spec:
//!   selector: {app: web}
//!   ports: [{port: 80, targetPort: 8080}]
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop, labels: {app: web}}
//! spec: {containers: [{name: web, image: web, ports: [{containerPort: 8080}]}]}
//! ---
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: web}}
//!   policyTypes: [Ingress]
//!   ingress:
//!     - from:
//!         - podSelector: {}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata:
//!   name: controller
//!   namespace: ingress-nginx
//!   labels: {app.kubernetes.io/name: ingress-nginx, app.kubernetes.io/component: controller}
//! spec: {containers: [{name: controller, image: controller}]}
//! ```
//!
//! ```text
//! error: the ingress controller ingress-nginx/controller may not reach 1 pod (web) on TCP 8080
//!   11:39 leads to them
//!   29:3 isolates them
//!   help: admit the controller's pods, on TCP 8080
//! ```
//!
//! ## When it is silent
//!
//! - The controller is not in the input, and a rule admits somebody on the port: perhaps the controller.
//! - The controller is on the host's network and its node's address is not known.
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: Ingress
//! metadata: {name: shop, namespace: shop}
//! spec:
//!   defaultBackend: {service: {name: web, port: {number: 80}}}
//! ---
//! apiVersion: v1
//! kind: Service
//! metadata: {name: web, namespace: shop}
//! spec:
//!   selector: {app: web}
//!   ports: [{port: 80, targetPort: 8080}]
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop, labels: {app: web}}
//! spec: {containers: [{name: web, image: web, ports: [{containerPort: 8080}]}]}
//! ---
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: web}}
//!   policyTypes: [Ingress]
//!   ingress:
//!     - from:
//!         - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: traefik}}
//! ```

use podfence_analysis::assumed::is_ingress_controller;
use podfence_analysis::{Backend, backend_port, backends};
use podfence_engine::Outcome;
use podfence_model::{
    Direction, Endpoint, Ingress, IngressBackend, Kind, NamespacedName, ObjectRef, Place, Pod,
};
use podfence_source::{Severity, View};

use crate::context::{Context, place_of};
use crate::family::Family;
use crate::finding::Finding;
use crate::isolated::may_use;
use crate::rule::{Check, Rule};
use crate::words;

pub(super) static RULE: Rule = Rule {
    code: "ingress-backend-blocked",
    family: Family::Platform,
    severity: Severity::Error,
    file: include_str!("ingress_backend_blocked.rs"),
    check: Check::World(check),
};

fn check(context: &Context<'_>) -> Vec<Finding> {
    let controllers: Vec<&Pod> = context.pods().filter(|pod| is_ingress_controller(pod)).collect();
    let ingresses = context.world.ingresses.values();
    let all = ingresses.flat_map(|ingress| ingress.backends.iter().map(move |backend| (ingress, backend)));
    let mut found: Vec<Finding> =
        all.filter_map(|(ingress, backend)| finding(context, &controllers, ingress, backend)).collect();
    found.dedup();
    found
}

fn finding(
    context: &Context<'_>,
    controllers: &[&Pod],
    ingress: &Ingress,
    backend: &IngressBackend,
) -> Option<Finding> {
    let id = &ingress.meta.id;
    let service = context.world.services.get(&NamespacedName::new(&id.namespace, &backend.service))?;
    let behind = backends(context.world, service, backend_port(service, &backend.port)?);
    let first = behind.first()?;
    if !behind.iter().all(|backend| is_blocked(context, controllers, backend)) {
        return None;
    }
    let who = match controllers.first() {
        Some(controller) => format!("the ingress controller {}", controller.meta.id),
        None => "whoever serves this Ingress".to_owned(),
    };
    let pods = words::pods(behind.iter().filter_map(|backend| context.pod(&backend.end)));
    let message = format!("{who} may not reach {pods} on {}", first.layer4);
    let object = ObjectRef { kind: Kind::Ingress, namespace: id.namespace.clone(), name: id.name.clone() };
    let policy = context.isolating(&first.end, Direction::Ingress).into_iter().next()?;
    Some(
        Finding::new(&RULE, object, message)
            .at(place(context, ingress, backend), "leads to them")
            .at(context.subject_place(policy), "isolates them")
            .help(format!("admit the controller's pods, on {}", first.layer4)),
    )
}

fn is_blocked(context: &Context<'_>, controllers: &[&Pod], backend: &Backend) -> bool {
    if controllers.is_empty() {
        let policies = context.isolating(&backend.end, Direction::Ingress);
        let rules = || policies.iter().flat_map(|policy| &policy.ingress);
        return !policies.is_empty() && !rules().any(|rule| may_use(rule, backend.layer4));
    }
    controllers.iter().all(|controller| {
        let source = Endpoint::Pod { id: controller.meta.id.clone(), address: None };
        context.outcome(source, backend.end.clone(), backend.layer4) == Some(Outcome::Denied)
    })
}

/// Where the Ingress names the Service.
fn place(context: &Context<'_>, ingress: &Ingress, backend: &IngressBackend) -> Option<Place> {
    let named = |view: View<'_, '_>| {
        let name = view.get(&["service", "name"])?;
        (name.text() == Some(&backend.service)).then(|| name.place())
    };
    let spec = context.object(&ingress.meta.origin).and_then(|object| object.get(&["spec"]));
    let default = spec.and_then(|spec| named(spec.get(&["defaultBackend"])?));
    let rules = spec.into_iter().filter_map(|spec| spec.get(&["rules"])).flat_map(|rules| rules.items());
    let paths = rules.filter_map(|rule| rule.get(&["http", "paths"])).flat_map(|paths| paths.items());
    let mut places = paths.filter_map(|path| named(path.get(&["backend"])?));
    default.or_else(|| places.next()).or_else(|| place_of(&ingress.meta.origin).cloned())
}
