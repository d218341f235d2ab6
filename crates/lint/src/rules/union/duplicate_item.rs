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
//! ```text
//! EQUAL  nothing changes: every connection is judged as before
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

use podfence_model::Direction;
use podfence_source::Severity;

use crate::context::{Context, PolicyRule};
use crate::family::Family;
use crate::finding::Finding;
use crate::rule::{Check, Rule};
use crate::siblings;
use crate::within::{peer_within, port_within};

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

/// An item and another one of its list that holds it, by their numbers.
type Held = (usize, usize);

fn findings<'a>(context: &Context<'a>, stated: PolicyRule<'a>) -> Vec<Finding> {
    let PolicyRule { policy, rule, direction } = stated;
    let home = &policy.meta.id.namespace;
    let from = if direction == Direction::Ingress { "from" } else { "to" };
    let peers = held(&rule.peers, |narrow, wide| peer_within(home, narrow, wide));
    // Of a pair that `and-or` speaks of, nobody knows what it means.
    let peers = peers.into_iter().filter(|(item, _)| !siblings::has(context, stated, &rule.peers[*item]));
    let peers = peers.map(|held| (from, held));
    let ports = held(&rule.ports, port_within).into_iter().map(|held| ("ports", held));
    peers.chain(ports).map(|(list, held)| finding(context, stated, list, held)).collect()
}

/// The items that another one holds; of equal ones all but the first.
fn held<T>(items: &[T], within: impl Fn(&T, &T) -> bool) -> Vec<Held> {
    let holder = |(index, item)| {
        let mut others = items.iter().enumerate().filter(|(other, _)| *other != index);
        let found =
            others.find(|(other, wide)| within(item, wide) && (*other < index || !within(wide, item)));
        found.map(|(other, _)| (index, other))
    };
    items.iter().enumerate().filter_map(holder).collect()
}

fn finding(context: &Context<'_>, stated: PolicyRule<'_>, list: &str, (item, holder): Held) -> Finding {
    let list = context.view(stated.rule.place.as_ref()).and_then(|rule| rule.get(&[list]));
    let place = |index| Some(list?.items().nth(index)?.place());
    Finding::about(&RULE, stated.policy, "this item admits nothing that another item of its list does not")
        .at(place(item), "is in the list already")
        .at(place(holder), "here")
        .fix(list.and_then(|list| Some(vec![list.remove_item(item)?])))
}
