//! # The API server may not call a webhook
//!
//! A webhook, or an aggregated API such as that of metrics-server, is served by pods that are isolated for ingress, and their policies
//! do not admit the API servers on the port that the pods listen on.
//!
//! ## Why is this bad?
//!
//! API servers are no pods: no selector means them. While the webhook does not answer, every request that it is asked about fails
//! after a wait, or passes unchecked with `failurePolicy: Ignore`.
//!
//! ## Example
//!
//! ```yaml fires
//! apiVersion: admissionregistration.k8s.io/v1
//! kind: ValidatingWebhookConfiguration
//! metadata: {name: checker}
//! webhooks:
//!   - name: check.example.com
//!     clientConfig:
//!       service: {namespace: policies, name: checker}
//! ---
//! apiVersion: v1
//! kind: Service
//! metadata: {name: checker, namespace: policies}
//! spec: {selector: {app: checker}, ports: [{port: 443, targetPort: 9443}]}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: checker, namespace: policies, labels: {app: checker}}
//! spec: {containers: [{name: checker, image: checker}]}
//! ---
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: default-deny, namespace: policies}
//! spec: {podSelector: {}, policyTypes: [Ingress]}
//! ```
//!
//! ```text
//! warning: API servers may not call check.example.com at 1 pod (checker) on TCP 9443
//!   7:16 requests fail without it
//!   22:8 isolates them
//!   help: admit TCP 9443 from the addresses of the API servers, or from everybody
//! ```
//!
//! ## When it is silent
//!
//! - A rule admits everybody or some block on the port: perhaps the API servers, whose addresses are not known.
//! - A rule admits pods of `kube-system`, by which managed clusters forward the calls of API servers.
//!
//! ```yaml silent
//! apiVersion: admissionregistration.k8s.io/v1
//! kind: ValidatingWebhookConfiguration
//! metadata: {name: checker}
//! webhooks:
//!   - name: check.example.com
//!     clientConfig:
//!       service: {namespace: policies, name: checker}
//! ---
//! apiVersion: v1
//! kind: Service
//! metadata: {name: checker, namespace: policies}
//! spec: {selector: {app: checker}, ports: [{port: 443, targetPort: 9443}]}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: checker, namespace: policies, labels: {app: checker}}
//! spec: {containers: [{name: checker, image: checker}]}
//! ---
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: checker, namespace: policies}
//! spec:
//!   podSelector: {}
//!   policyTypes: [Ingress]
//!   ingress:
//!     - ports: [{port: 9443}]
//! ```

use podfence_analysis::{Backend, backends};
use podfence_engine::Outcome;
use podfence_model::{
    Callback, Direction, Endpoint, NamespaceScope, Peer, PeerKind, Protocol, Rule as PolicyRule,
};
use podfence_source::Severity;

use crate::context::Context;
use crate::family::Family;
use crate::finding::Finding;
use crate::isolated::may_use;
use crate::rule::{Check, Rule};
use crate::selectors::may_name;
use crate::words;

pub(super) static RULE: Rule = Rule {
    code: "webhook-blocked",
    family: Family::Platform,
    severity: Severity::Warning,
    file: include_str!("webhook_blocked.rs"),
    check: Check::World(check),
};

fn check(context: &Context<'_>) -> Vec<Finding> {
    context.world.callbacks.iter().filter_map(|call| finding(context, call)).collect()
}

fn finding(context: &Context<'_>, call: &Callback) -> Option<Finding> {
    let service = context.world.services.get(&call.service)?;
    let behind = backends(context.world, service, service.port(Protocol::Tcp, call.port)?);
    let first = behind.first()?;
    if !behind.iter().all(|backend| is_blocked(context, backend)) {
        return None;
    }
    let policy = context.isolating(&first.end, Direction::Ingress).into_iter().next()?;
    let pods = words::pods(behind.iter().filter_map(|backend| context.pod(&backend.end)));
    let message = format!("API servers may not call {} at {pods} on {}", call.name, first.layer4);
    let label = if call.required { "requests fail without it" } else { "requests pass without it" };
    Some(
        Finding::new(&RULE, call.object.clone(), message)
            .at(call.place.clone(), label)
            .at(context.subject_place(policy), "isolates them")
            .help(format!("admit {} from the addresses of the API servers, or from everybody", first.layer4)),
    )
}

fn is_blocked(context: &Context<'_>, backend: &Backend) -> bool {
    let policies = context.isolating(&backend.end, Direction::Ingress);
    let servers = &context.facts().api_servers;
    if policies.is_empty() {
        return false;
    }
    if servers.is_empty() {
        let mut rules = policies.iter().flat_map(|policy| &policy.ingress);
        return !rules.any(|rule| may_use(rule, backend.layer4) && may_admit_them(rule));
    }
    let denied = |ip: &std::net::IpAddr| {
        context.outcome(Endpoint::Ip(*ip), backend.end.clone(), backend.layer4) == Some(Outcome::Denied)
    };
    servers.iter().all(denied)
}

/// Whether API servers, or what forwards their calls, may be among a rule's peers.
fn may_admit_them(rule: &PolicyRule) -> bool {
    let may = |peer: &Peer| match &peer.kind {
        PeerKind::Block(_) => true,
        PeerKind::Pods { namespaces: NamespaceScope::Own, .. } => false,
        PeerKind::Pods { namespaces: NamespaceScope::Matching(selector), .. } => {
            may_name(selector, |name| name == "kube-system")
        }
    };
    rule.peers.is_empty() || rule.peers.iter().any(may)
}
