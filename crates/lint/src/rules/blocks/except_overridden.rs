//! # An exception that another rule takes back
//!
//! An address range in the `except` of one block is admitted by another block, for the same pods and ports.
//!
//! ## Why is this bad?
//!
//! `except` forbids nothing: it only narrows the block that it stands in. Peers, rules and policies add up, so that two blocks
//! with an exception each admit both ranges that were to be kept out.
//!
//! ## Example
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {}
//!   policyTypes: [Egress]
//!   egress:
//!     - to:
//!         - ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8]}
//!         - ipBlock: {cidr: 0.0.0.0/0, except: [169.254.0.0/16]}
//! ```
//!
//! ```text
//! warning: this exception keeps nobody out: another block admits 10.0.0.0/8
//!   9:47 not kept out
//!   10:27 admits it
//!   help: an `except` narrows its own block only: put all exceptions into one block
//! warning: this exception keeps nobody out: another block admits 169.254.0.0/16
//!   10:47 not kept out
//!   9:27 admits it
//!   help: an `except` narrows its own block only: put all exceptions into one block
//! ```
//!
//! One block with both exceptions keeps both out:
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {}
//!   policyTypes: [Egress]
//!   egress:
//!     - to:
//!         - ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8, 169.254.0.0/16]}
//! ```
//!
//! ## When it is silent
//!
//! The other rule admits only part of the range, or fewer ports, or is for some of the pods only: that is how a general rule
//! gets its special cases.
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {}
//!   policyTypes: [Egress]
//!   egress:
//!     - to:
//!         - ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8]}
//!     - to:
//!         - ipBlock: {cidr: 10.1.2.3/32}
//!     - to:
//!         - ipBlock: {cidr: 10.0.0.0/8}
//!       ports:
//!         - port: 5432
//! ```

use std::collections::BTreeMap;

use podfence_analysis::AddressSet;
use podfence_model::{Cidr, Direction, PortSet, PortSpec};
use podfence_source::Severity;

use crate::blocks::{BlockPeer, of_rule};
use crate::context::Context;
use crate::family::Family;
use crate::finding::Finding;
use crate::isolated::{Isolated, isolated, numbered_ports};
use crate::rule::{Check, Rule};

pub(super) static RULE: Rule = Rule {
    code: "except-overridden",
    family: Family::Blocks,
    severity: Severity::Warning,
    file: include_str!("except_overridden.rs"),
    check: Check::World(check),
};

/// A block, what it holds, and on which ports.
struct Admitted<'a> {
    peer: BlockPeer<'a>,
    addresses: AddressSet,
    ports: PortSet,
}

/// An exception, and in each group that it stands in the block that takes it back.
struct Exception<'a> {
    peer: BlockPeer<'a>,
    except: Cidr,
    taken_back: Vec<Option<BlockPeer<'a>>>,
}

fn check(context: &Context<'_>) -> Vec<Finding> {
    let mut exceptions = BTreeMap::new();
    for group in Direction::BOTH.into_iter().flat_map(|direction| isolated(context, direction)) {
        if !group.pods.is_empty() || group.policies.len() == 1 {
            collect(group, &mut exceptions);
        } else {
            // Who has more than one of them is not known.
            for policy in &group.policies {
                let alone =
                    Isolated { policies: vec![*policy], pods: Vec::new(), direction: group.direction };
                collect(&alone, &mut exceptions);
            }
        }
    }
    exceptions.into_values().filter_map(|exception| finding(context, &exception)).collect()
}

/// Tells exceptions apart, whichever group they are met in.
type Key = (usize, Cidr);

fn collect<'a>(group: &Isolated<'a>, exceptions: &mut BTreeMap<Key, Exception<'a>>) {
    let admitted = |peer: BlockPeer<'a>| Admitted {
        peer,
        addresses: AddressSet::from(peer.block),
        ports: numbered_ports(peer.rule.rule),
    };
    let blocks: Vec<Admitted<'a>> = group.rules().flat_map(of_rule).map(admitted).collect();
    for block in blocks.iter().filter(|block| !names_ports(block.peer)) {
        for except in block.peer.block.except() {
            let key = (std::ptr::from_ref(block.peer.peer).addr(), *except);
            let entry = exceptions.entry(key).or_insert_with(|| Exception {
                peer: block.peer,
                except: *except,
                taken_back: Vec::new(),
            });
            entry.taken_back.push(taken_back(&blocks, block, *except));
        }
    }
}

fn names_ports(peer: BlockPeer<'_>) -> bool {
    peer.rule.rule.ports.iter().any(|item| matches!(item.ports, PortSpec::Named(_)))
}

/// One of the other blocks that together admit an exception on all ports of its own.
fn taken_back<'a>(blocks: &[Admitted<'a>], own: &Admitted<'a>, except: Cidr) -> Option<BlockPeer<'a>> {
    let except = AddressSet::from_iter([except]);
    let takes = |other: &&Admitted<'a>| {
        !std::ptr::eq(other.peer.peer, own.peer.peer)
            && other.ports.covers(&own.ports)
            && !other.addresses.intersection(&except).is_empty()
    };
    let mut others = blocks.iter().filter(takes);
    let first = others.next()?;
    let together = others.fold(first.addresses.clone(), |all, other| all.union(&other.addresses));
    together.covers(&except).then_some(first.peer)
}

fn finding(context: &Context<'_>, exception: &Exception<'_>) -> Option<Finding> {
    let Exception { peer, except, taken_back } = exception;
    let other = (*taken_back.first()?)?;
    if taken_back.iter().any(Option::is_none) {
        return None;
    }
    let policy = peer.rule.policy;
    let whose = if std::ptr::eq(policy, other.rule.policy) {
        "another block".to_owned()
    } else {
        format!("policy {}", other.rule.policy.meta.id)
    };
    let message = format!("this exception keeps nobody out: {whose} admits {except}");
    Some(
        Finding::about(&RULE, policy, message)
            .at(peer.except_place(context, *except), "not kept out")
            .at(other.cidr_place(context), "admits it")
            .help("an `except` narrows its own block only: put all exceptions into one block"),
    )
}
