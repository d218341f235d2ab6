//! # An item that is in the list already
//!
//! A `from`, `to` or `ports` list has an item that another item of the list holds: the same once more, or a part of it.
//!
//! ## Why is this bad?
//!
//! It admits nothing new. Often it is a copy in which something was to be changed.
//!
//! ## Example
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: db, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: db}}
//!   ingress:
//!     - from:
//!         - podSelector: {matchLabels: {app: api}}
//!         - podSelector: {matchLabels: {app: api}}
//!       ports:
//!         - port: 5432
//!         - port: 5000
//!           endPort: 5999
//! ```
//!
//! ```text
//! note: this item admits nothing that another item of its list does not
//!   9:11 is in the list already
//!   8:11 here
//! note: this item admits nothing that another item of its list does not
//!   11:11 is in the list already
//!   12:11 here
//! ```
//!
//! ```yaml fixed
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: db, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: db}}
//!   ingress:
//!     - from:
//!         - podSelector: {matchLabels: {app: api}}
//!       ports:
//!         - port: 5000
//!           endPort: 5999
//! ```
//!
//! ## When it is silent
//!
//! Each item admits something that no other item of its list does.
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: db, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: db}}
//!   ingress:
//!     - from:
//!         - podSelector: {matchLabels: {app: api}}
//!         - podSelector: {matchLabels: {role: api}}
//!       ports:
//!         - port: 53
//!         - {port: 53, protocol: UDP}
//! ```

use podfence_model::{NetworkPolicy, Place};
use podfence_source::{Edit, Severity};

use crate::context::{Context, PolicyRule};
use crate::within::{peer_within, port_within};
use crate::family::Family;
use crate::finding::Finding;
use crate::rule::{Check, Rule};
use crate::siblings;

pub(super) static RULE: Rule = Rule {
    code: "duplicate-item",
    family: Family::Union,
    severity: Severity::Note,
    file: include_str!("duplicate_item.rs"),
    check: Check::World(check),
};

fn check(context: &Context<'_>) -> Vec<Finding> {
    context.rules().flat_map(|rule| findings(context, rule)).collect()
}

fn findings<'a>(context: &Context<'a>, stated: PolicyRule<'a>) -> Vec<Finding> {
    let PolicyRule { policy, rule, .. } = stated;
    let home = &policy.meta.id.namespace;
    let peers = held(&rule.peers, |narrow, wide| peer_within(home, narrow, wide));
    // Of a pair that `and-or` speaks of, nobody knows what it means.
    let peers = peers.into_iter().filter(|(peer, _)| !siblings::has(context, stated, peer));
    let peers = peers.map(|(peer, holder)| (&peer.place, &holder.place));
    let ports = held(&rule.ports, port_within);
    let ports = ports.into_iter().map(|(item, holder)| (&item.place, &holder.place));
    peers
        .chain(ports)
        .map(|(item, holder)| finding(context, policy, item.as_ref(), holder.as_ref()))
        .collect()
}

/// The items that another one holds, with that other; of equal ones all but the first.
fn held<T>(items: &[T], within: impl Fn(&T, &T) -> bool) -> Vec<(&T, &T)> {
    let holder = |(index, item): (usize, &'_ T)| {
        let mut others = items.iter().enumerate().filter(|(other, _)| *other != index);
        let found =
            others.find(|(other, wide)| within(item, wide) && (*other < index || !within(wide, item)));
        found.map(|(other, _)| (index, other))
    };
    let found = items.iter().enumerate().filter_map(holder);
    found.map(|(index, other)| (&items[index], &items[other])).collect()
}

fn finding(
    context: &Context<'_>,
    policy: &NetworkPolicy,
    item: Option<&Place>,
    holder: Option<&Place>,
) -> Finding {
    Finding::about(&RULE, policy, "this item admits nothing that another item of its list does not")
        .at(item.cloned(), "is in the list already")
        .at(holder.cloned(), "here")
        .fix(edits(context, item))
}

fn edits(context: &Context<'_>, item: Option<&Place>) -> Option<Vec<Edit>> {
    Some(vec![context.view(item)?.remove_item()?])
}
