//! # A block for clients whose addresses never arrive
//!
//! An ingress rule names clients outside of the cluster by an `ipBlock`, and they come through a Service of type NodePort or
//! LoadBalancer with `externalTrafficPolicy: Cluster`, which is the default.
//!
//! ## Why is this bad?
//!
//! The node that a connection enters by sends it on to the pod's node under its own address. The pod's policies see that node,
//! and not the client, so the block admits nobody, except those who happen to enter by the pod's own node.
//!
//! ## Example
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: web}}
//!   policyTypes: [Ingress]
//!   ingress:
//!     - from:
//!         - ipBlock: {cidr: 203.0.113.0/24}
//! ---
//! apiVersion: v1
//! kind: Service
//! metadata: {name: web, namespace: shop}
//! spec:
//!   type: LoadBalancer
//!   selector: {app: web}
//!   ports: [{port: 80}]
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop, labels: {app: web}}
//! spec: {containers: [{name: web, image: web, ports: [{containerPort: 80}]}]}
//! ```
//!
//! ```text
//! warning: clients in 203.0.113.0/24 come through Service shop/web, which hides their addresses
//!   9:27 policies see a node in their place
//!   11:1 `externalTrafficPolicy` is `Cluster`
//!   help: set `externalTrafficPolicy: Local` in the Service, so that addresses arrive
//! ```
//!
//! With `externalTrafficPolicy: Local` the client's address arrives:
//!
//! ```yaml fixed
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: web}}
//!   policyTypes: [Ingress]
//!   ingress:
//!     - from:
//!         - ipBlock: {cidr: 203.0.113.0/24}
//! ---
//! apiVersion: v1
//! kind: Service
//! metadata: {name: web, namespace: shop}
//! spec:
//!   type: LoadBalancer
//!   selector: {app: web}
//!   ports: [{port: 80}]
//!   externalTrafficPolicy: Local
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop, labels: {app: web}}
//! spec: {containers: [{name: web, image: web, ports: [{containerPort: 80}]}]}
//! ```
//!
//! ```text
//! EQUAL  nothing changes: every connection is judged as before
//! ```
//!
//! ## When it is silent
//!
//! - The rule also admits the nodes, or everybody, or the block may hold nodes: it has private addresses, and the nodes'
//!   are not known.
//! - The Service is for clients in the cluster only.
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: web}}
//!   policyTypes: [Ingress]
//!   ingress:
//!     - from:
//!         - ipBlock: {cidr: 203.0.113.0/24}
//!         - ipBlock: {cidr: 172.18.0.0/16}
//! ---
//! apiVersion: v1
//! kind: Service
//! metadata: {name: web, namespace: shop}
//! spec:
//!   type: LoadBalancer
//!   selector: {app: web}
//!   ports: [{port: 80}]
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop, labels: {app: web}}
//! spec: {containers: [{name: web, image: web, ports: [{containerPort: 80}]}]}
//! ```

use podfence_analysis::AddressSet;
use podfence_model::{Direction, IpBlock, Layer4, Service, ServiceType, TrafficPolicy};
use podfence_source::{Edit, Severity};

use crate::blocks::{BlockPeer, is_internal, of_rule};
use crate::context::Context;
use crate::family::Family;
use crate::finding::Finding;
use crate::isolated::{Isolated, isolated, numbered_ports};
use crate::rule::{Check, Rule};

pub(super) static RULE: Rule = Rule {
    code: "block-behind-snat",
    family: Family::Blocks,
    severity: Severity::Warning,
    file: include_str!("block_behind_snat.rs"),
    check: Check::World(check),
};

fn check(context: &Context<'_>) -> Vec<Finding> {
    let groups = isolated(context, Direction::Ingress);
    let exposed: Vec<&Service> = context.world.services.values().filter(|service| hides(service)).collect();
    let mut found: Vec<Finding> =
        groups.iter().flat_map(|group| of_group(context, &exposed, group)).collect();
    found.dedup();
    found
}

/// Whether a Service is open to the outside, and hides who comes.
fn hides(service: &Service) -> bool {
    let open = matches!(service.kind, ServiceType::NodePort | ServiceType::LoadBalancer);
    open && service.external_traffic == TrafficPolicy::Cluster
}

fn of_group(context: &Context<'_>, exposed: &[&Service], group: &Isolated<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for service in exposed {
        for layer4 in Context::listens(service, &group.pods) {
            let admits = |peer: &BlockPeer<'_>| numbered_ports(peer.rule.rule).contains(layer4);
            let blocks: Vec<BlockPeer<'_>> = group.rules().flat_map(of_rule).filter(admits).collect();
            if !may_admit_nodes(context, group, &blocks, layer4) {
                found.extend(blocks.iter().map(|peer| finding(context, *peer, service)));
            }
        }
    }
    found
}

fn may_admit_nodes(
    context: &Context<'_>,
    group: &Isolated<'_>,
    blocks: &[BlockPeer<'_>],
    layer4: Layer4,
) -> bool {
    let everybody =
        group.rules().any(|rule| rule.rule.peers.is_empty() && numbered_ports(rule.rule).contains(layer4));
    everybody || blocks.iter().any(|peer| may_hold_nodes(context, peer.block))
}

fn may_hold_nodes(context: &Context<'_>, block: &IpBlock) -> bool {
    let mut addresses = context.world.nodes.values().flat_map(|node| &node.addresses).peekable();
    let ranges: AddressSet = context.facts().node_ranges.iter().copied().collect();
    if addresses.peek().is_none() && ranges.is_empty() {
        return is_internal(block);
    }
    addresses.any(|ip| block.contains(*ip)) || !AddressSet::from(block).intersection(&ranges).is_empty()
}

fn finding(context: &Context<'_>, peer: BlockPeer<'_>, service: &Service) -> Finding {
    let message = format!(
        "clients in {} come through Service {}, which hides their addresses",
        peer.block.cidr(),
        service.meta.id
    );
    Finding::about(&RULE, peer.rule.policy, message)
        .at(peer.cidr_place(context), "policies see a node in their place")
        .at_object(&service.meta.origin, "`externalTrafficPolicy` is `Cluster`")
        .help("set `externalTrafficPolicy: Local` in the Service, so that addresses arrive")
        .suggest(edit(context, service))
}

fn edit(context: &Context<'_>, service: &Service) -> Option<Vec<Edit>> {
    let spec = context.object(&service.meta.origin)?.get(&["spec"])?;
    Some(vec![match spec.get(&["externalTrafficPolicy"]) {
        Some(policy) => policy.replace_scalar("Local")?,
        None => spec.add_field("externalTrafficPolicy: Local")?,
    }])
}
