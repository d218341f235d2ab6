//! # A policy that does not say its namespace
//!
//! A policy has no `metadata.namespace`, while other objects of the same input have one.
//!
//! ## Why is this bad?
//!
//! The policy goes to the namespace that whoever applies it happens to be in: `default`, as a rule. It selects the pods of that
//! namespace only, and its `podSelector` peers look there, too.
//!
//! ## Example
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata:
//!   name: deny-all-ingress
//! spec:
//!   podSelector: {}
//!   policyTypes: [Ingress]
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop, labels: {app: web}}
//! spec: {containers: [{name: web, image: web}]}
//! ```
//!
//! ```text
//! warning: no namespace is stated: this goes wherever it is applied, and is read as one of default
//!   3:1 no `namespace`
//!   help: add `namespace:`; the pods of this input live in shop
//! ```
//!
//! ```yaml fixed
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata:
//!   name: deny-all-ingress
//!   namespace: shop
//! spec:
//!   podSelector: {}
//!   policyTypes: [Ingress]
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop, labels: {app: web}}
//! spec: {containers: [{name: web, image: web}]}
//! ```
//!
//! ```text
//! closed    everybody → every pod all ports
//! ```
//!
//! It is a note where pods live in the namespace that the policy is taken to be in:
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: deny-all-ingress}
//! spec: {podSelector: {}, policyTypes: [Ingress]}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: batch, labels: {app: batch}}
//! spec: {containers: [{name: batch, image: batch}]}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop, labels: {app: web}}
//! spec: {containers: [{name: web, image: web}]}
//! ```
//!
//! ```text
//! note: no namespace is stated: this goes wherever it is applied, and is read as one of default
//!   3:1 no `namespace`
//!   help: add `namespace:`; the pods of this input live in shop
//! ```
//!
//! ## When it is silent
//!
//! - No object of the input states a namespace: it is chosen when they are applied, and the same for all.
//! - `wrong-namespace` knows which one was meant.
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: deny-all-ingress}
//! spec: {podSelector: {}, policyTypes: [Ingress]}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, labels: {app: web}}
//! spec: {containers: [{name: web, image: web}]}
//! ```

use std::collections::BTreeSet;

use podfence_model::{NetworkPolicy, Origin};
use podfence_source::{Edit, Severity};

use super::wrong_namespace::{is_empty, meant, states_namespace};
use crate::context::{Context, place_of};
use crate::family::Family;
use crate::finding::Finding;
use crate::rule::{Check, Rule};
use crate::words;

pub(super) static RULE: Rule = Rule {
    code: "namespace-missing",
    family: Family::Selecting,
    severity: Severity::Warning,
    file: include_str!("namespace_missing.rs"),
    check: Check::World(check),
};

fn check(context: &Context<'_>) -> Vec<Finding> {
    let unsaid = |policy: &&NetworkPolicy| !states_namespace(context, policy);
    let found = context.policies().filter(unsaid).filter(|policy| meant(context, policy).is_none());
    found.filter_map(|policy| finding(context, policy)).collect()
}

fn finding(context: &Context<'_>, policy: &NetworkPolicy) -> Option<Finding> {
    let home = &policy.meta.id.namespace;
    let others = inhabited(context, home);
    if others.is_empty() {
        return None;
    }
    let metadata =
        context.object(&policy.meta.origin).and_then(|object| Some(object.field("metadata")?.key_place()));
    let place = metadata.or_else(|| place_of(&policy.meta.origin).cloned());
    let message =
        format!("no namespace is stated: this goes wherever it is applied, and is read as one of {home}");
    let names: Vec<String> = others.iter().map(|name| (*name).to_owned()).collect();
    let finding = Finding::about(&RULE, policy, message)
        .at(place, "no `namespace`")
        .help(format!("add `namespace:`; the pods of this input live in {}", words::list(&names)));
    Some(if is_empty(context, home) {
        finding.suggest(edits(context, policy, &others))
    } else {
        finding.severity(Severity::Note)
    })
}

/// The other namespaces that the input states pods in.
fn inhabited<'a>(context: &Context<'a>, home: &str) -> BTreeSet<&'a str> {
    let stated = context.pods().filter(|pod| !matches!(pod.meta.origin, Origin::Assumed(_)));
    stated.map(|pod| pod.meta.id.namespace.as_str()).filter(|namespace| *namespace != home).collect()
}

fn edits(context: &Context<'_>, policy: &NetworkPolicy, others: &BTreeSet<&str>) -> Option<Vec<Edit>> {
    let only = others.first().filter(|_| others.len() == 1)?;
    let metadata = context.object(&policy.meta.origin)?.get(&["metadata"])?;
    Some(vec![metadata.add_field(&format!("namespace: {only}"))?])
}
