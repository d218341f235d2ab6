//! # The cloud's metadata server is open
//!
//! A wide block of an egress rule holds 169.254.169.254 and admits TCP 80 to it.
//!
//! ## Why is this bad?
//!
//! In most clouds this server gives the node's credentials to whoever asks, so that one pod that is broken into may come to own
//! the node's rights. Who writes exceptions for private networks often forgets this address, which is in none of them. Without
//! any exception, and without a fact that says which cloud it is, it is a note: perhaps there is no such server.
//!
//! ## Example
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: crawler, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: crawler}}
//!   policyTypes: [Egress]
//!   egress:
//!     - to:
//!         - ipBlock:
//!             cidr: 0.0.0.0/0
//!             except:
//!               - 10.0.0.0/8
//!               - 172.16.0.0/12
//!               - 192.168.0.0/16
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: crawler, namespace: shop, labels: {app: crawler}}
//! spec: {containers: [{name: crawler, image: crawler}]}
//! ```
//!
//! ```text
//! warning: 0.0.0.0/0 holds 169.254.169.254, where clouds hand out the node's credentials
//!   10:19 no exception for it
//!   help: add `169.254.169.254/32` to `except`
//! ```
//!
//! ```yaml fixed
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: crawler, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: crawler}}
//!   policyTypes: [Egress]
//!   egress:
//!     - to:
//!         - ipBlock:
//!             cidr: 0.0.0.0/0
//!             except:
//!               - 10.0.0.0/8
//!               - 172.16.0.0/12
//!               - 192.168.0.0/16
//!               - 169.254.169.254/32
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: crawler, namespace: shop, labels: {app: crawler}}
//! spec: {containers: [{name: crawler, image: crawler}]}
//! ```
//!
//! ```text
//! closed    shop/crawler → 169.254.169.254/32 all ports
//! ```
//!
//! With Cloud DNS for GKE, names are answered at this very address, so that an exception alone would cut pods off from the DNS:
//!
//! ```yaml cluster
//! apiVersion: podfence.dev/v1alpha1
//! kind: ClusterFacts
//! dns: gke-cloud-dns
//! ```
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: crawler, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: crawler}}
//!   policyTypes: [Egress]
//!   egress:
//!     - to:
//!         - ipBlock: {cidr: 0.0.0.0/0}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: crawler, namespace: shop, labels: {app: crawler}}
//! spec: {containers: [{name: crawler, image: crawler}]}
//! ```
//!
//! ```text
//! warning: 0.0.0.0/0 holds 169.254.169.254, where clouds hand out the node's credentials
//!   9:27 and every pod and node
//!   help: except 169.254.169.254/32 here, and admit UDP and TCP 53 to it in a rule of its own
//! ```
//!
//! ## When it is silent
//!
//! - The rule does not admit TCP 80: port 443 to everybody, or port 53.
//! - The rule has no block: who admits everybody knows that.
//! - The block is one of link-local addresses, written on purpose.
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: crawler, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: crawler}}
//!   policyTypes: [Egress]
//!   egress:
//!     - to:
//!         - ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8]}
//!       ports:
//!         - port: 443
//!     - to:
//!         - ipBlock: {cidr: 169.254.169.254/32}
//! ```

use podfence_model::{Cidr, DnsKind};
use podfence_source::Severity;

use crate::blocks::{BlockPeer, all};
use crate::context::Context;
use crate::family::Family;
use crate::finding::Finding;
use crate::metadata::{ADDRESS, is_opened_by};
use crate::rule::{Check, Rule};

pub(super) static RULE: Rule = Rule {
    code: "metadata-address-open",
    family: Family::Platform,
    severity: Severity::Warning,
    file: include_str!("metadata_address_open.rs"),
    check: Check::World(check),
};

fn check(context: &Context<'_>) -> Vec<Finding> {
    all(context).filter(is_opened_by).map(|peer| finding(context, peer)).collect()
}

fn finding(context: &Context<'_>, peer: BlockPeer<'_>) -> Finding {
    let cidr = peer.block.cidr();
    let has_exceptions = !peer.block.except().is_empty();
    let cloud_dns = context.facts().dns == Some(DnsKind::GkeCloudDns);
    let message = format!("{cidr} holds {ADDRESS}, where clouds hand out the node's credentials");
    let label = if has_exceptions { "no exception for it" } else { "and every pod and node" };
    let finding = Finding::about(&RULE, peer.rule.policy, message).at(peer.cidr_place(context), label);
    let except = Cidr::host(ADDRESS);
    let finding = if cloud_dns {
        finding.help(format!("except {except} here, and admit UDP and TCP 53 to it in a rule of its own"))
    } else {
        finding
            .help(format!("add `{except}` to `except`"))
            .suggest(peer.add_except(context, &except.to_string()))
    };
    if has_exceptions || cloud_dns { finding } else { finding.severity(Severity::Note) }
}
