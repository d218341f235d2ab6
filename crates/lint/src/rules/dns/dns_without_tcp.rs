//! # DNS over UDP only
//!
//! A rule admits UDP 53 to the cluster DNS, and no rule admits TCP 53.
//!
//! ## Why is this bad?
//!
//! An answer that does not fit into one packet comes back cut off, and the resolver asks again over TCP (RFC 7766). That
//! happens with many records, such as a headless Service with many pods: a system that has grown fails one day, and
//! only for some names.
//!
//! ## Example
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: dns, namespace: shop}
//! spec:
//!   podSelector: {}
//!   policyTypes: [Egress]
//!   egress:
//!     - to:
//!         - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}
//!       ports:
//!         - protocol: UDP
//!           port: 53
//! ---
//! apiVersion: apps/v1
//! kind: Deployment
//! metadata: {name: web, namespace: shop}
//! spec:
//!   selector: {matchLabels: {app: web}}
//!   template:
//!     metadata: {labels: {app: web}}
//!     spec: {containers: [{name: web, image: web}]}
//! ```
//!
//! ```text
//! warning: DNS is admitted over UDP, and not over TCP, which long answers need
//!   11:11 UDP only
//!   help: admit TCP 53, too
//! ```
//!
//! ```yaml fixed
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: dns, namespace: shop}
//! spec:
//!   podSelector: {}
//!   policyTypes: [Egress]
//!   egress:
//!     - to:
//!         - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}
//!       ports:
//!         - protocol: UDP
//!           port: 53
//!         - protocol: TCP
//!           port: 53
//! ---
//! apiVersion: apps/v1
//! kind: Deployment
//! metadata: {name: web, namespace: shop}
//! spec:
//!   selector: {matchLabels: {app: web}}
//!   template:
//!     metadata: {labels: {app: web}}
//!     spec: {containers: [{name: web, image: web}]}
//! ```
//!
//! ```text
//! widened   every pod → every pod TCP 53 (UDP 53 stays allowed)
//! ```
//!
//! ## When it is silent
//!
//! Another rule or policy admits TCP, or may.
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: dns, namespace: shop}
//! spec:
//!   podSelector: {}
//!   policyTypes: [Egress]
//!   egress:
//!     - to:
//!         - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}
//!       ports:
//!         - protocol: UDP
//!           port: 53
//!     - ports:
//!         - port: 53
//! ---
//! apiVersion: apps/v1
//! kind: Deployment
//! metadata: {name: web, namespace: shop}
//! spec:
//!   selector: {matchLabels: {app: web}}
//!   template:
//!     metadata: {labels: {app: web}}
//!     spec: {containers: [{name: web, image: web}]}
//! ```

use podfence_engine::Outcome;
use podfence_model::{Direction, Layer4, Pod, PortMatch, PortSpec, Protocol};
use podfence_source::{Edit, Severity};

use crate::context::{Context, PolicyRule};
use crate::dns::{Servers, items, with_cluster_dns};
use crate::family::Family;
use crate::finding::Finding;
use crate::isolated::{Isolated, isolated, numbered_ports};
use crate::rule::{Check, Rule};

pub(super) static RULE: Rule = Rule {
    code: "dns-without-tcp",
    family: Family::Dns,
    severity: Severity::Warning,
    file: include_str!("dns_without_tcp.rs"),
    check: Check::World(check),
};

fn check(context: &Context<'_>) -> Vec<Finding> {
    let servers = Servers::of(context);
    let groups = isolated(context, Direction::Egress).iter();
    let groups = groups.filter_map(|group| with_cluster_dns(context, group));
    let mut found: Vec<Finding> = groups.filter_map(|group| finding(context, &servers, &group)).collect();
    found.dedup();
    found
}

fn finding(context: &Context<'_>, servers: &Servers<'_>, group: &Isolated<'_>) -> Option<Finding> {
    let (rule, item) = group.rules().find_map(|rule| Some((rule, items(rule).next()?)))?;
    let is_cut_off = match group.pods.first() {
        Some(pod) => udp_only(context, servers, pod),
        None => !group.rules().any(|rule| may_admit_tcp(rule, item)),
    };
    is_cut_off.then(|| {
        Finding::about(
            &RULE,
            rule.policy,
            "DNS is admitted over UDP, and not over TCP, which long answers need",
        )
        .at(item.place.clone(), "UDP only")
        .help("admit TCP 53, too")
        .suggest(edit(context, rule, item))
    })
}

/// Whether questions get out over UDP, and surely none over TCP.
fn udp_only(context: &Context<'_>, servers: &Servers<'_>, pod: &Pod) -> bool {
    let is = |protocol, outcome: &dyn Fn(&Outcome) -> bool| {
        let mut targets = servers.targets(protocol).into_iter();
        targets.any(|(end, layer4)| context.let_out(pod, end, layer4).is_some_and(|o| outcome(&o)))
    };
    is(Protocol::Udp, &|outcome| *outcome == Outcome::Allowed)
        && !is(Protocol::Tcp, &|outcome| *outcome != Outcome::Denied)
}

/// Whether a rule may admit over TCP what an item admits over UDP.
fn may_admit_tcp(rule: PolicyRule<'_>, udp: &PortMatch) -> bool {
    let named = |item: &PortMatch| matches!(item.ports, PortSpec::Named(_));
    let PortSpec::Range(range) = &udp.ports else { return true };
    rule.rule.ports.iter().any(|item| item.protocol == Protocol::Tcp && named(item))
        || numbered_ports(rule.rule).contains(Layer4::Port(Protocol::Tcp, range.first()))
}

fn edit(context: &Context<'_>, rule: PolicyRule<'_>, item: &PortMatch) -> Option<Vec<Edit>> {
    let port = context.view(item.place.as_ref())?.get(&["port"])?.text()?;
    let ports = context.view(rule.rule.place.as_ref())?.get(&["ports"])?;
    let block = ports.add_item(&format!("protocol: TCP\nport: {port}"));
    Some(vec![block.or_else(|| ports.add_flow_item(&format!("{{protocol: TCP, port: {port}}}")))?])
}
