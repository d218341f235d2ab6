//! # A pod that no policy selects
//!
//! Policies isolate some pods of a namespace in a direction, and no policy isolates this one.
//!
//! ## Why is this bad?
//!
//! It may talk to everybody, or everybody to it. Beside pods that are isolated it was probably forgotten.
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
//! note: no policy isolates Pod shop/db for ingress, as they do others of its namespace
//!   13:1 open for ingress
//!   help: select it, or isolate all pods
//! ```
//!
//! ## When it is silent
//!
//! - No pod of the namespace is isolated: `no-default-deny` says it once.
//! - The pod is on the host's network, where policies have no effect.
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: web}}
//!   policyTypes: [Ingress]
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop, labels: {app: web}}
//! spec: {containers: [{name: web, image: web}]}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: agent, namespace: shop, labels: {app: agent}}
//! spec: {hostNetwork: true, containers: [{name: agent, image: agent}]}
//! ```

use std::collections::BTreeMap;

use podfence_model::{Direction, Kind, ObjectRef, Pod};
use podfence_source::Severity;

use crate::context::Context;
use crate::cover::{Cover, covers};
use crate::family::Family;
use crate::finding::Finding;
use crate::rule::{Check, Rule};
use crate::words;

pub(super) static RULE: Rule = Rule {
    code: "unprotected-pod",
    family: Family::Platform,
    severity: Severity::Note,
    file: include_str!("unprotected_pod.rs"),
    check: Check::World(check),
};

fn check(context: &Context<'_>) -> Vec<Finding> {
    covers(context).iter().flat_map(forgotten).collect()
}

/// Pods by what makes them.
type Makers<'a> = BTreeMap<ObjectRef, (&'a Pod, Vec<Direction>)>;

fn forgotten(cover: &Cover<'_>) -> Vec<Finding> {
    let mut makers: Makers<'_> = BTreeMap::new();
    for direction in Direction::BOTH.into_iter().rev() {
        for pod in cover.forgotten(direction) {
            let directions = &mut makers.entry(maker(pod)).or_insert((pod, Vec::new())).1;
            if !directions.contains(&direction) {
                directions.push(direction);
            }
        }
    }
    makers.into_iter().map(|(maker, (pod, directions))| finding(maker, pod, &directions)).collect()
}

fn maker(pod: &Pod) -> ObjectRef {
    let id = &pod.meta.id;
    let itself = || ObjectRef { kind: Kind::Pod, namespace: id.namespace.clone(), name: id.name.clone() };
    pod.workload.clone().unwrap_or_else(itself)
}

fn finding(maker: ObjectRef, pod: &Pod, directions: &[Direction]) -> Finding {
    let names: Vec<String> = directions.iter().map(ToString::to_string).collect();
    let directions = words::list(&names);
    let message = format!("no policy isolates {maker} for {directions}, as they do others of its namespace");
    let label = format!("open for {directions}");
    Finding::new(&RULE, maker, message)
        .at_object(&pod.meta.origin, label)
        .help("select it, or isolate all pods")
}
