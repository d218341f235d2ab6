//! # An exception that excepts nobody
//!
//! A selector has `NotIn` or `DoesNotExist`, and no pod that it looks at has such a label, so the expression leaves nobody out.
//!
//! ## Why is this bad?
//!
//! Negative expressions match pods without the label. With a slip in the key or in the value, a policy that was to leave some
//! pods out has all of them.
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
//!         - podSelector:
//!             matchExpressions:
//!               - key: stage
//!                 operator: NotIn
//!                 values: [experiment]
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: db, namespace: shop, labels: {app: db}}
//! spec: {containers: [{name: db, image: db}]}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: trial, namespace: shop, labels: {app: trial, stage: experiments}}
//! spec: {containers: [{name: trial, image: trial}]}
//! ```
//!
//! ```text
//! warning: `stage not in (experiment)` leaves nobody out: every pod of shop meets it
//!   10:17 leaves nobody out
//!   help: did you mean `experiments` for `experiment`?
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
//!         - podSelector:
//!             matchExpressions:
//!               - key: stage
//!                 operator: NotIn
//!                 values: [experiments]
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: db, namespace: shop, labels: {app: db}}
//! spec: {containers: [{name: db, image: db}]}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: trial, namespace: shop, labels: {app: trial, stage: experiments}}
//! spec: {containers: [{name: trial, image: trial}]}
//! ```
//!
//! ```text
//! closed    all of shop → all of shop all ports
//! ```
//!
//! Without a label that is like it, it is a note: such pods may come.
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: quiet, namespace: shop}
//! spec:
//!   podSelector:
//!     matchExpressions:
//!       - {key: public, operator: DoesNotExist}
//!   policyTypes: [Ingress]
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: db, namespace: shop, labels: {app: db}}
//! spec: {containers: [{name: db, image: db}]}
//! ```
//!
//! ```text
//! note: `public does not exist` leaves nobody out: every pod of shop meets it
//!   7:9 leaves nobody out
//! ```
//!
//! ## When it is silent
//!
//! Some pod is left out, or the input does not state who lives in the namespace. Peers with a `namespaceSelector` are not looked
//! at, nor labels that controllers add.
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: quiet, namespace: shop}
//! spec:
//!   podSelector:
//!     matchExpressions:
//!       - {key: public, operator: DoesNotExist}
//!   policyTypes: [Ingress]
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop, labels: {app: web, public: "true"}}
//! spec: {containers: [{name: web, image: web}]}
//! ```

use std::collections::BTreeSet;

use podfence_model::{LabelSelector, NamespaceScope, NetworkPolicy, Operator, PeerKind, Requirement};
use podfence_source::{Edit, Severity, View};

use crate::context::{Context, label_view};
use crate::family::Family;
use crate::finding::Finding;
use crate::rule::{Check, Rule};
use crate::selectors::{is_given, slip};

pub(super) static RULE: Rule = Rule {
    code: "vacuous-expression",
    family: Family::Selecting,
    severity: Severity::Warning,
    file: include_str!("vacuous_expression.rs"),
    check: Check::World(check),
};

fn check(context: &Context<'_>) -> Vec<Finding> {
    let subjects = context.policies().flat_map(|policy| {
        let text = context.spec(policy).and_then(|spec| spec.get(&["podSelector"]));
        findings(context, policy, &policy.subject, text)
    });
    let peers = context.peers().flat_map(|(rule, peer)| match &peer.kind {
        PeerKind::Pods { namespaces: NamespaceScope::Own, pods } => {
            let text = context.peer_field(peer, "podSelector").map(|field| field.value);
            findings(context, rule.policy, pods, text)
        }
        PeerKind::Pods { .. } | PeerKind::Block(_) => Vec::new(),
    });
    subjects.chain(peers).collect()
}

fn findings(
    context: &Context<'_>,
    policy: &NetworkPolicy,
    selector: &LabelSelector,
    text: Option<View<'_, '_>>,
) -> Vec<Finding> {
    if !context.knows_pods_of(&policy.meta.id.namespace) {
        return Vec::new();
    }
    let negative = selector.requirements().filter(|requirement| {
        matches!(requirement.operator, Operator::NotIn(_) | Operator::DoesNotExist)
            && !is_given(&requirement.key)
    });
    negative.filter_map(|requirement| finding(context, policy, requirement, text)).collect()
}

fn finding(
    context: &Context<'_>,
    policy: &NetworkPolicy,
    requirement: &Requirement,
    text: Option<View<'_, '_>>,
) -> Option<Finding> {
    let namespace = &policy.meta.id.namespace;
    let pods = context.pods_in(namespace);
    let templates = context.world.workloads.values().filter(|workload| workload.id.namespace == *namespace);
    let labels = pods.iter().map(|pod| &pod.meta.labels).chain(templates.map(|w| &w.template.labels));
    let labels: BTreeSet<_> = labels.collect();
    if labels.iter().any(|labels| !requirement.matches(labels)) {
        return None;
    }
    let item = text.and_then(|text| label_view(text, &requirement.key));
    let message = format!("`{requirement}` leaves nobody out: every pod of {namespace} meets it");
    let finding =
        Finding::about(&RULE, policy, message).at(item.map(|item| item.place()), "leaves nobody out");
    let keys: BTreeSet<&str> = labels.iter().flat_map(|labels| labels.keys()).map(String::as_str).collect();
    let values = labels.iter().filter_map(|labels| labels.get(&requirement.key)).map(String::as_str);
    let values: BTreeSet<&str> = values.collect();
    Some(match meant(requirement, &keys, &values) {
        Some((field, wrong, right)) => finding
            .help(format!("did you mean `{right}` for `{wrong}`?"))
            .suggest(item.and_then(|item| edits(item, field, wrong, right))),
        None => finding.severity(Severity::Note),
    })
}

/// What was probably meant: the field of the expression, the word in it, and the word that pods have.
fn meant<'w>(
    requirement: &'w Requirement,
    keys: &BTreeSet<&'w str>,
    values: &BTreeSet<&'w str>,
) -> Option<(&'static str, &'w str, &'w str)> {
    if !keys.contains(requirement.key.as_str()) {
        return Some(("key", &requirement.key, slip(&requirement.key, keys.iter().copied())?));
    }
    let Operator::NotIn(excepted) = &requirement.operator else { return None };
    excepted.iter().find_map(|value| Some(("values", value.as_str(), slip(value, values.iter().copied())?)))
}

fn edits(item: View<'_, '_>, field: &str, wrong: &str, right: &str) -> Option<Vec<Edit>> {
    let value = item.get(&[field])?;
    let text = value.items().find(|one| one.text() == Some(wrong)).unwrap_or(value);
    Some(vec![text.replace_scalar(right)?])
}
