//! # A block that is the address of a Service
//!
//! An `ipBlock` is a Service's virtual address, or lies in the range of these addresses.
//!
//! ## Why is this bad?
//!
//! A node translates the Service's address to a pod's before policies are asked, so that no packet they see has it. The
//! block matches nothing.
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
//!         - ipBlock: {cidr: 10.96.14.20/32}
//!     - ports:
//!         - {port: 53, protocol: UDP}
//!         - {port: 53}
//! ---
//! apiVersion: v1
//! kind: Service
//! metadata: {name: db, namespace: shop}
//! spec:
//!   clusterIP: 10.96.14.20
//!   selector: {app: db}
//!   ports: [{port: 5432}]
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
//! error: 10.96.14.20 is the address of Service shop/db: policies see no packet with such an address
//!   9:27 matches nothing
//!   14:1 has this address
//!   help: name the pods behind the Service by their labels
//! ```
//!
//! Name the pods behind the Service:
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
//!         - podSelector:
//!             matchLabels:
//!               app: db
//!     - ports:
//!         - {port: 53, protocol: UDP}
//!         - {port: 53}
//! ---
//! apiVersion: v1
//! kind: Service
//! metadata: {name: db, namespace: shop}
//! spec:
//!   clusterIP: 10.96.14.20
//!   selector: {app: db}
//!   ports: [{port: 5432}]
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
//! is open   all of shop → all of shop all ports but TCP 53; UDP 53, undecidable before
//! is closed shop/web → kube-system/deploy/coredns all ports but TCP 53; UDP 53, undecidable before
//! ```
//!
//! ## Another example
//!
//! ```yaml cluster
//! apiVersion: podfence.dev/v1alpha1
//! kind: ClusterFacts
//! serviceCIDRs: [10.96.0.0/12]
//! ```
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
//!         - ipBlock: {cidr: 10.96.0.0/12}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop, labels: {app: web}}
//! spec: {containers: [{name: web, image: web}]}
//! ```
//!
//! ```text
//! error: 10.96.0.0/12 is the range of Services' addresses: policies see no packet with such an address
//!   9:27 matches nothing
//!   help: name the pods behind the Service by their labels
//! ```
//!
//! ## When it is silent
//!
//! The Services' addresses are not known, or the block is wider than their range.
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
//!         - ipBlock: {cidr: 10.96.14.20/32}
//! ```

use std::collections::HashMap;
use std::net::IpAddr;

use podfence_model::{Cidr, METADATA_NAME, Service, ServiceAddress};
use podfence_source::{Edit, Severity};

use crate::blocks::{BlockPeer, all};
use crate::context::Context;
use crate::family::Family;
use crate::finding::Finding;
use crate::rule::{Check, Rule};

pub(super) static RULE: Rule = Rule {
    code: "block-is-service",
    family: Family::Blocks,
    severity: Severity::Error,
    file: include_str!("block_is_service.rs"),
    check: Check::World(check),
};

fn check(context: &Context<'_>) -> Vec<Finding> {
    let services: HashMap<IpAddr, &Service> = context.world.services.values().flat_map(addresses).collect();
    all(context).filter_map(|block| finding(context, &services, block)).collect()
}

fn addresses(service: &Service) -> impl Iterator<Item = (IpAddr, &Service)> {
    let ips: &[IpAddr] = match &service.address {
        ServiceAddress::Ips(ips) => ips,
        ServiceAddress::Unstated | ServiceAddress::Headless => &[],
    };
    ips.iter().map(move |ip| (*ip, service))
}

fn finding(
    context: &Context<'_>,
    services: &HashMap<IpAddr, &Service>,
    peer: BlockPeer<'_>,
) -> Option<Finding> {
    let cidr = peer.block.cidr();
    let service = services.get(&cidr.first()).filter(|_| cidr == Cidr::host(cidr.first()));
    let what = if let Some(service) = service {
        format!("{} is the address of Service {}", cidr.first(), service.meta.id)
    } else {
        let range = context.facts().service_ranges.iter().find(|range| range.covers(cidr))?;
        let lies =
            if *range == cidr { "is the range".to_owned() } else { format!("lies in {range}, the range") };
        format!("{cidr} {lies} of Services' addresses")
    };
    let message = format!("{what}: policies see no packet with such an address");
    let finding = Finding::about(&RULE, peer.rule.policy, message)
        .at(peer.cidr_place(context), "matches nothing")
        .help("name the pods behind the Service by their labels");
    Some(match service {
        Some(service) => {
            finding.at_object(&service.meta.origin, "has this address").suggest(edit(context, peer, service))
        }
        None => finding,
    })
}

/// The pods behind the Service in place of the block, on the lines that the peer has.
fn edit(context: &Context<'_>, peer: BlockPeer<'_>, service: &Service) -> Option<Vec<Edit>> {
    let view = context.view(peer.peer.place.as_ref())?;
    let labels: Vec<String> =
        service.selector.as_ref()?.iter().map(|(key, value)| format!("    {key}: {value}")).collect();
    let mut lines = vec!["podSelector:".to_owned(), "  matchLabels:".to_owned()];
    lines.extend(labels);
    let namespace = &service.meta.id.namespace;
    if *namespace != peer.rule.policy.meta.id.namespace {
        let selector = ["namespaceSelector:".to_owned(), "  matchLabels:".to_owned()];
        lines.splice(0..0, selector.into_iter().chain([format!("    {METADATA_NAME}: {namespace}")]));
    }
    let margin = format!("\n{}", " ".repeat((view.place().column as usize).saturating_sub(1)));
    if view.is_flow() { None } else { Some(vec![view.replace(lines.join(&margin))?]) }
}
