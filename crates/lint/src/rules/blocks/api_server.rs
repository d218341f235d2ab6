//! # Pods that use the Kubernetes API and may not reach it
//!
//! Pods run under a service account of their own, and no egress rule lets them out to the API servers.
//!
//! ## Why is this bad?
//!
//! A service account is made for programs that talk to the API: operators, controllers, monitoring. The Service
//! `default/kubernetes` leads to the addresses of the API servers, which are those of machines and not of pods, so that no
//! selector names them. Only an `ipBlock` does.
//!
//! ## Example
//!
//! ```yaml cluster
//! apiVersion: podfence.dev/v1alpha1
//! kind: ClusterFacts
//! apiServers: [172.18.0.2]
//! ```
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: operator, namespace: shop}
//! spec:
//!   podSelector: {}
//!   policyTypes: [Egress]
//!   egress:
//!     - to:
//!         - namespaceSelector: {}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: operator, namespace: shop, labels: {app: operator}}
//! spec:
//!   serviceAccountName: operator
//!   containers: [{name: operator, image: operator}]
//! ```
//!
//! ```text
//! note: 1 pod (operator) cannot reach the API servers, which their service account is for
//!   7:3 no rule for the API servers
//!   help: admit their addresses by `ipBlock`: selectors do not name them
//! ```
//!
//! ```yaml fixed
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: operator, namespace: shop}
//! spec:
//!   podSelector: {}
//!   policyTypes: [Egress]
//!   egress:
//!     - to:
//!         - namespaceSelector: {}
//!     - to:
//!         - ipBlock:
//!             cidr: 172.18.0.2/32
//!       ports:
//!         - port: 6443
//!         - port: 443
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: operator, namespace: shop, labels: {app: operator}}
//! spec:
//!   serviceAccountName: operator
//!   containers: [{name: operator, image: operator}]
//! ```
//!
//! ```text
//! opened    shop/operator → 172.18.0.2/32 TCP 443, 6443
//! ```
//!
//! ## When it is silent
//!
//! - The addresses of the API servers are not known.
//! - The pods run under the namespace's default account, or without its token.
//! - Their policies let them out to nobody.
//!
//! ```yaml cluster
//! apiVersion: podfence.dev/v1alpha1
//! kind: ClusterFacts
//! apiServers: [172.18.0.2]
//! ```
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: operator, namespace: shop}
//! spec:
//!   podSelector: {}
//!   policyTypes: [Egress]
//!   egress:
//!     - to:
//!         - namespaceSelector: {}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: operator, namespace: shop, labels: {app: operator}}
//! spec:
//!   serviceAccountName: operator
//!   automountServiceAccountToken: false
//!   containers: [{name: operator, image: operator}]
//! ```

use std::net::IpAddr;

use podfence_engine::Outcome;
use podfence_model::{Cidr, Direction, Endpoint, Layer4, Pod, Port, Protocol};
use podfence_source::{Edit, Severity};

use crate::context::{Context, PolicyRule};
use crate::family::Family;
use crate::finding::Finding;
use crate::isolated::{Isolated, isolated};
use crate::rule::{Check, Rule};
use crate::words;

pub(super) static RULE: Rule = Rule {
    code: "api-server",
    family: Family::Blocks,
    severity: Severity::Note,
    file: include_str!("api_server.rs"),
    check: Check::World(check),
};

/// Ports that API servers listen on.
const PORTS: [Port; 2] = [Port::new(6443).unwrap(), Port::new(443).unwrap()];

fn check(context: &Context<'_>) -> Vec<Finding> {
    let servers = &context.facts().api_servers;
    if servers.is_empty() {
        return Vec::new();
    }
    let groups = isolated(context, Direction::Egress);
    groups.iter().filter_map(|group| finding(context, servers, group)).collect()
}

fn finding(context: &Context<'_>, servers: &[IpAddr], group: &Isolated<'_>) -> Option<Finding> {
    let rule: PolicyRule<'_> = group.rules().next()?;
    let users: Vec<&Pod> = group.pods.iter().filter(|pod| uses_api(context, pod)).copied().collect();
    let first = users.first()?;
    if servers.iter().any(|ip| reaches(context, first, *ip)) {
        return None;
    }
    let message =
        format!("{} cannot reach the API servers, which their service account is for", words::pods(users));
    let egress = context.spec(rule.policy).and_then(|spec| Some(spec.field("egress")?.key_place()));
    Some(
        Finding::about(&RULE, rule.policy, message)
            .at(egress, "no rule for the API servers")
            .help("admit their addresses by `ipBlock`: selectors do not name them")
            .suggest(edit(context, rule, servers)),
    )
}

fn uses_api(context: &Context<'_>, pod: &Pod) -> bool {
    let Some(spec) = context.pod_spec(pod) else { return false };
    let text = |key: &str| spec.get(&[key]).and_then(|value| value.text());
    let account = text("serviceAccountName").is_some_and(|name| !name.is_empty() && name != "default");
    account && text("automountServiceAccountToken") != Some("false")
}

fn reaches(context: &Context<'_>, pod: &Pod, ip: IpAddr) -> bool {
    let out = |port| context.let_out(pod, Endpoint::Ip(ip), Layer4::Port(Protocol::Tcp, port));
    PORTS.into_iter().any(|port| out(port) != Some(Outcome::Denied))
}

fn edit(context: &Context<'_>, rule: PolicyRule<'_>, servers: &[IpAddr]) -> Option<Vec<Edit>> {
    let egress = context.spec(rule.policy)?.get(&["egress"])?;
    let peers: Vec<String> =
        servers.iter().map(|ip| format!("  - ipBlock:\n      cidr: {}\n", Cidr::host(*ip))).collect();
    let ports = "ports:\n  - port: 6443\n  - port: 443";
    Some(vec![egress.add_item(&format!("to:\n{}{ports}", peers.concat()))?])
}
