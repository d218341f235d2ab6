//! # Pods that may not ask the DNS
//!
//! Pods are isolated for egress, and no rule of all policies that select them admits a question to the cluster DNS: UDP 53.
//!
//! ## Why is this bad?
//!
//! Clients find a Service by its name, and the lookup comes first. It gets no answer, so the connection that the policy
//! does admit is never tried: it looks as if the policy admitted nothing, after a wait of several seconds. It is an error where
//! the pods may talk to a Service's pods or to the world outside, and a warning where no name is known for whom they may talk to.
//!
//! ## Example
//!
//! ```yaml fires
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
//! ---
//! apiVersion: v1
//! kind: Service
//! metadata: {name: db, namespace: shop}
//! spec: {selector: {app: db}, ports: [{port: 5432}]}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: db, namespace: shop, labels: {app: db}}
//! spec: {containers: [{name: db, image: db}]}
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
//! error: 1 pod (deploy/web) cannot ask the cluster DNS: no egress rule admits UDP 53 to it
//!   7:3 no rule for the DNS
//!   help: admit UDP and TCP 53 to the DNS, here or in a policy for the whole namespace
//! ```
//!
//! Admit UDP 53, and TCP 53 for long answers:
//!
//! ```yaml fixed
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
//!     - to:
//!         - namespaceSelector:
//!             matchLabels:
//!               kubernetes.io/metadata.name: kube-system
//!           podSelector:
//!             matchLabels:
//!               k8s-app: kube-dns
//!       ports:
//!         - protocol: UDP
//!           port: 53
//!         - protocol: TCP
//!           port: 53
//! ---
//! apiVersion: v1
//! kind: Service
//! metadata: {name: db, namespace: shop}
//! spec: {selector: {app: db}, ports: [{port: 5432}]}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: db, namespace: shop, labels: {app: db}}
//! spec: {containers: [{name: db, image: db}]}
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
//! opened    shop/deploy/web → kube-system/deploy/coredns TCP 53; UDP 53
//! ```
//!
//! A port without a protocol is a TCP port, so this admits half of what is needed, and not the half that is tried first:
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: dns, namespace: shop}
//! spec:
//!   podSelector: {}
//!   policyTypes: [Egress]
//!   egress:
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
//!
//! ```text
//! error: 1 pod (deploy/web) cannot ask the cluster DNS: port 53 is admitted over TCP only
//!   9:11 without `protocol` this is TCP
//!   help: admit UDP 53, too: resolvers try it first
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
//!     - ports:
//!         - port: 53
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
//! widened   every pod → everybody UDP 53 (TCP 53 stays allowed)
//! ```
//!
//! ## When it is silent
//!
//! - Another policy that selects the same pods admits it: policies add up.
//! - The policies admit nothing at all: who may talk to nobody needs no names.
//! - They admit narrow blocks only: addresses need no names.
//! - A rule for it misspells the namespace: see `namespace-label-unknown`.
//! - The pods have another `dnsPolicy`, `None` or `Default`.
//! - Without facts about the cluster: a rule names port 53 or 5353, or admits all ports to whom another DNS may be.
//!
//! ```yaml silent
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
//! ---
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
//!         - {port: 53, protocol: UDP}
//!         - {port: 53, protocol: TCP}
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

use std::collections::BTreeSet;

use podfence_model::{Peer, PeerKind, Pod, PortMatch};
use podfence_source::{Edit, Severity};

use crate::context::Context;
use crate::dns::{Case, Servers, Trouble, cases};
use crate::family::Family;
use crate::finding::Finding;
use crate::rule::{Check, Rule};

pub(super) static RULE: Rule = Rule {
    code: "egress-without-dns",
    family: Family::Dns,
    severity: Severity::Error,
    file: include_str!("egress_without_dns.rs"),
    check: Check::World(check),
};

fn check(context: &Context<'_>) -> Vec<Finding> {
    let missing = |case: &Case<'_>| match case.trouble {
        Trouble::Missing(None) => Some(nothing(context, case)),
        Trouble::Missing(Some(tcp)) => Some(tcp_only(context, case, tcp)),
        _ => None,
    };
    cases(context).iter().filter_map(missing).collect()
}

fn nothing(context: &Context<'_>, case: &Case<'_>) -> Finding {
    let port = Servers::of(context).port();
    let policy = case.rule.policy;
    let egress = context.spec(policy).and_then(|spec| Some(spec.field("egress")?.key_place()));
    let message =
        format!("{} cannot ask the cluster DNS: no egress rule admits UDP {port} to it", case.whose());
    Finding::about(&RULE, policy, message)
        .severity(severity(context, case))
        .at(egress, "no rule for the DNS")
        .help(format!("admit UDP and TCP {port} to the DNS, here or in a policy for the whole namespace"))
        .suggest(rule(context, case))
}

fn tcp_only(context: &Context<'_>, case: &Case<'_>, tcp: &PortMatch) -> Finding {
    let message = format!("{} cannot ask the cluster DNS: port 53 is admitted over TCP only", case.whose());
    let stated = context.view(tcp.place.as_ref()).is_some_and(|item| item.get(&["protocol"]).is_some());
    let label = if stated { "TCP only" } else { "without `protocol` this is TCP" };
    Finding::about(&RULE, case.rule.policy, message)
        .severity(case.severity())
        .at(tcp.place.clone(), label)
        .help("admit UDP 53, too: resolvers try it first")
        .suggest(udp(context, case))
}

/// An error where somebody is known to be reached by name: through a Service, or outside of the cluster.
fn severity(context: &Context<'_>, case: &Case<'_>) -> Severity {
    let by_name = |peer: &Peer| match &peer.kind {
        PeerKind::Block(block) => block.cidr().net().prefix_len() == 0,
        PeerKind::Pods { .. } => has_service(context, &context.peer_pods(case.rule.policy, peer)),
    };
    let peers = &case.rule.rule.peers;
    let sure = peers.is_empty() || peers.iter().any(by_name);
    if sure { case.severity() } else { Severity::Warning }
}

fn has_service(context: &Context<'_>, pods: &[&Pod]) -> bool {
    let homes: BTreeSet<&str> = pods.iter().map(|pod| pod.meta.id.namespace.as_str()).collect();
    let services = context.world.services.values();
    let mut near = services.filter(|service| homes.contains(service.meta.id.namespace.as_str()));
    near.any(|service| pods.iter().any(|pod| Context::fronts(service, pod)))
}

fn rule(context: &Context<'_>, case: &Case<'_>) -> Option<Vec<Edit>> {
    let egress = context.spec(case.rule.policy)?.get(&["egress"])?;
    Some(vec![egress.add_item(&Servers::of(context).rule_text())?])
}

fn udp(context: &Context<'_>, case: &Case<'_>) -> Option<Vec<Edit>> {
    let ports = context.view(case.rule.rule.place.as_ref())?.get(&["ports"])?;
    let block = ports.add_item("protocol: UDP\nport: 53");
    Some(vec![block.or_else(|| ports.add_flow_item("{protocol: UDP, port: 53}"))?])
}
