//! # A policy in another namespace than its pods
//!
//! A policy's `podSelector` matches no pod of the policy's namespace, but pods of another one. A policy only ever selects pods of
//! its own namespace.
//!
//! ## Why is this bad?
//!
//! The policy does nothing: the pods that it was written for are as open as without it. Often it stands where the clients are
//! instead of where the server is, or nobody wrote a namespace and it went to `default`.
//!
//! ## Example
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata:
//!   name: web
//!   namespace: monitoring
//! spec:
//!   podSelector:
//!     matchLabels:
//!       app: web
//!   policyTypes: [Ingress]
//!   ingress:
//!     - from:
//!         - namespaceSelector:
//!             matchLabels:
//!               kubernetes.io/metadata.name: monitoring
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: prometheus, namespace: monitoring, labels: {app: prometheus}}
//! spec: {containers: [{name: prometheus, image: prometheus}]}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop, labels: {app: web}}
//! spec: {containers: [{name: web, image: web}]}
//! ```
//!
//! ```text
//! error: this selects no pod: monitoring has none with app=web, but shop has
//!   7:3 matches 1 pod (web) of shop only
//!   help: a policy selects pods of its own namespace: put it into shop
//! ```
//!
//! Put it where the pods are:
//!
//! ```yaml fixed
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata:
//!   name: web
//!   namespace: shop
//! spec:
//!   podSelector:
//!     matchLabels:
//!       app: web
//!   policyTypes: [Ingress]
//!   ingress:
//!     - from:
//!         - namespaceSelector:
//!             matchLabels:
//!               kubernetes.io/metadata.name: monitoring
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: prometheus, namespace: monitoring, labels: {app: prometheus}}
//! spec: {containers: [{name: prometheus, image: prometheus}]}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop, labels: {app: web}}
//! spec: {containers: [{name: web, image: web}]}
//! ```
//!
//! ```text
//! closed    outside, kube-system/deploy/coredns → shop/web all ports
//! ```
//!
//! Without a namespace, and where the input has no pods in the namespace that it goes to:
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata:
//!   name: web
//! spec:
//!   podSelector:
//!     matchLabels:
//!       app: web
//!   policyTypes: [Ingress]
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop, labels: {app: web}}
//! spec: {containers: [{name: web, image: web}]}
//! ```
//!
//! ```text
//! warning: this selects no pod: default has none with app=web, but shop has
//!   6:3 matches 1 pod (web) of shop only
//!   help: a policy selects pods of its own namespace: put it into shop
//! ```
//!
//! ```yaml fixed
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata:
//!   name: web
//!   namespace: shop
//! spec:
//!   podSelector:
//!     matchLabels:
//!       app: web
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
//! In `default`, where nobody lives:
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: default}
//! spec:
//!   podSelector: {matchLabels: {app: web}}
//!   policyTypes: [Ingress]
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop, labels: {app: web}}
//! spec: {containers: [{name: web, image: web}]}
//! ```
//!
//! ```text
//! warning: this selects no pod: default has none with app=web, but shop has
//!   5:3 matches 1 pod (web) of shop only
//!   help: a policy selects pods of its own namespace: put it into shop
//! ```
//!
//! ## When it is silent
//!
//! - Pods of several other namespaces match: which one was meant cannot be known; `selects-no-pods` speaks if no pod matches.
//! - The policy states its namespace, and no input states who lives there. But `default` is where all goes that was applied without
//!   a namespace, so of that it speaks, with a warning.
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: staging}
//! spec:
//!   podSelector: {matchLabels: {app: web}}
//!   policyTypes: [Ingress]
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop, labels: {app: web}}
//! spec: {containers: [{name: web, image: web}]}
//! ```

use podfence_model::{Labels, NetworkPolicy, Origin, Pod};
use podfence_source::{Edit, Severity};

use crate::context::Context;
use crate::family::Family;
use crate::finding::Finding;
use crate::rule::{Check, Rule};
use crate::selectors::{correction, is_given, matches_nothing};
use crate::words;

pub(super) static RULE: Rule = Rule {
    code: "wrong-namespace",
    family: Family::Selecting,
    severity: Severity::Error,
    file: include_str!("wrong_namespace.rs"),
    check: Check::World(check),
};

fn check(context: &Context<'_>) -> Vec<Finding> {
    let found = context.policies().filter_map(|policy| Some((policy, meant(context, policy)?)));
    found.map(|(policy, namespace)| finding(context, policy, namespace)).collect()
}

/// The one other namespace whose pods a policy would select, when it selects none of its own.
pub(super) fn meant<'a>(context: &Context<'a>, policy: &NetworkPolicy) -> Option<&'a str> {
    if policy.subject.is_everything() || policy.subject.requirements().any(|r| is_given(&r.key)) {
        return None;
    }
    let home = &policy.meta.id.namespace;
    let here: Vec<&Labels> = context.pods_in(home).iter().map(|pod| &pod.meta.labels).collect();
    let idle = if here.is_empty() {
        is_empty(context, home) && is_unchosen(context, policy)
    } else {
        matches_nothing(context, home, &policy.subject) && correction(&policy.subject, &here).is_none()
    };
    idle.then(|| only_other(context, policy))?
}

/// The namespace of all stated pods that match, if it is one.
fn only_other<'a>(context: &Context<'a>, policy: &NetworkPolicy) -> Option<&'a str> {
    let stated = |pod: &&Pod| !matches!(pod.meta.origin, Origin::Assumed(_));
    let matching = context.pods().filter(|pod| policy.subject.matches(&pod.meta.labels)).filter(stated);
    let mut namespaces: Vec<&str> = matching.map(|pod| pod.meta.id.namespace.as_str()).collect();
    namespaces.dedup();
    match namespaces[..] {
        [only] => Some(only),
        _ => None,
    }
}

/// Whether the input has nothing in a namespace that pods could come from.
pub(super) fn is_empty(context: &Context<'_>, namespace: &str) -> bool {
    context.pods_in(namespace).is_empty()
        && !context.world.workloads.keys().any(|id| id.namespace == namespace)
        && !context.world.unknown.iter().any(|object| [namespace, ""].contains(&object.id.namespace.as_str()))
}

/// Whether a policy's text says in which namespace it is; one from a live cluster always does.
pub(super) fn states_namespace(context: &Context<'_>, policy: &NetworkPolicy) -> bool {
    let text = context.object(&policy.meta.origin);
    text.is_none_or(|object| object.get(&["metadata", "namespace"]).is_some())
}

/// Whether nobody may have chosen a policy's namespace: it states none, or the one of all that states none.
fn is_unchosen(context: &Context<'_>, policy: &NetworkPolicy) -> bool {
    policy.meta.id.namespace == "default" || !states_namespace(context, policy)
}

fn finding(context: &Context<'_>, policy: &NetworkPolicy, namespace: &str) -> Finding {
    let home = &policy.meta.id.namespace;
    let pods = context.matching(namespace, &policy.subject);
    let message =
        format!("this selects no pod: {home} has none with {}, but {namespace} has", policy.subject);
    let finding = Finding::about(&RULE, policy, message)
        .at(context.subject_place(policy), format!("matches {} of {namespace} only", words::pods(pods)))
        .help(format!("a policy selects pods of its own namespace: put it into {namespace}"))
        .suggest(edits(context, policy, namespace));
    let is_sure = states_namespace(context, policy) && !context.pods_in(home).is_empty();
    if is_sure { finding } else { finding.severity(Severity::Warning) }
}

fn edits(context: &Context<'_>, policy: &NetworkPolicy, namespace: &str) -> Option<Vec<Edit>> {
    let metadata = context.object(&policy.meta.origin)?.get(&["metadata"])?;
    let edit = match metadata.get(&["namespace"]) {
        Some(stated) => stated.replace_scalar(namespace)?,
        None => metadata.add_field(&format!("namespace: {namespace}"))?,
    };
    Some(vec![edit])
}
