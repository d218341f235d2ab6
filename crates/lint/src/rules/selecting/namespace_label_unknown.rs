//! # A label that no namespace has
//!
//! A `namespaceSelector` asks for a label that no namespace of the input has. The classic is `name: kube-system`: no namespace has
//! a label `name` unless somebody gives it one. All have `kubernetes.io/metadata.name` (since Kubernetes 1.22).
//!
//! ## Why is this bad?
//!
//! The peer names nobody, so whom it was written for is refused. With the DNS it is the whole application that stops.
//!
//! ## Example
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: web}}
//!   ingress:
//!     - from:
//!         - namespaceSelector:
//!             matchLabels:
//!               name: monitoring
//! ---
//! apiVersion: v1
//! kind: Namespace
//! metadata: {name: monitoring}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop, labels: {app: web}}
//! spec: {containers: [{name: web, image: web}]}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: prometheus, namespace: monitoring, labels: {app: prometheus}}
//! spec: {containers: [{name: prometheus, image: prometheus}]}
//! ```
//!
//! ```text
//! error: no namespace has the label name=monitoring: monitoring has no label `name`
//!   10:15 matches no namespace
//!   12:1 without `name`
//!   help: the label that every namespace has is `kubernetes.io/metadata.name`
//! ```
//!
//! ```yaml fixed
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: web}}
//!   ingress:
//!     - from:
//!         - namespaceSelector:
//!             matchLabels:
//!               kubernetes.io/metadata.name: monitoring
//! ---
//! apiVersion: v1
//! kind: Namespace
//! metadata: {name: monitoring}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop, labels: {app: web}}
//! spec: {containers: [{name: web, image: web}]}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: prometheus, namespace: monitoring, labels: {app: prometheus}}
//! spec: {containers: [{name: prometheus, image: prometheus}]}
//! ```
//!
//! ```text
//! opened    monitoring/prometheus → shop/web all ports
//! ```
//!
//! Where the name is asked for already, the other label goes:
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
//!         - namespaceSelector:
//!             matchLabels:
//!               kubernetes.io/metadata.name: monitoring
//!               name: monitoring
//! ---
//! apiVersion: v1
//! kind: Namespace
//! metadata: {name: monitoring}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop, labels: {app: web}}
//! spec: {containers: [{name: web, image: web}]}
//! ```
//!
//! ```text
//! error: no namespace has the label name=monitoring: monitoring has no label `name`
//!   12:15 matches no namespace
//!   14:1 without `name`
//!   help: the label that every namespace has is `kubernetes.io/metadata.name`
//! ```
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
//!         - namespaceSelector:
//!             matchLabels:
//!               kubernetes.io/metadata.name: monitoring
//! ---
//! apiVersion: v1
//! kind: Namespace
//! metadata: {name: monitoring}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop, labels: {app: web}}
//! spec: {containers: [{name: web, image: web}]}
//! ```
//!
//! ```text
//! EQUAL  nothing changes: every connection is judged as before
//! ```
//!
//! It is a warning for `kube-system`, which inputs seldom state: some clusters have given it the label.
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: web}}
//!   egress:
//!     - to:
//!         - namespaceSelector: {matchLabels: {name: kube-system}}
//!           podSelector: {matchLabels: {k8s-app: kube-dns}}
//!       ports: [{port: 53, protocol: UDP}, {port: 53}]
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop, labels: {app: web}}
//! spec: {containers: [{name: web, image: web}]}
//! ```
//!
//! ```text
//! warning: no namespace has the label name=kube-system: kube-system has no label `name` of itself
//!   8:45 matches no namespace
//!   help: the label that every namespace has is `kubernetes.io/metadata.name`
//! ```
//!
//! A slip is one, too:
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: web}}
//!   ingress:
//!     - from:
//!         - namespaceSelector:
//!             matchLabels:
//!               team: opertions
//! ---
//! apiVersion: v1
//! kind: Namespace
//! metadata: {name: tools, labels: {team: operations}}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop, labels: {app: web}}
//! spec: {containers: [{name: web, image: web}]}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: chat, namespace: tools, labels: {app: chat}}
//! spec: {containers: [{name: chat, image: chat}]}
//! ```
//!
//! ```text
//! warning: no namespace of the input has the label team=opertions
//!   10:15 matches no namespace
//!   help: did you mean `team: operations`?
//! ```
//!
//! ```yaml fixed
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: web}}
//!   ingress:
//!     - from:
//!         - namespaceSelector:
//!             matchLabels:
//!               team: operations
//! ---
//! apiVersion: v1
//! kind: Namespace
//! metadata: {name: tools, labels: {team: operations}}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop, labels: {app: web}}
//! spec: {containers: [{name: web, image: web}]}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: chat, namespace: tools, labels: {app: chat}}
//! spec: {containers: [{name: chat, image: chat}]}
//! ```
//!
//! ```text
//! opened    tools/chat → shop/web all ports
//! ```
//!
//! The name of the namespace with the cluster DNS, misspelt:
//!
//! ```yaml fires
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: dns, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: web}}
//!   policyTypes: [Egress]
//!   egress:
//!     - to:
//!         - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kubesystem}}
//!       ports:
//!         - {port: 53, protocol: UDP}
//!         - {port: 53, protocol: TCP}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop, labels: {app: web}}
//! spec: {containers: [{name: web, image: web}]}
//! ```
//!
//! ```text
//! warning: no namespace of the input has the label kubernetes.io/metadata.name=kubesystem
//!   9:45 matches no namespace
//!   help: did you mean `kubernetes.io/metadata.name: kube-system`, where the cluster DNS is?
//! ```
//!
//! ## When it is silent
//!
//! Namespaces that match may be in another input: without a namespace of that name and a label that is like it, it is only
//! told where the facts about the cluster say that the input is `complete`.
//!
//! ```yaml silent
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: web, namespace: shop}
//! spec:
//!   podSelector: {matchLabels: {app: web}}
//!   ingress:
//!     - from:
//!         - namespaceSelector: {matchLabels: {purpose: production}}
//! ---
//! apiVersion: v1
//! kind: Namespace
//! metadata: {name: tools, labels: {team: operations}}
//! ```

use podfence_analysis::assumed::is_dns_namespace;
use podfence_model::{
    LabelSelector, Labels, METADATA_NAME, Namespace, NamespaceScope, NetworkPolicy, Operator, Origin, Peer,
    PeerKind, Requirement,
};
use podfence_source::{Edit, Severity, View};

use crate::context::{Context, label_view};
use crate::family::Family;
use crate::finding::Finding;
use crate::rule::{Check, Rule};
use crate::selectors::{Correction, correction, label_place};

pub(super) static RULE: Rule = Rule {
    code: "namespace-label-unknown",
    family: Family::Selecting,
    severity: Severity::Error,
    file: include_str!("namespace_label_unknown.rs"),
    check: Check::World(check),
};

/// Keys that people take for a namespace's name.
const NAMES: [&str; 7] = [
    "name",
    "namespace",
    "ns",
    "metadata.name",
    "kubernetes.io/name",
    "kubernetes.io/namespace",
    "app.kubernetes.io/name",
];

fn check(context: &Context<'_>) -> Vec<Finding> {
    let peers = context.rules().flat_map(|rule| rule.rule.peers.iter().map(move |peer| (rule.policy, peer)));
    peers.filter_map(|(policy, peer)| finding(context, policy, peer)).collect()
}

fn finding(context: &Context<'_>, policy: &NetworkPolicy, peer: &Peer) -> Option<Finding> {
    let PeerKind::Pods { namespaces: NamespaceScope::Matching(selector), .. } = &peer.kind else {
        return None;
    };
    let known = || context.world.namespaces.values().filter(|namespace| namespace.labels_known);
    if known().any(|namespace| selector.matches(&namespace.labels)) {
        return None;
    }
    let text = context.peer_field(peer, "namespaceSelector").map(|field| field.value);
    let named =
        selector.requirements().find_map(|requirement| Some((requirement, named(context, requirement)?)));
    if let Some((requirement, namespace)) = named {
        return Some(by_name(policy, (selector, requirement), namespace, text));
    }
    nowhere(context, policy, selector, text)
}

/// The namespace whose name a requirement has as its value, when no namespace has such a key.
fn named<'a>(context: &Context<'a>, requirement: &Requirement) -> Option<&'a Namespace> {
    let Operator::In(values) = &requirement.operator else { return None };
    let known =
        |value: &String| context.world.namespaces.get(value).filter(|namespace| namespace.labels_known);
    let all_known = requirement.key != METADATA_NAME && values.iter().all(|value| known(value).is_some());
    let in_use =
        context.world.namespaces.values().any(|namespace| namespace.labels.contains_key(&requirement.key));
    values.first().and_then(known).filter(|_| all_known && !in_use)
}

fn by_name(
    policy: &NetworkPolicy,
    (selector, requirement): (&LabelSelector, &Requirement),
    namespace: &Namespace,
    text: Option<View<'_, '_>>,
) -> Finding {
    let Requirement { key, .. } = requirement;
    let assumed = matches!(namespace.origin, Origin::Assumed(_));
    let of_itself = if assumed { " of itself" } else { "" };
    let message = format!(
        "no namespace has the label {requirement}: {} has no label `{key}`{of_itself}",
        namespace.name
    );
    let finding = Finding::about(&RULE, policy, message)
        .at(label_place(text, key), "matches no namespace")
        .at_object(&namespace.origin, format!("without `{key}`"))
        .help(format!("the label that every namespace has is `{METADATA_NAME}`"));
    let edits = match selector.requirements().find(|one| one.key == METADATA_NAME) {
        None => renamed(text, key),
        // The name is asked for already.
        Some(named) if named.operator == requirement.operator => without(text, key),
        Some(_) => None,
    };
    let finding = if NAMES.contains(&key.as_str()) { finding.fix(edits) } else { finding.suggest(edits) };
    if assumed { finding.severity(Severity::Warning) } else { finding }
}

/// Writes the label of the name in the place of another key.
fn renamed(selector: Option<View<'_, '_>>, key: &str) -> Option<Vec<Edit>> {
    let selector = selector?;
    if let Some(label) = selector.get(&["matchLabels"]).and_then(|labels| labels.field(key)) {
        return Some(vec![label.rename(METADATA_NAME)?]);
    }
    Some(vec![label_view(selector, key)?.get(&["key"])?.replace_scalar(METADATA_NAME)?])
}

/// Takes out a label.
fn without(selector: Option<View<'_, '_>>, key: &str) -> Option<Vec<Edit>> {
    Some(vec![selector?.get(&["matchLabels"])?.field(key)?.remove()?])
}

/// A label of no namespace: a slip, or the input is the whole cluster.
fn nowhere(
    context: &Context<'_>,
    policy: &NetworkPolicy,
    selector: &LabelSelector,
    text: Option<View<'_, '_>>,
) -> Option<Finding> {
    let known = context.world.namespaces.values().filter(|namespace| namespace.labels_known);
    let labels: Vec<&Labels> = known.map(|namespace| &namespace.labels).collect();
    let message = format!("no namespace of the input has the label {selector}");
    let finding = Finding::about(&RULE, policy, message).severity(Severity::Warning);
    let Some(correction) = correction(selector, &labels).filter(|correction| correction.plain) else {
        let place = text.map(|selector| selector.place());
        return context.knows_all_namespaces().then(|| finding.at(place, "matches no namespace"));
    };
    let finding = finding.at(label_place(text, correction.asked), "matches no namespace").help(format!(
        "did you mean `{}`{}?",
        correction.words(),
        where_dns_is(&correction)
    ));
    Some(finding.suggest(correction.edits(text)))
}

/// Names the cluster DNS where its namespace was meant: pods that cannot ask it connect to nobody by name.
fn where_dns_is(correction: &Correction<'_>) -> &'static str {
    if is_dns_namespace(&correction.value) { ", where the cluster DNS is" } else { "" }
}
